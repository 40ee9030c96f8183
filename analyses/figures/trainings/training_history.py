"""How runs learned: their `metrics.jsonl` as one table and one figure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import STYLES, framed
from analyses.drawing.escaping import for_plotly, one_line, truncated
from coconut_core.errors import InputError
from coconut_core.reading import read_text

LARGEST_HISTORY = 1 << 25
"""Bytes of a metrics.jsonl; a run of ten thousand steps writes some ten thousand."""


@dataclass(frozen=True)
class TrainingHistory:
    """One curve of several runs."""

    histories: Mapping[str, pd.DataFrame]
    """What `training_history` gives of each run, by the run's name."""
    kind: str
    """Which curve: "loss", or "accuracy, k = ..."."""
    axis: str
    """"samples" or "seconds"."""

    def frame(self) -> pd.DataFrame:
        """All curves of all runs: one row for each point."""
        return pd.concat([h.assign(run=name) for name, h in self.histories.items()], ignore_index=True)

    def figure(self) -> go.Figure:
        """The curve against samples or seconds, a line for each run."""
        figure = go.Figure()
        for index, (name, history) in enumerate(self.histories.items()):
            line = history[history["kind"] == self.kind]
            colour, dash, _ = STYLES[index % len(STYLES)]
            look = {"color": colour, "dash": dash, "width": 1.8}
            figure.add_scatter(x=line[self.axis], y=line["value"], name=for_plotly(name), mode="lines", line=look)
        figure.update_xaxes(title_text="questions seen" if self.axis == "samples" else "seconds of training")
        figure.update_yaxes(title_text="loss, nats per label" if self.kind == "loss" else for_plotly(self.kind))
        note = "on the run's validation problems"
        if self.kind == "loss":
            ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
            figure.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
            note = "mean over the labels of the stages that were trained"
        return framed(figure, f"Training: {for_plotly(self.kind)}", note, height=430, legend=2)


def training_history(folder: Path) -> pd.DataFrame:
    """`metrics.jsonl` of a run's folder: samples, seconds, stage, kind ("loss", or "accuracy, k = ..."), value.

    A line that cannot be read is left out, such as the last one while the run is still writing.
    """
    rows = []
    try:
        lines = read_text(folder / "metrics.jsonl", LARGEST_HISTORY, "leave it out").splitlines()
    except InputError:
        lines = []
    for line in lines:
        try:
            entry = json.loads(line)
            at = {key: _number(entry[key]) for key in ("samples", "seconds")}
            if entry["kind"] == "train":
                read = [{**at, "stage": _number(entry["stage"]), "kind": "loss", "value": float(entry["loss"])}]
            else:
                accuracy = {truncated(one_line(k), 20): float(value) for k, value in entry["accuracy"].items()}
                read = [{**at, "stage": None, "kind": f"accuracy, k = {k}", "value": v} for k, v in accuracy.items()]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
        rows += read
    columns = ["samples", "seconds", "stage", "kind", "value"]
    return pd.DataFrame(rows, columns=columns)


def _number(value: object) -> int | float:
    """The value, if it is a number that a table can hold; else `TypeError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        raise TypeError("not a number")
    return value
