"""Does the value order nodes as a search would? Agreement with a breadth-first oracle.

The oracle knows the graph: among the candidates after k thoughts it prefers a node the closer it is to the target, and
puts those that cannot reach it last. Agreement is the share of pairs of candidates of one problem, among those that the
oracle tells apart, that the value puts in the same order (ties count half): 1 is the oracle, one half is chance.
"Top 1 is correct" is the share of problems whose best candidate can reach the target; its chance level is the mean
share of correct candidates (.65 at depth 1 and .48 at depth 2 of the official test set), computed here from the data.
The mean mass of the candidates is in the table; points where it is below .05, or n below 10, are not drawn.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import by_k, drawn_from, framed
from analyses.drawing.palette import LIGHT
from analyses.figures.commitment import LEAST_MASS
from analyses.readings.intervals import bootstrap_mean, wilson
from analyses.readings.study import NO_CANDIDATES, Study
from coconut_core.errors import InputError


@dataclass(frozen=True)
class SearchOrder:
    """Agreement and hits of every subject; NaN where a problem has nothing to tell apart at that k."""

    labels: tuple[str, ...]
    ks: tuple[int, ...]
    agreement: Float[np.ndarray, "subject problem k"]
    hit: Float[np.ndarray, "subject problem k"]
    """1 where the candidate with the greatest value can reach the target."""
    chance: Float[np.ndarray, "problem k"]
    """Share of correct candidates."""
    mass: Float[np.ndarray, "subject problem k"]
    """Sum of the candidates' values."""

    def frame(self) -> pd.DataFrame:
        """One row a subject and k: n and mean of both measures with their intervals, and the chance of a hit."""
        rows = []
        for subject, label in enumerate(self.labels):
            for at, k in enumerate(self.ks):
                agreement, hit = self.agreement[subject, :, at], self.hit[subject, :, at]
                pairs, n = int((~np.isnan(agreement)).sum()), int((~np.isnan(hit)).sum())
                if not n:
                    continue
                low, high = bootstrap_mean(agreement)
                hits = int(np.nansum(hit))
                row = {"subject": label, "k": k, "n_pairs": pairs, "n": n, "top_1_correct": hits / n}
                row["top_1_low"], row["top_1_high"] = wilson(hits, n)
                row |= {"agreement": np.nanmean(agreement) if pairs else np.nan, "low": low, "high": high}
                there = ~np.isnan(hit)
                row["mass"] = self.mass[subject, there, at].mean()
                rows.append(row | {"chance": np.nanmean(self.chance[:, at])})
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Both measures against k, a line a subject, with chance."""
        frame = self.frame()
        titles = ["best candidate reaches the target", "pairs in the oracle's order"]
        grid = make_subplots(1, 2, column_titles=titles, horizontal_spacing=0.1)
        subjects = list(dict.fromkeys(frame["subject"]))
        least = drawn_from(len(self.chance))
        told = frame[(frame["mass"] >= LEAST_MASS) & (frame["n"] >= least)]
        hits = told.assign(low=told["top_1_low"], high=told["top_1_high"])
        by_k(grid, hits, "top_1_correct", subjects=subjects, row=1, col=1)
        pairs = told[told["n_pairs"] >= least]
        by_k(grid, pairs, "agreement", subjects=subjects, row=1, col=2, legend=False)
        own = frame[frame["subject"] == self.labels[0]]
        dashed = {"mode": "lines", "line": {"color": LIGHT.faint, "dash": "dash"}, "name": "chance"}
        grid.add_scatter(x=own["k"], y=own["chance"], **dashed, row=1, col=1)
        grid.add_scatter(x=own["k"], y=[0.5] * len(own), **dashed, showlegend=False, row=1, col=2)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_xaxes(title_text="thoughts k", dtick=1)
        grid.update_yaxes(title_text="share of problems", row=1, col=1)
        grid.update_yaxes(title_text="share of pairs, mean over problems", row=1, col=2)
        counts = ", ".join(f"{n}/{p}" for n, p in zip(own["n"], own["n_pairs"], strict=True))
        note = f"n left/right at k = {own['k'].iloc[0]}, ...: {counts}; drawn from a mass of {LEAST_MASS} on"
        return framed(grid, "Does the value order nodes as a search would?", note, height=470, legend=2)

    def caption(self) -> str:
        """Top 1 against chance."""
        own = self.frame()
        own = own[own["subject"] == self.labels[0]]
        parts = [
            f"{row['top_1_correct']:.0%} at k = {row['k']} (chance {row['chance']:.0%})"
            for _, row in own[:4].iterrows()
        ]
        return f"The best candidate reaches the target in {', '.join(parts)}."


def search_order(study: Study) -> SearchOrder:
    """Agreement of every subject of a study with the oracle."""
    ks = study.values(study.model).ks
    far = 1_000_000
    distance = []
    for problem in study.problems:
        to_target = dict(nx.single_target_shortest_path_length(problem.graph, problem.target))
        distance.append(np.array([to_target.get(node, far) for node in range(len(problem.names))]))
    shape = (len(study.subjects), len(study.problems), len(ks))
    agreement, hit, chance = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape[1:], np.nan)
    for s, subject in enumerate(study.subjects):
        values = study.values(subject)
        for p in range(shape[1]):
            for at in range(shape[2]):
                nodes = np.flatnonzero(values.candidates[p, at])
                if not len(nodes):
                    continue
                value, steps = values.value[p, at, nodes], distance[p][nodes]
                correct = steps < far
                chance[p, at] = correct.mean()
                hit[s, p, at] = correct[value.argmax()]
                nearer = steps[:, None] < steps[None, :]
                if nearer.any():
                    above = (value[:, None] > value[None, :]) + 0.5 * (value[:, None] == value[None, :])
                    agreement[s, p, at] = above[nearer].mean()
    if np.isnan(hit).all():
        raise InputError(NO_CANDIDATES)
    masses = np.stack([study.values(subject).candidate_mass for subject in study.subjects])
    return SearchOrder(tuple(subject.label for subject in study.subjects), ks, agreement, hit, chance, masses)
