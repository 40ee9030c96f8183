"""Does the search turn back? Whether the best candidate leaves the branch of the one before it.

The best candidate after k thoughts is the node with the greatest value among those that may be named next. After k + 1
thoughts the model stays in its branch if the new best candidate can be reached from the old one, and turns if it
cannot. Turning is counted where both are possible: some of the new candidates can be reached from the old best one and
some cannot. A candidate drawn at random turns as often as the share of those that cannot. The second panel asks whether
turning helps: where the old best candidate does not lead to the target, the share of problems in which the new one
does, beside the share of candidates that do.

A model that has chosen a path turns less often than chance, one that searches by breadth may turn as values change, and
turns that do not lead to the target more often than chance are no backtracking. Cui and Ye (arXiv 2602.08100) publish
that latent thoughts explore, commit and turn back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import FEWEST_PROBLEMS, by_k, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from analyses.readings.values import NodeValues
from coconut_core.errors import InputError

MEASURES = {
    "turned": "the new best candidate is in another branch",
    "put_right": "it leads to the target, where the old one did not",
}


@dataclass(frozen=True)
class Turns:
    """Where the best candidate goes with each further thought."""

    table: pd.DataFrame
    """One row a subject, measure and k, the thoughts after the step: n problems that it can be asked of, how many
    turned or were put right, their share with Wilson's interval, that of a candidate at random, and the mean mass of
    the candidates."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Shares against k, with those of a candidate at random; of at least 10 problems."""
        grid = make_subplots(1, 2, column_titles=list(MEASURES.values()), horizontal_spacing=0.1)
        shown = self.table[self.table["n"] >= min(FEWEST_PROBLEMS, self.table["n"].max())]
        subjects = list(dict.fromkeys(self.table["subject"]))
        for column, measure in enumerate(MEASURES, start=1):
            part = shown[shown["measure"] == measure]
            by_k(grid, part, "share", subjects=subjects, row=1, col=column, legend=column == 1)
            own = part[part["subject"] == subjects[0]]
            line = {"color": LIGHT.faint, "dash": "dash"}
            name = "a candidate at random, beside the first"
            look = {"mode": "lines", "line": line, "name": name, "showlegend": column == 1}
            grid.add_scatter(x=own["k"], y=own["chance"], row=1, col=column, **look)
        grid.update_xaxes(title_text="thoughts k after the step", dtick=1)
        grid.update_yaxes(range=[-0.02, 1.05], tickformat=".0%")
        grid.update_yaxes(title_text="share of problems", row=1, col=1)
        own = self.table[self.table["subject"] == subjects[0]]
        counts = []
        for measure in MEASURES:
            there = own[(own["measure"] == measure) & (own["n"] > 0)]
            counts.append(", ".join(f"{n} at k = {k}" for k, n in zip(there["k"], there["n"], strict=True)))
        subtitle = f"left: n = {counts[0]}; right: n = {counts[1]}; bars: 95%, Wilson"
        return framed(grid, "Does the search turn back?", subtitle, height=440, legend=1)

    def caption(self) -> str:
        """Of the model under study, over all k: how often it turns and is put right, beside chance."""
        own = self.table[self.table["subject"] == self.table["subject"].iloc[0]]
        parts = []
        for measure, words in zip(MEASURES, ("turns", "is put right"), strict=True):
            rows = own[(own["measure"] == measure) & (own["n"] > 0)]
            n, found = int(rows["n"].sum()), int(rows["found"].sum())
            if n:
                low, high = wilson(found, n)
                chance = (rows["chance"] * rows["n"]).sum() / n
                share = f"{found / n:.0%}, {low:.0%} to {high:.0%}"
                parts.append(f"{words} in {found} of {n} steps ({share}; a candidate at random {chance:.0%})")
        return f"{own['subject'].iloc[0]}: {'; '.join(parts)}."


def turns(study: Study) -> Turns:
    """Of every subject with slots; `InputError` if the model under study has none, or no graph is wide enough."""
    rows = []
    for subject in study.with_slots():
        values = study.values(subject)
        for k, after in zip(values.ks, values.ks[1:], strict=False):
            # After none and after one thought the candidates are the same nodes.
            if k > 0:
                found = _asked(values, k, after)
                rows += [{"subject": subject.label, "measure": name, "k": after, **found[name]} for name in MEASURES]
    if not any(row["n"] for row in rows):
        raise InputError("No problem has branches to turn to; give problems with larger graphs.")
    return Turns(pd.DataFrame(rows))


def _asked(values: NodeValues, before: int, after: int) -> dict[str, dict[str, float]]:
    turned, put_right, masses = [], [], []
    for index, problem in enumerate(values.problems):
        old, new = (values.at(index, k) for k in (before, after))
        candidates = sorted(problem.candidates(after))
        if not candidates or not problem.candidates(before):
            continue
        best = max(sorted(problem.candidates(before)), key=lambda node: old.value[node])
        then = max(candidates, key=lambda node: new.value[node])
        away = set(candidates) - nx.descendants(problem.graph, best)
        masses.append(new.candidate_mass)
        if 0 < len(away) < len(candidates):
            turned.append((then in away, len(away) / len(candidates)))
        right = problem.correct.intersection(candidates)
        if best not in problem.correct and right:
            put_right.append((then in right, len(right) / len(candidates)))
    mass = float(np.mean(masses)) if masses else float("nan")
    return {name: _share(found) | {"mass": mass} for name, found in (("turned", turned), ("put_right", put_right))}


def _share(found: Sequence[tuple[bool, float]]) -> dict[str, float]:
    n, yes = len(found), sum(each for each, _ in found)
    low, high = wilson(yes, n)
    chance = float(np.mean([share for _, share in found])) if found else float("nan")
    return {"n": n, "found": yes, "share": yes / n if n else float("nan"), "low": low, "high": high, "chance": chance}
