"""Is a value a probability? Reliability of the values of candidates.

Candidates after k thoughts are put into bins by their raw value; in each bin the share that can reach the target is
drawn against the mean value. On the diagonal, the value is the probability of being correct. A value is the
probability of being named next, so correct candidates that share this probability lie above the diagonal, and rightly
so; but the share that is correct should never fall as the value rises.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.study import Study

BIN_EDGES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
PANEL_KS = (0, 1, 2, 3)
"""Numbers of thoughts that have a panel."""
FEWEST_CANDIDATES = 5
"""Candidates below which a bin is in the table but not drawn."""


@dataclass(frozen=True)
class Calibration:
    """Candidates' values and whether they are correct, of every subject."""

    labels: tuple[str, ...]
    nodes: pd.DataFrame
    """One row for each subject, k and candidate: value, correct."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, k and bin: n, mean value, share that is correct with its Wilson interval."""
        nodes = self.nodes.assign(bin=np.searchsorted(BIN_EDGES[1:-1], self.nodes["value"], side="right"))
        rows = []
        for (subject, k, index), here in nodes.groupby(["subject", "k", "bin"], sort=False):
            right, n = int(here["correct"].sum()), len(here)
            low, high = wilson(right, n)
            row = (subject, k, BIN_EDGES[index], BIN_EDGES[index + 1], n, here["value"].mean(), right / n, low, high)
            rows.append(row)
        columns = ["subject", "k", "from", "to", "n", "mean_value", "correct", "low", "high"]
        order = {label: place for place, label in enumerate(self.labels)}
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values(["subject", "k", "from"], key=lambda c: c.map(order) if c.name == "subject" else c)

    def figure(self) -> go.Figure:
        """A panel for each k: share correct against value, a line for each subject."""
        frame = self.frame()
        frame = frame[frame["n"] >= FEWEST_CANDIDATES]
        counts = self.nodes[self.nodes["subject"] == self.labels[0]].groupby("k").size()
        titles = [f"k = {k}, n = {counts.get(k, 0)}" for k in PANEL_KS]
        grid = make_subplots(1, len(PANEL_KS), shared_yaxes=True, column_titles=titles, horizontal_spacing=0.02)
        for column, k in enumerate(PANEL_KS, start=1):
            grid.add_scatter(
                x=[0, 1],
                y=[0, 1],
                mode="lines",
                line={"color": LIGHT.faint, "dash": "dash"},
                name="value = probability of being correct",
                showlegend=column == 1,
                row=1,
                col=column,
            )
            for index, label in enumerate(self.labels):
                line = frame[(frame["subject"] == label) & (frame["k"] == k)]
                grid.add_scatter(
                    x=line["mean_value"],
                    y=line["correct"],
                    error_y=error_bars(line, "correct", width=2) if index == 0 else None,
                    name=label,
                    legendgroup=label,
                    showlegend=column == 1,
                    **style(index, label),
                    row=1,
                    col=column,
                )
        grid.update_xaxes(range=[-0.02, 1.02], tickvals=[0, 0.5, 1])
        grid.update_xaxes(title_text="mean value in the bin", row=1, col=1)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of candidates that reach the target", row=1, col=1)
        return framed(
            grid,
            "Reliability of the value",
            "candidates, raw values; bars: 95% Wilson, as if candidates were independent",
            height=460,
            legend=2,
        )

    def caption(self) -> str:
        """What high values are worth after one thought."""
        own = self.frame()
        own = own[(own["subject"] == self.labels[0]) & (own["k"] == 1)]
        high, low = own[own["from"] >= 0.5], own[own["to"] <= 0.05]
        return (
            f"After one thought, {_share(high)} of the candidates with a value above one half reach the target, and "
            f"{_share(low)} of those with a value below .05."
        )


def _share(bins: pd.DataFrame) -> str:
    n = bins["n"].sum()
    return f"{(bins['correct'] * bins['n']).sum() / n:.0%} ({n})" if n else "none (0)"


def calibration(study: Study) -> Calibration:
    """Candidates of every subject after 0 (control) to 3 thoughts."""
    parts = []
    for subject in study.subjects:
        nodes = study.values(subject).frame()
        nodes = nodes[nodes["candidate"] & nodes["k"].isin(PANEL_KS)]
        part = nodes[["problem", "k", "value"]].assign(subject=subject.label, correct=nodes["reaches_target"])
        parts.append(part)
    return Calibration(tuple(s.label for s in study.subjects), pd.concat(parts, ignore_index=True))
