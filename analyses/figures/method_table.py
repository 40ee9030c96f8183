"""The paper's Table 1: accuracy and generated tokens of every method, beside the published numbers.

Each model answers after the number of thoughts that it was trained to end with, whatever the path's length. Thoughts
count as tokens. Models with slots have a second row, the same weights with the slots left out at test time: the control
that shows whether they use their thoughts. The last rows are controls too: random weights in the first model's shape,
and rules that answer without a model, by a shortcut that the task's problems allow. The dashed line is the chance of a
guess. The difference from the first model is paired, on the same problems, with its 95% interval (Agresti and Min) and
McNemar's exact two-sided p.

The paper's models are GPT-2 small, pretrained, on the official problems; the bundled ones are trained from scratch on
smaller ones. The paper's numbers are those of its Table 1, except for Coconut with mixed stages, which is the analysis
model of its figure 5. Tokens are words here and byte pairs there, and pauses count as tokens here, as they seem not to
in the paper.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool, Float

from analyses.drawing.chart import chart, error_bars, note
from analyses.drawing.palette import LIGHT
from analyses.figures.published import ANALYSED, DATASETS, FIGURE_5_ACCURACY, TABLE_1
from analyses.readings.intervals import mcnemar, paired_difference, wilson
from analyses.readings.study import LONGEST_UNTRAINED, UNTRAINED, Study, distinct_labels, untrained
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import TASKS, task_of
from coconut_core.problems.task import Rule

WARM_UP = 8
"""Problems that a model answers before it is timed."""
Progress = Callable[[int], None]
"""Called with the number of problems that are done."""


@dataclass(frozen=True)
class Entry:
    """One model answering in one way."""

    model: str
    """Name of its folder."""
    method: str
    label: str
    thoughts: int
    thoughts_per_step: int
    mixed: bool
    """Whether it was trained on mixed stages."""
    removed: bool
    """Whether slots that the model was trained with are left out."""
    correct: Bool[np.ndarray, "problem"]
    tokens: Float[np.ndarray, "problem"]
    """Generated tokens, thoughts counted; NaN of a rule."""
    seconds: float
    """Wall clock per problem, in batches of 64, on the machine that made the table; NaN of a rule."""

    def published(self, task: str) -> tuple[float, float, float] | None:
        """The paper's accuracy and its standard deviation, in percent, and tokens of a model trained in this way."""
        control, mixed_otherwise = self.removed or self.model == UNTRAINED, self.mixed and self.method != "coconut"
        if control or mixed_otherwise or self.thoughts_per_step != 1:
            return None
        paper = TABLE_1.get(task, {}).get(self.method)
        if paper and self.mixed and task == ANALYSED:
            return FIGURE_5_ACCURACY[6], np.nan, paper[2]
        return paper


@dataclass(frozen=True)
class MethodTable:
    """The rows of Table 1; the others are compared with the first."""

    entries: tuple[Entry, ...]
    task: str
    """Name of the problems' task."""
    described: str = ""
    """What the problems are like."""

    def frame(self) -> pd.DataFrame:
        """One row for each model and way to answer; all accuracies in [0, 1], the paper's too."""
        first, rows = self.entries[0], []
        labels = distinct_labels([entry.label for entry in self.entries], [entry.model for entry in self.entries])
        for entry, label in zip(self.entries, labels, strict=True):
            n, right = len(entry.correct), int(entry.correct.sum())
            low, high = wilson(right, n)
            lost = int((first.correct & ~entry.correct).sum())
            won = int((~first.correct & entry.correct).sum())
            difference = paired_difference(lost, won, n)
            paper = entry.published(self.task)
            rows.append(
                {
                    "model": entry.model,
                    "method": entry.method,
                    "label": label,
                    "thoughts": entry.thoughts,
                    "n": n,
                    "correct": right,
                    "accuracy": right / n,
                    "low": low,
                    "high": high,
                    "right_where_first_is_wrong": won,
                    "wrong_where_first_is_right": lost,
                    **dict(zip(("difference", "difference_low", "difference_high"), difference, strict=True)),
                    "mcnemar_p": mcnemar(lost, won),
                    "generated_tokens": float(entry.tokens.mean()),
                    "seconds": entry.seconds,
                    "paper_accuracy": paper[0] / 100 if paper else np.nan,
                    "paper_std": paper[1] / 100 if paper else np.nan,
                    "paper_tokens": paper[2] if paper else np.nan,
                }
            )
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """A row for each entry: its accuracy with the Wilson interval, and the paper's with its standard deviation."""
        frame = self.frame()
        rows = list(range(len(frame)))
        figure = chart(
            f"Accuracy of every method, n = {frame['n'][0]}",
            f"disc: these models, {self.described} (95% Wilson)"
            + beside(self.task),
            height=150 + 34 * len(frame),
            left=300,
            right=330,
        )
        figure.add_scatter(
            x=frame["paper_accuracy"],
            y=rows,
            error_x={"array": frame["paper_std"], "color": LIGHT.faint, "thickness": 1, "width": 3},
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": LIGHT.muted},
            name="paper",
            hovertemplate="paper: %{x:.3f}<extra></extra>",
        )
        figure.add_scatter(
            x=frame["accuracy"],
            y=rows,
            error_x=error_bars(frame, "accuracy", color=LIGHT.scale[3], thickness=2, width=5),
            mode="markers",
            marker={"size": 10, "color": LIGHT.scale[3]},
            name="ours",
            hovertemplate="ours: %{x:.3f}<extra></extra>",
        )
        for row, entry in frame.iterrows():
            text = _summary(entry, compared=row > 0)
            note(figure, text, x=1.01, y=row, xref="paper", yref="y", xanchor="left")
        accuracy_axes(figure, list(frame["label"]), self.task)
        return figure.update_layout(showlegend=False)

    def caption(self) -> str:
        """Every accuracy, with its difference from the first row and from the paper."""
        frame = self.frame()
        parts = []
        for index, row in frame.iterrows():
            part = f"{row['label'].strip()} {row['accuracy']:.1%}"
            if index:
                part += f" ({100 * row['difference']:+.1f} points"
            if row["paper_accuracy"] > 0:
                gap = 100 * (row["accuracy"] - row["paper_accuracy"])
                part += f"{', ' if index else ' ('}{gap:+.1f} from the paper's"
            parts.append(part + (")" if "(" in part else ""))
        return (
            f"{'; '.join(parts)}. In brackets the difference from the first row and from the published number of the "
            f"method. Neither the numbers nor their order need agree: the paper's models are pretrained GPT-2 on "
            f"{DATASETS.get(self.task, 'other tasks')}, and these answer {self.described or 'other problems'}."
        )


