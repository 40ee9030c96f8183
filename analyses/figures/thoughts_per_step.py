"""Accuracy against c, the thoughts that replace a reasoning step (paper figure 3 of v2; figure 8 II from v3 on).

Every trained model of the study with Coconut's curriculum is a point, and so is every model of its sweep; c is the
number that it was trained with, or 0 for the method without slots. Each answers after as many thoughts as it was
trained to end with, which is c times its last stage. The paper's figure is of its arithmetic task: unless the problems
are of that task too, compare only the shape.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import DATASETS, FIGURE_3, FIGURE_3_TASK
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from coconut_core.errors import InputError


@dataclass(frozen=True)
class ThoughtsPerStep:
    """Accuracy of models trained with c thoughts a step."""

    points: tuple[tuple[str, int, int, int], ...]
    """(label, c, right answers, problems)."""
    described: str = ""
    """What the problems are like."""

    def frame(self) -> pd.DataFrame:
        """One row for each model: c, n, accuracy in [0, 1] with its Wilson interval, the paper's accuracy."""
        rows = [
            (label, c, n, right / n, *wilson(right, n), FIGURE_3.get(c, float("nan")) / 100)
            for label, c, right, n in sorted(self.points, key=lambda point: point[1])
        ]
        return pd.DataFrame(rows, columns=["subject", "c", "n", "accuracy", "low", "high", f"paper_{FIGURE_3_TASK}"])

    def figure(self) -> go.Figure:
        """Accuracy against c, of these models and of the paper's."""
        frame = self.frame()
        figure = go.Figure()
        figure.add_scatter(
            x=list(FIGURE_3),
            y=[value / 100 for value in FIGURE_3.values()],
            mode="lines+markers",
            line={"color": LIGHT.muted, "dash": "dot"},
            marker={"symbol": "diamond-open", "size": 9},
            name=f"the paper's, {DATASETS[FIGURE_3_TASK]}",
        )
        figure.add_scatter(
            x=frame["c"],
            y=frame["accuracy"],
            error_y=error_bars(frame, "accuracy"),
            mode="markers+text",
            text=[
                f"  {subject} {share:.1%}" for subject, share in zip(frame["subject"], frame["accuracy"], strict=True)
            ],
            textposition="middle right",
            marker={"size": 11, "color": LIGHT.scale[3]},
            name=f"these models, {self.described} (95% Wilson)",
        )
        figure.update_xaxes(
            title_text="c, thoughts per reasoning step", dtick=1, range=[-0.3, max(2, frame["c"].max()) + 0.9]
        )
        figure.update_yaxes(title_text="accuracy", range=[0, 1.03], tickformat=".0%")
        return framed(figure, "Accuracy against thoughts per step", f"n = {frame['n'][0]}", height=440, legend=1)

    def caption(self) -> str:
        """Every accuracy with its interval."""
        rows = self.frame().iterrows()
        parts = [
            f"{row['accuracy']:.1%} ({row['low']:.1%} to {row['high']:.1%}) with c = {row['c']} ({row['subject']})"
            for _, row in rows
        ]
        return f"Ours: {', '.join(parts)}."


def thoughts_per_step(study: Study) -> ThoughtsPerStep:
    """Coconut and its variant without slots; `InputError` where all models of the study have the same c."""
    points = []
    for subject in (*study.subjects, *study.sweep):
        if subject.role == "untrained" or subject.method.name not in ("coconut", "no_thought"):
            continue
        c = subject.checkpoint.thoughts_per_step if subject.method.has_thoughts else 0
        right = study.final_answers(subject).correct[:, 0]
        points.append((subject.label, c, int(right.sum()), len(right)))
    if len({c for _, c, _, _ in points}) < 2:
        raise InputError(
            "--sweep: models with two values of c are needed; give one of the method no_thought or another c_thought."
        )
    return ThoughtsPerStep(tuple(points), study.task.describe(study.problems))
