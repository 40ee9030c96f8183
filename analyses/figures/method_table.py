"""The paper's Table 1: accuracy and generated tokens of every method, beside the published numbers.

Each model answers after the number of thoughts that it was trained to end with (6 on ProsQA, whatever the path's
length; thoughts count as tokens). Models with slots have a second row, the same weights with the slots left out at
test time: the control that says whether they use their thoughts. The last rows are controls too: random weights in the
first model's shape, and a rule without a model, to choose the candidate with fewer parents (of equals the one named
first), which is a shortcut of ProsQA's graphs. The dashed line is the chance of an answer that names one of the two.
The difference from the first model is paired, on the same problems, with its 95% interval (Agresti and Min) and
McNemar's exact two-sided p.

The paper's models are GPT-2 small, pretrained, on graphs of 23 nodes; the bundled ones are from scratch on smaller
ones. Its numbers are those of Table 1, but for a Coconut with mixed stages, which is its analysis model of figure 5.
Tokens are words here and byte pairs there, and we count pauses, which the paper seems not to.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool, Float

from analyses.drawing.chart import chart, note
from analyses.drawing.palette import LIGHT
from analyses.figures.graph_statistics import world_of
from analyses.figures.published import FIGURE_5_ACCURACY, TABLE_1
from analyses.readings.intervals import mcnemar, paired_difference, wilson
from analyses.readings.study import LONGEST, UNTRAINED, Study, told_apart, untrained
from coconut_core.encoding import Problem
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.questions import Task, task_of

OFFICIAL: dict[Task, str] = {"prosqa": "official ProsQA", "gsm8k": "GSM8k"}
"""Tasks with published numbers."""
WARMED = 8
"""Problems that a model answers before it is timed."""
Progress = Callable[[int], None]
"""Hears how many problems are done."""


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
    """Wall clock a problem, in batches of 64, on the machine that made the table; NaN of a rule."""


@dataclass(frozen=True)
class MethodTable:
    """The rows of Table 1; the first is the one that others are compared with."""

    entries: tuple[Entry, ...]
    world: str = ""
    """What the problems are like."""
    task: Task = "prosqa"

    def frame(self) -> pd.DataFrame:
        """One row a model and way to answer; accuracies in [0, 1], the paper's too."""
        first, rows, published = self.entries[0], [], TABLE_1.get(self.task, {})
        labels = told_apart([entry.label for entry in self.entries], [entry.model for entry in self.entries])
        for entry, label in zip(self.entries, labels, strict=True):
            n, right = len(entry.correct), int(entry.correct.sum())
            low, high = wilson(right, n)
            lost = int((first.correct & ~entry.correct).sum())
            won = int((~first.correct & entry.correct).sum())
            difference = paired_difference(lost, won, n)
            paper = None if entry.removed or entry.model == UNTRAINED else published.get(entry.method)
            if entry.thoughts_per_step != 1 or (entry.mixed and entry.method != "coconut"):
                paper = None
            elif paper and entry.mixed and self.task == "prosqa":
                paper = (FIGURE_5_ACCURACY[6], np.nan, paper[2])
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
        """A row an entry: ours with its Wilson interval, the paper's with its standard deviation."""
        frame = self.frame()
        rows = list(range(len(frame)))
        figure = chart(
            f"Accuracy of every method, n = {frame['n'][0]}",
            f"disc: these models, {self.world} (95% Wilson)"
            + (f" · diamond: GPT-2 on {OFFICIAL[self.task]} (± sd)" if self.task in OFFICIAL else "")
            + (" · dashed: one of the two at random" if self.task == "prosqa" else ""),
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
            error_x={
                "array": frame["high"] - frame["accuracy"],
                "arrayminus": frame["accuracy"] - frame["low"],
                "color": LIGHT.scale[3],
                "thickness": 2,
                "width": 5,
            },
            mode="markers",
            marker={"size": 10, "color": LIGHT.scale[3]},
            name="ours",
            hovertemplate="ours: %{x:.3f}<extra></extra>",
        )
        for row, entry in frame.iterrows():
            p = ""
            if row:
                low, high = 100 * entry["difference_low"], 100 * entry["difference_high"]
                p = f" · {100 * entry['difference']:+.1f} ({low:+.1f} to {high:+.1f}), p {_told(entry['mcnemar_p'])}"
            tokens = f" · {entry['generated_tokens']:.1f} tokens" if entry["generated_tokens"] > 0 else ""
            text = f"{entry['accuracy']:.1%}{tokens}{p}"
            note(figure, text, x=1.01, y=row, xref="paper", yref="y", xanchor="left")
        if self.task == "prosqa":
            figure.add_vline(x=0.5, line={"color": LIGHT.faint, "dash": "dash", "width": 1.5})
        figure.update_xaxes(
            title_text="accuracy: share of answers right to the letter", range=[-0.03, 1.03], tickformat=".0%"
        )
        figure.update_yaxes(
            tickvals=rows, ticktext=list(frame["label"]), range=[len(frame) - 0.5, -0.5], showgrid=False
        )
        return figure.update_layout(showlegend=False)

    def caption(self) -> str:
        """The first model against its own weights without slots, and against the paper."""
        frame = self.frame()
        parts = []
        for index, row in frame.iterrows():
            told = f"{row['label'].strip()} {row['accuracy']:.1%}"
            if index:
                told += f" ({100 * row['difference']:+.1f} points"
            if row["paper_accuracy"] > 0:
                gap = 100 * (row["accuracy"] - row["paper_accuracy"])
                told += f"{', ' if index else ' ('}{gap:+.1f} from the paper's"
            parts.append(told + (")" if "(" in told else ""))
        return (
            f"{'; '.join(parts)}. In brackets the difference from the first row and from the published number of the "
            f"method. Neither the numbers nor their order need agree: the paper's models are pretrained GPT-2 on "
            f"{OFFICIAL.get(self.task, 'other tasks')}, and these answer {self.world or 'other problems'}."
        )