def beside(task: str) -> str:
    """What stands beside the models in a table of a task's accuracies, for its subtitle."""
    chance = TASKS[task].chance
    paper = f" · diamond: GPT-2 on {DATASETS[task]} (± sd)" if task in DATASETS else ""
    return paper + (f" · dashed: {chance[1]}" if chance else "")


def accuracy_axes(figure: go.Figure, labels: Sequence[str], task: str) -> None:
    """A row for each label from the top down, accuracies from 0 to 1, and a dashed line at the task's chance."""
    if chance := TASKS[task].chance:
        figure.add_vline(x=chance[0], line={"color": LIGHT.faint, "dash": "dash", "width": 1.5})
    figure.update_xaxes(
        title_text="accuracy: share of answers right to the letter", range=[-0.03, 1.03], tickformat=".0%"
    )
    rows = list(range(len(labels)))
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(labels) - 0.5, -0.5], showgrid=False)


def method_table(models: Sequence[tuple[str, Checkpoint]], problems: Sequence[Problem]) -> MethodTable:
    """Let every (name, checkpoint) answer `problems`; the others are compared with the first."""
    if not models or not problems:
        raise InputError("The table needs at least one model and one problem; give both.")
    entries = [entry for name, checkpoint in models for entry in answered(name, checkpoint, problems)]
    return table_of((*entries, *controls(models[0][1], problems)), problems)


def table_of(entries: Sequence[Entry], problems: Sequence[Problem]) -> MethodTable:
    """The table of what models answered on `problems`."""
    task = task_of(problems)
    return MethodTable(tuple(entries), task.name, task.describe(problems))


def table_1(study: Study) -> MethodTable:
    """The table of a study."""
    return method_table([(s.name, s.checkpoint) for s in study.subjects if s.role != "untrained"], study.problems)


def answered(
    name: str, checkpoint: Checkpoint, problems: Sequence[Problem], progress: Progress | None = None
) -> tuple[Entry, ...]:
    """A model's answers after all its thoughts and, if it has slots, after none.

    `progress` is called after each batch with the number of problems that are done, for each of the two. `InputError`
    names the model where it cannot read a problem.
    """
    thoughts = {checkpoint.label: checkpoint.max_thoughts}
    if checkpoint.max_thoughts:
        thoughts[f"   {checkpoint.label}, slots removed"] = 0
    try:
        return tuple(_entry(name, label, checkpoint, problems, k, progress=progress) for label, k in thoughts.items())
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def controls(
    checkpoint: Checkpoint, problems: Sequence[Problem], progress: Progress | None = None
) -> tuple[Entry, ...]:
    """Random weights in the shape of a model, and the rules of the problems' task."""
    random = untrained(checkpoint)
    entry = _entry(UNTRAINED, "Untrained", random, problems, random.max_thoughts, LONGEST_UNTRAINED, progress)
    return (entry, *(_rule_entry(rule, problems) for rule in task_of(problems).rules))


def _rule_entry(rule: Rule, problems: Sequence[Problem]) -> Entry:
    right = np.array([rule.is_right(problem) for problem in problems])
    return Entry("", rule.name, rule.label, 0, 1, False, False, right, np.full(len(problems), np.nan), np.nan)


def _entry(
    name: str,
    label: str,
    checkpoint: Checkpoint,
    problems: Sequence[Problem],
    thoughts: int,
    max_new_tokens: int = 128,
    progress: Progress | None = None,
) -> Entry:
    model = checkpoint.model
    # What a first batch costs once is not part of the time.
    answers(model, problems[:WARM_UP], ks=(thoughts,), max_new_tokens=max_new_tokens)
    start = time.perf_counter()
    written = answers(model, problems, ks=(thoughts,), max_new_tokens=max_new_tokens, progress=progress)
    return Entry(
        name,
        model.method.name,
        label,
        thoughts,
        checkpoint.thoughts_per_step,
        bool(checkpoint.mixed),
        thoughts < checkpoint.max_thoughts,
        written.correct[:, 0],
        written.tokens[:, 0] + float(model.method.slot_count(thoughts)),
        (time.perf_counter() - start) / len(problems),
    )


def _summary(entry: pd.Series, *, compared: bool) -> str:
    """A row of the frame in words: accuracy, tokens and, where it is `compared`, the difference from the first row."""
    text = f"{entry['accuracy']:.1%}"
    if entry["generated_tokens"] > 0:
        text += f" · {entry['generated_tokens']:.1f} tokens"
    if compared:
        difference, low, high = (100 * entry[f"difference{end}"] for end in ("", "_low", "_high"))
        # A p that is too small for a float is not zero.
        p = f"= {entry['mcnemar_p']:.2g}" if entry["mcnemar_p"] > 0 else "< 1e-300"
        text += f" · {difference:+.1f} ({low:+.1f} to {high:+.1f}), p {p}"
    return text
