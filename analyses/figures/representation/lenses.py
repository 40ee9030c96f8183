"""Where do nodes rank when a thought is read through a lens? The logit lens and the Jacobian lens, by class of node.

The logit lens reads a thought through the language head, as if it were said at once; the Jacobian lens through what the
rest of the model makes of it on average (`readings/representation/lenses.py`). A node's rank is the share of the
problem's other nodes that score lower, the start left out: 1 is the first, 0 the last, and one half is chance. Shown is
the mean rank of each class of nodes, by their distance from the start, of each thought: its frontier (exactly k steps),
nodes before it, nodes after it, and nodes out of reach. Beside it, the control, the frontier of an untrained model's
thoughts, and that of the other models. The Jacobian lens is fitted on the first problems, but never sees which nodes
are where.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, class_style, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.node_classes import AROUND_FRONTIER, frontier_class
from analyses.readings.representation.lenses import LENSES, node_scores
from analyses.readings.study import Study
from coconut_core.problems.problem import GraphProblem


@dataclass(frozen=True)
class Lenses:
    """Ranks by lens and class."""

    label: str
    """Of the model under study."""
    problems: int
    table: pd.DataFrame
    """One row a subject, lens, thought and class: role, n problems that have such nodes, mean rank in [0, 1] and its
    bootstrap interval over problems."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel a lens: the classes by thought, and the frontier of every other subject."""
        grid = make_subplots(1, len(LENSES), column_titles=[f"{lens} lens" for lens in LENSES], shared_yaxes=True)
        others = [name for name in dict.fromkeys(self.table["subject"]) if name != self.label]
        for col, lens in enumerate(LENSES, start=1):
            table = self.table[self.table["lens"] == lens]
            for index, name in enumerate(AROUND_FRONTIER):
                line = table[(table["subject"] == self.label) & (table["class"] == name)]
                bars = error_bars(line, "rank", width=3, thickness=1.2)
                look = {**class_style(index, name, 8), "showlegend": col == 1}
                grid.add_scatter(x=line["thought"], y=line["rank"], error_y=bars, **look, row=1, col=col)
            for index, other in enumerate(others):
                line = table[(table["subject"] == other) & (table["class"] == AROUND_FRONTIER[0])]
                name = f"frontier, {other}"
                look = {**class_style(len(STYLES) - 1 - index % 3, name, 7), "showlegend": col == 1}
                grid.add_scatter(x=line["thought"], y=line["rank"], **look, row=1, col=col)
            grid.add_hline(0.5, line={"color": LIGHT.faint, "width": 1}, row=1, col=col)
        grid.update_xaxes(title_text="thought", dtick=1)
        grid.update_yaxes(range=[-0.02, 1.03])
        grid.update_yaxes(title_text="mean rank, 1 the first", col=1)
        subtitle = f"{self.label}: ranks among the nodes of a problem, n = {self.problems}; 95% bootstrap"
        return framed(grid, "Thoughts through two lenses", subtitle, height=460, legend=2)

    def caption(self) -> str:
        """Of each lens, the thought whose frontier ranks highest, beside the last control's."""
        parts = []
        frontier = self.table[self.table["class"] == AROUND_FRONTIER[0]]
        for lens in LENSES:
            own = frontier[(frontier["lens"] == lens) & (frontier["subject"] == self.label)].set_index("thought")
            best = own["rank"].idxmax()
            beside = frontier[(frontier["lens"] == lens) & (frontier["thought"] == best)]
            row, last = own.loc[best], beside.iloc[-1]
            control = f", {last['subject']} {last['rank']:.2f}" if last["subject"] != self.label else ""
            interval = f"({row['low']:.2f} to {row['high']:.2f})"
            parts.append(f"by the {lens} lens {row['rank']:.2f} {interval} in thought {best}{control}")
        return f"Mean rank of the frontier in {self.label}, where it is highest: {'; '.join(parts)}."


def lenses(study: Study) -> Lenses:
    """Both lenses on all thoughts of every subject with slots."""
    (own, *_), rows = study.with_slots(), []
    for subject in study.with_slots():
        thoughts = study.all_thoughts(subject)
        for lens in LENSES:
            study.progress(f"{lens} lens of {subject.name}", LENSES.index(lens) / len(LENSES))
            scores = node_scores(subject.model, study.problems, thoughts, lens)
            for k in range(1, thoughts.shape[1] + 1):
                pairs = zip(study.problems, scores, strict=True)
                ranks = np.stack([_ranks(problem, score[k - 1], k) for problem, score in pairs])
                for name, values in zip(AROUND_FRONTIER, ranks.T, strict=True):
                    if (n := int((~np.isnan(values)).sum())) > 0:
                        low, high = bootstrap_mean(values)
                        where = {"subject": subject.label, "role": subject.role, "lens": lens, "thought": k}
                        found = {"class": name, "n": n, "rank": np.nanmean(values), "low": low, "high": high}
                        rows.append({**where, **found})
    return Lenses(own.label, len(study.problems), pd.DataFrame(rows))


def _ranks(problem: GraphProblem, score: Float[np.ndarray, "node"], k: int) -> Float[np.ndarray, "class"]:
    """Mean rank of each class for thought k; NaN for one without nodes. Equal scores share their rank."""
    nodes = [node for node in range(len(problem.names)) if node != problem.root]
    own = score[nodes]
    below = (own[:, None] > own).sum(1) + ((own[:, None] == own).sum(1) - 1) / 2
    rank = below / max(len(nodes) - 1, 1)
    kind = np.array([frontier_class(problem.depth.get(node), k) for node in nodes])
    classes = range(len(AROUND_FRONTIER))
    return np.array([rank[kind == each].mean() if (kind == each).any() else np.nan for each in classes])
