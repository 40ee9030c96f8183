"""What a thought says when it is read as a number (paper figure 4 of v2; figure 9 from v3 on), over all problems.

The language head is applied to thought k itself, the final hidden state before slot k. Its probability of the result of
each step of the written solution, of the answer, and of the numbers that the question gives is set beside that of the
same step's results in all other problems: what a model would put there that knows how large such results are, and
nothing of this problem. The controls are pauses, which are read at the same place, and an untrained model. A number of
several tokens is read by its first, as one thought can be no more.

Steps are in the order of the solution; two that need nothing of each other may be thought in the other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import FEWEST_PROBLEMS, framed
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.figures.thought_decoding import Words, draw_words, likeliest_words
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import Study, Subject
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem

BATCH = 32
"""Problems whose distributions are held at once."""
ANSWER, GIVEN = "answer", "given numbers"
BEFORE_A_RESULT = "="


@dataclass(frozen=True)
class ResultDecoding:
    """Thoughts through the language head: probability of the numbers of the solution, and the words of one problem."""

    labels: tuple[str, ...]
    numbers: tuple[str, ...]
    """What is read: "result 1", ..., "answer", "given numbers"."""
    own: Float[np.ndarray, "subject problem thought number"]
    """Probability of this problem's numbers, in [0, 1]; NaN where it has no such step."""
    other: Float[np.ndarray, "subject problem thought number"]
    """Mean probability of those of all other problems; NaN in the same places."""
    words: Words
    """Those of the model under study on one problem."""
    asked: str
    """What that problem asks, and its steps."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, thought and number: n, both means, and their difference with its bootstrap interval
        (paired by problem); then one for each word."""
        rows = []
        for subject, label in enumerate(self.labels):
            for thought in range(self.own.shape[2]):
                for index, name in enumerate(self.numbers):
                    own, other = self.own[subject, :, thought, index], self.other[subject, :, thought, index]
                    own, other = own[~np.isnan(own)], other[~np.isnan(own)]
                    low, high = bootstrap_mean(own - other)
                    means = (own.mean(), other.mean(), (own - other).mean())
                    rows.append((label, thought + 1, name, len(own), *means, low, high))
        for thought, words in enumerate(self.words):
            rows += [(self.labels[0], thought + 1, f"word: {word}", 1, p, *[np.nan] * 4) for word, p in words]
        columns = ["subject", "thought", "what", "n", "mass", "other_problems", "difference", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """Left, the words of each thought on one problem; right, thoughts by numbers, a panel for each subject."""
        frame = self.frame()
        thoughts = [f"thought {thought + 1}" for thought in range(self.own.shape[2])]
        titles = [f"words of the thoughts on<br>{for_plotly(self.asked)}"]
        grid = make_subplots(
            1,
            1 + len(self.labels),
            column_widths=[0.3, *[0.7 / len(self.labels)] * len(self.labels)],
            column_titles=[*titles, *(label.replace(", ", ",<br>") for label in self.labels)],
            horizontal_spacing=0.02,
        )
        draw_words(grid, self.words, thoughts)
        for column, label in enumerate(self.labels):
            cells = frame[(frame["subject"] == label) & frame["what"].isin(self.numbers)]
            by_thought = cells.pivot(index="thought", columns="what", values=["mass", "other_problems", "difference"])
            own, other, difference = (
                by_thought[part][list(self.numbers)].to_numpy() for part in ("mass", "other_problems", "difference")
            )
            grid.add_heatmap(
                x=self.numbers,
                y=thoughts,
                z=difference,
                text=[
                    [f"{a:.2f}<br>{b:.2f}" for a, b in zip(*pair, strict=True)] for pair in zip(own, other, strict=True)
                ],
                texttemplate="%{text}",
                textfont={"size": 10},
                colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[1])],
                zmin=0,
                zmax=0.6,
                showscale=False,
                hovertemplate="%{y}, %{x}<br>this problem's, other problems': %{text}<extra></extra>",
                row=1,
                col=2 + column,
            )
            grid.update_yaxes(showticklabels=False, row=1, col=2 + column)
        grid.update_yaxes(autorange="reversed")
        grid.update_xaxes(title_text="rank of the word", row=1, col=1)
        counts = frame[(frame["subject"] == self.labels[0]) & (frame["thought"] == 1)].set_index("what")["n"]
        least, most = counts[list(self.numbers)].min(), counts[list(self.numbers)].max()
        return framed(
            grid,
            "Thoughts read as numbers",
            "language head on the thought itself: probability of this problem's number, below it of other problems' at "
            f"the same step; shaded: the difference; n = {least} to {most}",
            height=190 + 46 * len(thoughts),
            left=90,
            bottom=90,
        )

    def caption(self) -> str:
        """Which number each thought says most of beyond what other problems' would get, and that of the controls."""
        frame = self.frame()
        frame = frame[frame["what"].isin(self.numbers)]
        parts = []
        for label in self.labels:
            row = frame.loc[frame[frame["subject"] == label]["difference"].idxmax()]
            parts.append(
                f"{label}: thought {row['thought']} says {row['what']} with {row['mass']:.2f}, and that of another "
                f"problem with {row['other_problems']:.2f} (difference {row['difference']:+.3f}, {row['low']:+.3f} to "
                f"{row['high']:+.3f}, n = {row['n']})"
            )
        return (
            "The cell in which each model stands out most from other problems' numbers. " + "; ".join(parts) + ". "
            f"The best of {len(frame) // len(self.labels)} cells each, so a small difference means nothing."
        )