def method_table(models: Sequence[tuple[str, CoconutModel]], problems: Sequence[Problem]) -> MethodTable:
    """Let every (name, model) answer `problems`; the first model is the one that others are compared with."""
    if not models or not problems:
        raise InputError("The table needs at least one model and one problem; give both.")
    entries = [entry for name, model in models for entry in answered(name, model, problems)]
    return MethodTable((*entries, *controls(models[0][1], problems)), world_of(problems), task_of(problems))


def table_1(study: Study) -> MethodTable:
    """The table of a study."""
    return method_table([(s.name, s.model) for s in study.subjects if s.role != "untrained"], study.problems)


def answered(
    name: str, model: CoconutModel, problems: Sequence[Problem], progress: Progress | None = None
) -> tuple[Entry, ...]:
    """A model's answers after all its thoughts and, if it has slots, after none.

    `progress` hears after each batch how many problems are done, for each of the two. `InputError` names the model
    where it cannot read a problem.
    """
    asked = {model.label: model.max_thoughts}
    if model.max_thoughts:
        asked[f"   {model.label}, slots removed"] = 0
    try:
        return tuple(_entry(name, label, model, problems, k, progress=progress) for label, k in asked.items())
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def controls(model: CoconutModel, problems: Sequence[Problem], progress: Progress | None = None) -> tuple[Entry, ...]:
    """Random weights in the shape of `model` and, where there are graphs, the rule of fewer parents."""
    random = untrained(model)
    chance = _entry(UNTRAINED, "Untrained", random, problems, random.max_thoughts, LONGEST, progress)
    if task_of(problems) != "prosqa":
        return (chance,)
    blank = np.full(len(problems), np.nan)
    right = np.array([_with_fewer_parents(problem) == problem.target for problem in problems])
    rule = Entry("", "fewer_parents", "Rule: fewer parents", 0, 1, False, False, right, blank, np.nan)
    return chance, rule


def _entry(
    name: str,
    label: str,
    model: CoconutModel,
    problems: Sequence[Problem],
    thoughts: int,
    max_new_tokens: int = 128,
    progress: Progress | None = None,
) -> Entry:
    # What a first batch costs once is no part of the time.
    answers(model, problems[:WARMED], ks=(thoughts,), max_new_tokens=max_new_tokens)
    start = time.perf_counter()
    told = answers(model, problems, ks=(thoughts,), max_new_tokens=max_new_tokens, progress=progress)
    return Entry(
        name,
        model.method.name,
        label,
        thoughts,
        model.card.get("thoughts_per_step", 1),
        bool(model.card.get("run", {}).get("uniform_prob", 0.0)),
        thoughts < model.max_thoughts,
        told.correct[:, 0],
        told.tokens[:, 0] + float(model.method.slot_count(thoughts)),
        (time.perf_counter() - start) / len(problems),
    )


def _told(p: float) -> str:
    """A p that is smaller than any number is not nought."""
    return f"= {p:.2g}" if p > 0 else "< 1e-300"


def _with_fewer_parents(problem: ProsqaProblem) -> int:
    return min(problem.choices, key=problem.graph.in_degree)
