"""Value against height: is a node near the leaves easier to judge? (paper figure 9 of v2; figure 7 from v3 on)

The height of a node is its distance down to a leaf. The paper defines it twice, as the shortest distance in its text
and as the longest in its captions; both are computed, and every panel names its own. A candidate is correct if it can
reach the target. The paper's claim: low correct nodes have high values and low incorrect nodes have low ones, and the
two distributions approach each other as the height grows.

How well values separate correct from incorrect candidates is their AUC at each height: the probability that a correct
one has the greater value, over all pairs of a correct and an incorrect candidate of that height, also from different
problems. Over all heights together the height alone already says much, since of the nodes of height 0 only the target
can be correct; so the row "all" also has the AUC of the height itself, and the AUC over pairs of the same problem.

Controls are chance (one half); the node's in-degree, a shortcut that such graphs allow without thinking (fewer parents
count as correct); and the other subjects, where those without thoughts only answer to other words from k = 1 on.
Intervals are bootstrap intervals over problems. Boxes and AUC are given where there are 5 candidates of a kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import auc, auc_within, bootstrap_auc
from analyses.readings.study import NO_CANDIDATES, Study
from coconut_core.errors import InputError

DEFINITIONS = {"shortest": "height_shortest", "longest": "height_longest"}
TALLEST = 4
"""Heights from here on are drawn together."""
FEWEST_NODES = 5
"""Nodes of either kind below which no AUC is given."""
PANEL_KS = (1, 2)
"""Numbers of thoughts that have a panel, as in the paper."""


@dataclass(frozen=True)
class Height:
    """Values of candidates with their heights, of every subject."""

    labels: tuple[str, ...]
    """Subjects, the model under study first."""
    nodes: pd.DataFrame
    """One row for each subject, problem, k (0 and `PANEL_KS`) and candidate: value, heights, in-degree, correct."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, k, definition and height: n, mean values, AUC with its interval, the controls'."""
        return self._table

    @cached_property
    def _table(self) -> pd.DataFrame:
        rows = []
        for (subject, k), nodes in self.nodes.groupby(["subject", "k"], sort=False):
            for definition, column in DEFINITIONS.items():
                height = nodes[column].clip(upper=TALLEST)
                groups = {_name(int(value)): nodes[height == value] for value in sorted(height.unique())}
                for name, here in (groups | {"all": nodes}).items():
                    place = {"subject": subject, "k": k, "definition": definition, "height": name}
                    rows.append(place | _separation(here, column, whole=name == "all"))
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Above, distributions of the model's values; below, the AUC of every subject. A column for each definition
        and k."""
        columns = [(k, definition) for definition in DEFINITIONS for k in PANEL_KS]
        grid = make_subplots(
            2,
            len(columns),
            shared_yaxes=True,
            column_titles=[f"k = {k}, {definition} distance" for k, definition in columns],
            horizontal_spacing=0.02,
            vertical_spacing=0.16,
        )
        for column, (k, definition) in enumerate(columns, start=1):
            place = {"showlegend": column == 1, "col": column}
            self._draw_boxes(grid, k, definition, place)
            self._draw_auc(grid, k, definition, place)
        grid.update_layout(boxmode="group")
        grid.update_yaxes(range=[-0.02, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1])
        grid.update_yaxes(range=[-0.02, 1.2], row=1)
        grid.update_yaxes(title_text="value, raw probability", row=1, col=1)
        grid.update_yaxes(title_text="AUC, correct above incorrect", row=2, col=1)
        grid.update_xaxes(title_text="height, edges", type="category", categoryorder="array")
        grid.update_xaxes(categoryarray=[_name(height) for height in range(TALLEST + 1)])
        return framed(
            grid,
            "Value against height",
            f"{self.labels[0]} above, n correct over n incorrect at the top; all subjects below (bars: 95% bootstrap; "
            "dashed: chance)",
            height=720,
            legend=2,
        )

    def _draw_boxes(self, grid: go.Figure, k: int, definition: str, place: Mapping[str, int]) -> None:
        """The values of correct and incorrect candidates of the model under study, at each height."""
        heights = DEFINITIONS[definition]
        nodes = self.nodes[(self.nodes["subject"] == self.labels[0]) & (self.nodes["k"] == k)]
        for correct, name, colour in ((True, "correct", LIGHT.target), (False, "incorrect", LIGHT.distractor)):
            kind = nodes[nodes["correct"] == correct]
            height = kind[heights].clip(upper=TALLEST)
            kind = kind[height.map(height.value_counts()) >= FEWEST_NODES]
            grid.add_box(
                x=[_name(min(int(h), TALLEST)) for h in kind[heights]],
                y=kind["value"],
                customdata=kind["problem"].tolist(),
                name=name,
                legendgroup=name,
                offsetgroup=name,
                marker={"color": colour, "size": 2},
                line={"width": 1.5},
                fillcolor=LIGHT.band if correct else LIGHT.paper,
                row=1,
                **place,
            )

    def _draw_auc(self, grid: go.Figure, k: int, definition: str, place: Mapping[str, int]) -> None:
        """The AUC at each height: a line for each subject, the in-degree and chance; and n, above the boxes."""
        table = self.frame()
        here = table[(table["k"] == k) & (table["definition"] == definition) & (table["height"] != "all")]
        for index, label in enumerate(self.labels):
            line = here[here["subject"] == label]
            bars = error_bars(line, "auc", width=3) if index == 0 else None
            look = {**style(index, label), "name": label, "legendgroup": label}
            grid.add_scatter(x=line["height"], y=line["auc"], error_y=bars, **look, row=2, **place)
        own = here[here["subject"] == self.labels[0]]
        counts = [f"{right}<br>{wrong}" for right, wrong in zip(own["n_correct"], own["n_incorrect"], strict=True)]
        small = {"mode": "text", "text": counts, "textfont": {"size": 9, "color": LIGHT.muted}, "hoverinfo": "skip"}
        grid.add_scatter(x=own["height"], y=[1.1] * len(own), **small, row=1, **{**place, "showlegend": False})
        dotted = {"mode": "lines", "line": {"color": LIGHT.ink, "dash": "dot", "width": 1.2}}
        look = {**dotted, "name": "in-degree alone", "legendgroup": "in-degree"}
        grid.add_scatter(x=own["height"], y=own["in_degree_auc"], **look, row=2, **place)
        grid.add_hline(y=0.5, line={"color": LIGHT.faint, "dash": "dash"}, row=2, col=place["col"])

    def caption(self) -> str:
        """The AUC of each height after one thought beside the in-degree's, and that of the height alone."""
        table = self.frame()
        own = table[(table["subject"] == self.labels[0]) & (table["k"] == 1) & (table["definition"] == "shortest")]
        known = own[own["auc"].notna()]
        if known.empty:
            return "There are too few correct or incorrect candidates to tell them apart."
        overall, heights = known[known["height"] == "all"].iloc[0], known[known["height"] != "all"]
        parts = "; ".join(
            f"{row['auc']:.2f} ({row['low']:.2f} to {row['high']:.2f}) at height {row['height']}, in-degree "
            f"{row['in_degree_auc']:.2f}"
            for _, row in heights.iterrows()
        )
        return (
            f"After one thought the value puts a correct candidate above an incorrect one of the same height (shortest "
            f"distance) with probability {parts or 'unknown'}. Over all heights it is {overall['auc']:.2f}, where the "
            f"height alone gives {overall['height_auc']:.2f} and the in-degree {overall['in_degree_auc']:.2f}; within "
            f"one problem {overall['within_problem_auc']:.2f}."
        )