def result_decoding(study: Study) -> ResultDecoding:
    """Read the thoughts of every subject that has slots as numbers; `InputError` where steps compute none."""
    if not all(isinstance(problem, GraphProblem) and problem.results for problem in study.problems):
        raise InputError("The problems' steps compute no numbers; choose problems whose steps are equations.")
    if len(study.problems) < FEWEST_PROBLEMS:
        raise InputError(f"Other problems are the control here; give at least {FEWEST_PROBLEMS} problems.")
    subjects = study.with_slots()
    lengths = np.array([len(problem.results) for problem in study.problems])
    steps = max(n for n in range(1, lengths.max() + 1) if (lengths >= n).sum() >= FEWEST_PROBLEMS)
    numbers = (*(f"result {step + 1}" for step in range(steps)), ANSWER, GIVEN)
    own, other = zip(*(_masses(study, subject, steps) for subject in subjects), strict=True)
    example = study.example()[0]
    problem = study.problems[example]
    asked = f"{problem.asked()}<br>" + " ".join(problem.steps)
    labels = tuple(subject.label for subject in subjects)
    return ResultDecoding(labels, numbers, np.stack(own), np.stack(other), likeliest_words(study, example), asked)


@torch.inference_mode()
def _masses(study: Study, subject: Subject, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each problem's own numbers and of the others', by problem, thought and number."""
    model = subject.model
    tokens = _tokens(Encoder(model.tokenizer, model.method), study.problems, steps)
    states = study.thoughts(subject)[:, : study.model.max_thoughts]
    own = np.full((*states.shape[:2], steps + 2), np.nan)
    other = own.copy()
    counts = torch.zeros(model.lm.get_output_embeddings().weight.shape[0], steps + 2, dtype=torch.float64)
    for row in tokens:
        for number, ids in enumerate(row):
            counts[ids, number] += 1
    having = np.array([sum(bool(row[number]) for row in tokens) for number in range(steps + 2)])
    for start in range(0, len(states), BATCH):
        logits = model.logits(states[start : start + BATCH].to(model.device))
        probability = logits.double().softmax(-1).cpu()
        everyone = (probability @ counts).numpy()
        for index, row in enumerate(tokens[start : start + BATCH]):
            for number, ids in enumerate(row):
                if ids:
                    mine = probability[index, :, ids].sum(-1).numpy()
                    own[start + index, :, number] = mine
                    other[start + index, :, number] = (everyone[index, :, number] - mine) / (having[number] - 1)
    return own, other


def _tokens(encoder: Encoder, problems: Sequence[GraphProblem], steps: int) -> list[list[list[int]]]:
    """For each problem and number, the distinct tokens that it begins with behind "="; [] where there is none."""
    texts = sorted({text for problem in problems for text in (*problem.results, *problem.given_numbers)})
    (before, *behind) = encoder.texts([BEFORE_A_RESULT, *(f"{BEFORE_A_RESULT}{text}" for text in texts)])
    first = {text: ids[len(before)] for text, ids in zip(texts, behind, strict=True)}
    return [
        [
            *([first[text]] if text is not None else [] for text in _padded(problem.results, steps)),
            [first[problem.results[-1]]],
            sorted({first[text] for text in problem.given_numbers}),
        ]
        for problem in problems
    ]


def _padded(results: Sequence[str], steps: int) -> list[str | None]:
    return [*results[:steps], *[None] * (steps - len(results))]
