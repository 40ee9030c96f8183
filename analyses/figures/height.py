"""Value against height: is a node near the leaves easier to judge? (paper figure 9 of v2; figure 7 from v3 on)

The height of a node is its distance down to a leaf. The paper gives two definitions, the shortest distance in its text
and the longest in its captions, so both are computed and every panel names its own. A candidate is correct if it can
reach the target. The paper's claim: low correct nodes have high and low incorrect nodes low values, and the two
distributions approach each other as the height grows.

How well values tell correct from incorrect candidates is their AUC at each height: the probability that a correct one
has the greater value, over all pairs of a correct and an incorrect candidate of that height, of any problems. Over all
heights together the height alone tells much, since no node of height 0 but the target is correct; so "all" comes with
the AUC of the height itself, and with that over pairs of the same problem alone. Controls: one half, which is chance;
the in-degree of the node, a shortcut of ProsQA's graphs that needs no thinking (fewer parents count as correct); and
the other subjects, of which those without thoughts are only asked in other words from k = 1 on. Intervals are bootstrap
ones over problems; boxes and AUC are given from 5 candidates of a kind on.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import auc, auc_within, bootstrap_auc
from analyses.readings.study import NO_CANDIDATES, Study
from coconut_core.errors import InputError

DEFINITIONS = {"shortest": "height_shortest", "longest": "height_longest"}
TALLEST = 4
"""Heights from here on are drawn together."""
FEWEST_NODES = 5
"""Nodes of either kind below which no AUC is given."""
KS = (1, 2)
"""First and second thoughts, as in the paper."""


@dataclass(frozen=True)
class Height:
    """Values of candidates with their heights, of every subject."""

    labels: tuple[str, ...]
    """Subjects, the model under study first."""
    nodes: pd.DataFrame
    """One row a subject, problem, k (0 and those drawn) and candidate: value, both heights, in-degree, correct."""

    def frame(self) -> pd.DataFrame:
        """One row a subject, k, definition and height: n, mean values, AUC with its interval, the in-degree's AUC."""
        return self._table

    @cached_property
    def _table(self) -> pd.DataFrame:
        rows = []
        for (subject, k), nodes in self.nodes.groupby(["subject", "k"], sort=False):
            for definition, column in DEFINITIONS.items():
                height = nodes[column].clip(upper=TALLEST)
                for value in [*sorted(height.unique()), None]:
                    here = nodes if value is None else nodes[height == value]
                    right, wrong = here[here["correct"]], here[~here["correct"]]
                    enough = min(len(right), len(wrong)) >= FEWEST_NODES
                    groups = right["problem"].to_numpy(), wrong["problem"].to_numpy()
                    low, high = (
                        bootstrap_auc(right["value"].to_numpy(), wrong["value"].to_numpy(), groups)
                        if enough
                        else (np.nan, np.nan)
                    )
                    rows.append(
                        {
                            "subject": subject,
                            "k": k,
                            "definition": definition,
                            "height": "all" if value is None else _name(int(value)),
                            "n_correct": len(right),
                            "n_incorrect": len(wrong),
                            "mean_correct": right["value"].mean(),
                            "mean_incorrect": wrong["value"].mean(),
                            "auc": auc(right["value"].to_numpy(), wrong["value"].to_numpy()) if enough else np.nan,
                            "low": low,
                            "high": high,
                            "within_problem_auc": auc_within(
                                here["value"].to_numpy(), here["correct"].to_numpy(), here["problem"].to_numpy()
                            ),
                            "in_degree_auc": auc(
                                -right["in_degree"].to_numpy(float), -wrong["in_degree"].to_numpy(float)
                            )
                            if enough
                            else np.nan,
                            "height_auc": auc(right[column].to_numpy(float), wrong[column].to_numpy(float))
                            if enough and value is None
                            else np.nan,
                        }
                    )
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Above, the distributions of the model's values; below, every subject's AUC. A column a k and definition."""
        columns = [(k, definition) for definition in DEFINITIONS for k in KS]
        grid = make_subplots(
            2,
            len(columns),
            shared_yaxes=True,
            column_titles=[f"k = {k}, {definition} distance" for k, definition in columns],
            horizontal_spacing=0.02,
            vertical_spacing=0.16,
        )
        table = self.frame()
        own = self.nodes[self.nodes["subject"] == self.labels[0]]
        for column, (k, definition) in enumerate(columns, start=1):
            nodes = own[own["k"] == k]
            for correct, name, colour in ((True, "correct", LIGHT.target), (False, "incorrect", LIGHT.distractor)):
                kind = nodes[nodes["correct"] == correct]
                height = kind[DEFINITIONS[definition]].clip(upper=TALLEST)
                kind = kind[height.map(height.value_counts()) >= FEWEST_NODES]
                grid.add_box(
                    x=[_name(min(int(h), TALLEST)) for h in kind[DEFINITIONS[definition]]],
                    y=kind["value"],
                    customdata=kind["problem"].tolist(),
                    name=name,
                    legendgroup=name,
                    offsetgroup=name,
                    marker={"color": colour, "size": 2},
                    line={"width": 1.5},
                    fillcolor=LIGHT.band if correct else LIGHT.paper,
                    showlegend=column == 1,
                    row=1,
                    col=column,
                )
            here = table[(table["k"] == k) & (table["definition"] == definition) & (table["height"] != "all")]
            for index, label in enumerate(self.labels):
                line = here[here["subject"] == label]
                grid.add_scatter(
                    x=line["height"],
                    y=line["auc"],
                    error_y={"array": line["high"] - line["auc"], "arrayminus": line["auc"] - line["low"], "width": 3}
                    if index == 0
                    else None,
                    **style(index, label),
                    name=label,
                    legendgroup=label,
                    showlegend=column == 1,
                    row=2,
                    col=column,
                )
            base = here[here["subject"] == self.labels[0]]
            counts = [
                f"{right}<br>{wrong}" for right, wrong in zip(base["n_correct"], base["n_incorrect"], strict=True)
            ]
            told = {"mode": "text", "text": counts, "textfont": {"size": 9, "color": LIGHT.muted}, "showlegend": False}
            grid.add_scatter(x=base["height"], y=[1.1] * len(base), hoverinfo="skip", **told, row=1, col=column)
            grid.add_scatter(
                x=base["height"],
                y=base["in_degree_auc"],
                mode="lines",
                line={"color": LIGHT.ink, "dash": "dot", "width": 1.2},
                name="in-degree alone",
                legendgroup="in-degree",
                showlegend=column == 1,
                row=2,
                col=column,
            )
            grid.add_hline(y=0.5, line={"color": LIGHT.faint, "dash": "dash"}, row=2, col=column)
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

    def caption(self) -> str:
        """The AUC of each height after one thought beside the in-degree's, and what the height alone would give."""
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
        nodes = nodes[nodes["candidate"] & nodes["k"].isin((0, *KS))]
        labels.append(subject.label)
        parts.append(nodes.assign(subject=subject.label))
    nodes = pd.concat(parts, ignore_index=True).rename(columns={"reaches_target": "correct"})
    if nodes.empty:
        raise InputError(NO_CANDIDATES)
    kept = ["subject", "problem", "k", "node", "value", "correct", "in_degree", *DEFINITIONS.values()]
    return Height(tuple(labels), nodes[kept])


def _name(height: int) -> str:
    return str(height) if height < TALLEST else f"{TALLEST}+"
