"""Answers of many problems with edits in place, beside the same model without: how many are right, how many turn.

The control is the unedited run on the same problems after the same number of thoughts. Shares have Wilson intervals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool

from analyses.drawing.chart import framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson


@dataclass(frozen=True)
class EditedAnswers:
    """Which problems are answered right without the edits and with them."""

    edits: str
    """In words."""
    thoughts: int
    before: Bool[np.ndarray, "problem"]
    after: Bool[np.ndarray, "problem"]

    def frame(self) -> pd.DataFrame:
        """One row a run: n, how many are right, the accuracy in 0..1 with its interval, and answers that turned."""
        rows = []
        for name, right in (("no edit", self.before), (self.edits, self.after)):
            low, high = wilson(int(right.sum()), len(right))
            turned = {
                "right to wrong": int((self.before & ~right).sum()),
                "wrong to right": int((~self.before & right).sum()),
            }
            row = {"edits": name, "n": len(right), "right": int(right.sum()), "accuracy": float(right.mean())}
            rows.append(row | {"low": low, "high": high} | turned)
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Both accuracies with their intervals."""
        frame = self.frame()
        figure = go.Figure()
        for (_, row), colour, symbol in zip(
            frame.iterrows(), (LIGHT.control, LIGHT.scale[3]), ("diamond", "circle"), strict=True
        ):
            error = {"array": [row["high"] - row["accuracy"]], "arrayminus": [row["accuracy"] - row["low"]]}
            figure.add_scatter(
                x=[row["accuracy"]],
                y=["no edit" if symbol == "diamond" else "edited"],
                error_x={"type": "data", "symmetric": False, **error},
                mode="markers+text",
                text=[f"{row['accuracy']:.2f}"],
                textposition="top center",
                marker={"color": colour, "symbol": symbol, "size": 12},
                showlegend=False,
                name=row["edits"],
            )
        figure.update_xaxes(title_text="accuracy", range=[-0.03, 1.05])
        figure.update_yaxes(range=[-0.6, 1.7])
        return framed(figure, "Answers with edits", f"n = {len(self.before)}, {self.thoughts} thoughts", height=260)

    def caption(self) -> str:
        """Both accuracies, and how many answers turned."""
        before, after = self.frame().to_dict("records")
        return (
            f"After {self.thoughts} thoughts {before['right']} of {before['n']} answers are right, and "
            f"{after['right']} with the edits ({self.edits}): {after['right to wrong']} turn wrong, "
            f"{after['wrong to right']} turn right."
        )
