"""What an answer costs: generated tokens and time a problem, one problem at a time (the paper's Table 4).

Times depend on the machine, so they are given as ratios to the method that only answers, measured in one process and
interleaved: every round times every model on the same problems, and the ratio of medians over rounds is reported with
the smallest and the largest of the rounds' own ratios.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from tqdm.auto import tqdm

from analyses.drawing.chart import chart, note
from analyses.drawing.palette import LIGHT
from analyses.figures.published import TABLE_1, TABLE_4
from analyses.readings.study import Study, told_apart
from coconut_core.encoding import Problem
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.problems.questions import Task, task_of

TIMED = 40
"""Problems of a study that are timed."""


@dataclass(frozen=True)
class WallClock:
    """Seconds a problem of several models, by round, and their tokens."""

    models: tuple[str, ...]
    methods: tuple[str, ...]
    labels: tuple[str, ...]
    thoughts_per_step: tuple[int, ...]
    """c, where there are thoughts: the paper's times are those of c = 1."""
    problems: int
    reference: int
    """The model that the others are compared with: the one that only answers, or the first."""
    seconds: Float[np.ndarray, "model round"]
    """Seconds a problem at batch 1."""
    tokens: Float[np.ndarray, "model"]
    """Mean generated tokens, thoughts counted."""
    task: Task = "prosqa"

    def frame(self) -> pd.DataFrame:
        """One row a model: median seconds, ratio to the reference with its spread, tokens, the paper's numbers."""
        ratio = self.seconds / self.seconds[self.reference]
        median = np.median(self.seconds, axis=1)
        times, published = TABLE_4.get(self.task, {}), TABLE_1.get(self.task, {})
        told = [method if c == 1 else "" for method, c in zip(self.methods, self.thoughts_per_step, strict=True)]
        paper = [times.get(method, np.nan) for method in told]
        return pd.DataFrame(
            {
                "model": self.models,
                "method": self.methods,
                "label": self.labels,
                "n": self.problems,
                "rounds": self.seconds.shape[1],
                "seconds": median,
                "ratio": median / median[self.reference],
                "ratio_low": ratio.min(1),
                "ratio_high": ratio.max(1),
                "generated_tokens": self.tokens,
                "tokens_ratio": self.tokens / self.tokens[self.reference],
                "paper_ratio": [seconds / paper[self.reference] for seconds in paper],
                "paper_tokens": [published.get(method, (np.nan,) * 3)[2] for method in told],
            }
        )

    def figure(self) -> go.Figure:
        """A row a model: ours with the spread of the rounds, and the paper's."""
        frame = self.frame()
        against = self.labels[self.reference]
        figure = chart(
            "What an answer costs, one problem at a time",
            f"n = {self.problems} problems, {frame['rounds'][0]} interleaved rounds; bars: smallest and largest round",
            height=150 + 34 * len(frame),
            left=260,
            right=230,
        )
        rows = list(range(len(frame)))
        figure.add_scatter(
            x=frame["paper_ratio"],
            y=rows,
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": LIGHT.muted},
            name="the paper's Table 4 (A100)",
        )
        figure.add_scatter(
            x=frame["ratio"],
            y=rows,
            error_x={
                "array": frame["ratio_high"] - frame["ratio"],
                "arrayminus": frame["ratio"] - frame["ratio_low"],
                "color": LIGHT.scale[3],
            },
            mode="markers",
            marker={"size": 10, "color": LIGHT.scale[3]},
            name="ours",
        )
        for row, entry in frame.iterrows():
            text = f"× {entry['ratio']:.2f} · {entry['generated_tokens']:.1f} tokens (× {entry['tokens_ratio']:.1f})"
            note(figure, text, x=1.01, y=row, xref="paper", yref="y", xanchor="left")
        figure.update_xaxes(title_text=f"time a problem, as a multiple of {against}", rangemode="tozero")
        figure.update_yaxes(tickvals=rows, ticktext=list(self.labels), range=[len(rows) - 0.5, -0.5], showgrid=False)
        return figure

    def caption(self) -> str:
        """The ratios."""
        parts = [
            f"{row['label']} × {row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
            for _, row in self.frame().iterrows()
        ]
        return f"Time a problem as a multiple of {self.labels[self.reference]}: {', '.join(parts)}."


def wall_clock(
    models: Sequence[tuple[str, CoconutModel]],
    problems: Sequence[Problem],
    *,
    rounds: int = 5,
    progress: bool = False,
) -> WallClock:
    """Time every (name, model) on `problems`, one at a time, `rounds` times in turn."""
    if not models or not problems:
        raise InputError("Timing needs at least one model and one problem; give both.")
    loaded = [model for _, model in models]
    seconds = np.zeros((len(models), rounds))
    tokens = np.zeros(len(models))
    for index, model in enumerate(loaded):  # this warms up, too
        told = answers(model, problems, ks=(model.max_thoughts,), batch_size=1)
        tokens[index] = told.tokens.mean() + model.max_thoughts
    for turn in tqdm(range(rounds), desc="wall clock", disable=not progress):
        for index, model in enumerate(loaded):
            start = time.perf_counter()
            answers(model, problems, ks=(model.max_thoughts,), batch_size=1)
            seconds[index, turn] = (time.perf_counter() - start) / len(problems)
    methods = tuple(model.method.name for model in loaded)
    return WallClock(
        models=tuple(name for name, _ in models),
        methods=methods,
        labels=told_apart([model.label for model in loaded], [name for name, _ in models]),
        thoughts_per_step=tuple(model.card.get("thoughts_per_step", 1) for model in loaded),
        problems=len(problems),
        reference=methods.index("no_cot") if "no_cot" in methods else 0,
        seconds=seconds,
        tokens=tokens,
        task=task_of(problems),
    )


def table_4(study: Study) -> WallClock:
    """The table of the trained subjects of a study, on its first problems."""
    trained = [(s.name, s.model) for s in study.subjects if s.role != "untrained"]
    return wall_clock(trained, study.problems[:TIMED])
