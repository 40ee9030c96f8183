"""Does the value order nodes as a search would? Agreement with a breadth-first oracle.

The oracle knows the graph: it orders the candidates after k thoughts by their distance to the target, the nearest
first and those that cannot reach it last. Agreement is the share of pairs of candidates of one problem that the value
puts in the oracle's order, among the pairs that the oracle orders; equal values count half. It is 1 for the oracle and
one half by chance. "Top 1 correct" is the share of problems whose candidate with the greatest value can reach the
target; its chance level is the mean share of correct candidates, computed from these problems. The mean mass of the
candidates is in the table; points where it is below .05, or n below 10, are not drawn.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import LEAST_MASS, by_k, drawn_from, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import bootstrap_mean, wilson
from analyses.readings.study import NO_CANDIDATES, Study
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem


@dataclass(frozen=True)
class SearchOrder:
    """Agreement and hits of every subject; NaN where a problem has no pair to order, or no candidate, at that k."""

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
        """One row for each subject and k: n and mean of both measures with their intervals, and the chance of a hit."""
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
        """Both measures against k, a line for each subject, with chance."""
        frame = self.frame()
        titles = ["best candidate reaches the target", "pairs in the oracle's order"]
        grid = make_subplots(1, 2, column_titles=titles, horizontal_spacing=0.1)
        subjects = list(dict.fromkeys(frame["subject"]))
        least = drawn_from(len(self.chance))
        drawn = frame[(frame["mass"] >= LEAST_MASS) & (frame["n"] >= least)]
        hits = drawn.assign(low=drawn["top_1_low"], high=drawn["top_1_high"])
        by_k(grid, hits, "top_1_correct", subjects=subjects, row=1, col=1)
        pairs = drawn[drawn["n_pairs"] >= least]
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
        """How often the best candidate is correct, beside chance."""
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
    shape = (len(study.subjects), len(study.problems), len(ks))
    agreement, hit, chance = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape[1:], np.nan)
    distances = [_to_target(problem) for problem in study.problems]
    for s, subject in enumerate(study.subjects):
        values = study.values(subject)
        for p, at in np.ndindex(shape[1:]):
            nodes = np.flatnonzero(values.candidates[p, at])
            if len(nodes):
                value, distance = values.value[p, at, nodes], distances[p][nodes]
                correct = np.isfinite(distance)
                chance[p, at], hit[s, p, at] = correct.mean(), correct[value.argmax()]
                agreement[s, p, at] = _agreement(value, distance)
    if np.isnan(hit).all():
        raise InputError(NO_CANDIDATES)
    masses = np.stack([study.values(subject).candidate_mass for subject in study.subjects])
    return SearchOrder(tuple(subject.label for subject in study.subjects), ks, agreement, hit, chance, masses)


def _to_target(problem: GraphProblem) -> Float[np.ndarray, "node"]:
    """Edges from each node to the target; infinity where no way leads there."""
    found = dict(nx.single_target_shortest_path_length(problem.graph, problem.target))
    return np.array([found.get(node, np.inf) for node in range(len(problem.names))], float)


def _agreement(value: Float[np.ndarray, "candidate"], distance: Float[np.ndarray, "candidate"]) -> float:
    """Share of the pairs of unequal distance in which the nearer candidate has the greater value; NaN without any."""
    nearer = distance[:, None] < distance[None, :]
    above = (value[:, None] > value[None, :]) + 0.5 * (value[:, None] == value[None, :])
    return float(above[nearer].mean()) if nearer.any() else float("nan")
