"""What an answer costs: generated tokens and time per problem, one problem at a time (the paper's Table 4).

Times depend on the machine, so they are given as multiples of the time of the method that writes only an answer. They
are measured in one process and in turn: every round times every model on the same problems. The ratio is that of the
medians over the rounds; beside it stand the smallest and the largest ratio of a round.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from tqdm.auto import tqdm

from analyses.drawing.chart import chart, error_bars, note
from analyses.drawing.palette import LIGHT
from analyses.figures.published import TABLE_1, TABLE_4
from analyses.readings.study import Study, distinct_labels
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of

TIMED_PROBLEMS = 40
"""The first problems of a study, which are timed."""


@dataclass(frozen=True)
class WallClock:
    """Seconds per problem of several models, by round, and their tokens."""

    models: tuple[str, ...]
    methods: tuple[str, ...]
    labels: tuple[str, ...]
    thoughts_per_step: tuple[int, ...]
    """c of each model; the paper's times are those of c = 1."""
    problems: int
    reference: int
    """Index of the model that the others are compared with: the one that writes only an answer, or the first."""
    seconds: Float[np.ndarray, "model round"]
    """Seconds per problem, one at a time."""
    tokens: Float[np.ndarray, "model"]
    """Mean generated tokens, thoughts counted."""
    task: str
    """Name of the problems' task, whose published times stand beside."""

    def frame(self) -> pd.DataFrame:
        """One row for each model: median seconds, ratio to the reference with its spread, tokens, the paper's."""
        ratio = self.seconds / self.seconds[self.reference]
        median = np.median(self.seconds, axis=1)
        times, published = TABLE_4.get(self.task, {}), TABLE_1.get(self.task, {})
        published_as = [
            method if c == 1 else "" for method, c in zip(self.methods, self.thoughts_per_step, strict=True)
        ]
        paper = [times.get(method, np.nan) for method in published_as]
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
                "paper_tokens": [published.get(method, (np.nan,) * 3)[2] for method in published_as],
            }
        )

    def figure(self) -> go.Figure:
        """A row for each model: its ratio with the spread over the rounds, and the paper's ratio."""
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
            error_x=error_bars(frame, "ratio", "ratio_low", "ratio_high", color=LIGHT.scale[3]),
            mode="markers",
            marker={"size": 10, "color": LIGHT.scale[3]},
            name="ours",
        )
        for row, entry in frame.iterrows():
            text = f"× {entry['ratio']:.2f} · {entry['generated_tokens']:.1f} tokens (× {entry['tokens_ratio']:.1f})"
            note(figure, text, x=1.01, y=row, xref="paper", yref="y", xanchor="left")
        figure.update_xaxes(title_text=f"time per problem, as a multiple of {against}", rangemode="tozero")
        figure.update_yaxes(tickvals=rows, ticktext=list(self.labels), range=[len(rows) - 0.5, -0.5], showgrid=False)
        return figure

    def caption(self) -> str:
        """The ratios."""
        parts = [
            f"{row['label']} × {row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
            for _, row in self.frame().iterrows()
        ]
        return f"Time per problem as a multiple of {self.labels[self.reference]}: {', '.join(parts)}."


def wall_clock(
    models: Sequence[tuple[str, Checkpoint]],
    problems: Sequence[Problem],
    *,
    rounds: int = 5,
    progress: bool = False,
) -> WallClock:
    """Time every (name, checkpoint) on `problems`, one at a time, `rounds` times in turn."""
    if not models or not problems:
        raise InputError("Timing needs at least one model and one problem; give both.")
    loaded = [checkpoint for _, checkpoint in models]
    seconds = np.zeros((len(models), rounds))
    tokens = np.zeros(len(models))
    for index, each in enumerate(loaded):  # this warms up, too
        written = answers(each.model, problems, ks=(each.max_thoughts,), batch_size=1)
        tokens[index] = written.tokens.mean() + each.max_thoughts
    for turn in tqdm(range(rounds), desc="wall clock", disable=not progress):
        for index, each in enumerate(loaded):
            start = time.perf_counter()
            answers(each.model, problems, ks=(each.max_thoughts,), batch_size=1)
            seconds[index, turn] = (time.perf_counter() - start) / len(problems)
    methods = tuple(each.model.method.name for each in loaded)
    return WallClock(
        models=tuple(name for name, _ in models),
        methods=methods,
        labels=distinct_labels([each.label for each in loaded], [name for name, _ in models]),
        thoughts_per_step=tuple(each.thoughts_per_step for each in loaded),
        problems=len(problems),
        reference=methods.index("no_cot") if "no_cot" in methods else 0,
        seconds=seconds,
        tokens=tokens,
        task=task_of(problems).name,
    )


def table_4(study: Study) -> WallClock:
    """The table of the trained subjects of a study, on its first problems."""
    trained = [(s.name, s.checkpoint) for s in study.subjects if s.role != "untrained"]
    return wall_clock(trained, study.problems[:TIMED_PROBLEMS])