def height(study: Study) -> Height:
    """Candidates of every subject after 0 (control), 1 and 2 thoughts."""
    labels, parts = [], []
    for subject in study.subjects:
        nodes = study.values(subject).frame()
        nodes = nodes[nodes["candidate"] & nodes["k"].isin((0, *PANEL_KS))]
        labels.append(subject.label)
        parts.append(nodes.assign(subject=subject.label))
    nodes = pd.concat(parts, ignore_index=True).rename(columns={"reaches_target": "correct"})
    if nodes.empty:
        raise InputError(NO_CANDIDATES)
    kept = ["subject", "problem", "k", "node", "value", "correct", "in_degree", *DEFINITIONS.values()]
    return Height(tuple(labels), nodes[kept])


def _separation(nodes: pd.DataFrame, height: str, *, whole: bool) -> dict[str, float]:
    """How well values, and the controls, separate correct from incorrect `nodes`; the column `height` is a control
    where these are the `whole` of all heights."""
    right, wrong = nodes[nodes["correct"]], nodes[~nodes["correct"]]
    enough = min(len(right), len(wrong)) >= FEWEST_NODES

    def auc_of(column: str, sign: int = 1) -> float:
        if not enough:
            return np.nan
        return auc(sign * right[column].to_numpy(float), sign * wrong[column].to_numpy(float))

    values = right["value"].to_numpy(), wrong["value"].to_numpy()
    problems = right["problem"].to_numpy(), wrong["problem"].to_numpy()
    low, high = bootstrap_auc(*values, problems) if enough else (np.nan, np.nan)
    return {
        "n_correct": len(right),
        "n_incorrect": len(wrong),
        "mean_correct": right["value"].mean(),
        "mean_incorrect": wrong["value"].mean(),
        "auc": auc_of("value"),
        "low": low,
        "high": high,
        "within_problem_auc": auc_within(*(nodes[name].to_numpy() for name in ("value", "correct", "problem"))),
        "in_degree_auc": auc_of("in_degree", -1),
        "height_auc": auc_of(height) if whole else np.nan,
    }


def _name(height: int) -> str:
    return str(height) if height < TALLEST else f"{TALLEST}+"
