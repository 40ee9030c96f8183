"""What a thought says when it is read as a word (paper figure 4 of v2; figure 9 from v3 on).

The language head is applied to thought k itself, the final hidden state before slot k, and its most probable words are
listed for the problem of figures 6 and 7. Over all problems, the probability is summed by class of node: the thought's
own frontier (exactly k steps from the root), the one before (k - 1 steps), other nodes that can be reached, nodes that
cannot, and words that are not a node of the graph. Nothing in the training asks a thought to be a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.name_tree import name_tokens
from analyses.readings.node_classes import BY_ROW, row_class
from analyses.readings.study import Study, Subject
from coconut_core.encoding import Encoder

Words = tuple[tuple[tuple[str, float], ...], ...]
"""For each thought, its most probable words with their probabilities."""
CLASSES = (*BY_ROW, "no node")
LOOKS = (
    (LIGHT.scale[4], ""),
    (LIGHT.scale[2], ""),
    (LIGHT.scale[0], ""),
    (LIGHT.distractor, ""),
    (LIGHT.fainter, "/"),
)
"""Colour and hatch of each class."""
LISTED_WORDS = 3
"""Most probable words that are listed of each thought."""


@dataclass(frozen=True)
class ThoughtDecoding:
    """Thoughts through the language head: probability by class on all problems, and the words of one problem."""

    labels: tuple[str, ...]
    mass: Float[np.ndarray, "subject problem thought class"]
    """Probability by class, in the order of `CLASSES`; sums to 1."""
    words: Words
    """Those of the model under study on one problem."""
    asked: str
    """What that problem asks: the example of figures 6 and 7."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, thought and class: n, mean mass, bootstrap interval; then one for each word."""
        rows = []
        for subject, label in enumerate(self.labels):
            for thought in range(self.mass.shape[2]):
                for index, name in enumerate(CLASSES):
                    values = self.mass[subject, :, thought, index]
                    low, high = bootstrap_mean(values)
                    rows.append((label, thought + 1, name, len(values), values.mean(), low, high))
        for thought, words in enumerate(self.words):
            rows += [(self.labels[0], thought + 1, f"word: {word}", 1, p, np.nan, np.nan) for word, p in words]
        return pd.DataFrame(rows, columns=["subject", "thought", "what", "n", "mass", "low", "high"])

    def figure(self) -> go.Figure:
        """Left, the words of each thought on one problem; right, mass by class, a panel for each subject."""
        names = [label.replace(", ", ",<br>") for label in self.labels]
        grid = make_subplots(
            1,
            1 + len(self.labels),
            column_widths=[0.34, *[0.66 / len(self.labels)] * len(self.labels)],
            column_titles=[f"words of the thoughts on<br>{for_plotly(self.asked)}", *names],
            horizontal_spacing=0.015,
        )
        draw_words(grid, self.words, self._thoughts)
        self._draw_masses(grid)
        grid.update_layout(barmode="stack")
        grid.update_yaxes(autorange="reversed")
        for column in range(len(self.labels)):
            grid.update_yaxes(showticklabels=False, row=1, col=2 + column)
            grid.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], row=1, col=2 + column)
        grid.update_xaxes(title_text="mean probability", row=1, col=2)
        grid.update_xaxes(title_text="rank of the word", row=1, col=1)
        return framed(
            grid,
            "Thoughts read as words",
            f"language head on the thought itself; classes by distance from the root, n = {self.mass.shape[1]}",
            height=450,
            left=90,
            legend=2,
        )

    @property
    def _thoughts(self) -> list[str]:
        return [f"thought {thought + 1}" for thought in range(self.mass.shape[2])]

    def _draw_masses(self, grid: go.Figure) -> None:
        for subject in range(len(self.labels)):
            for index, (name, (colour, hatch)) in enumerate(zip(CLASSES, LOOKS, strict=True)):
                pattern = {"shape": hatch, "fgcolor": LIGHT.muted, "bgcolor": colour, "size": 5}
                grid.add_bar(
                    x=self.mass[subject, :, :, index].mean(0),
                    y=self._thoughts,
                    orientation="h",
                    marker={"color": colour, "pattern": pattern},
                    name=name,
                    legendgroup=name,
                    showlegend=subject == 0,
                    row=1,
                    col=2 + subject,
                )

    def caption(self) -> str:
        """The mass of the second thought on its frontier and on the row before, and that of the last control."""
        own, before, beside = self.mass[0, :, 1, 0].mean(), self.mass[0, :, 1, 1].mean(), self.mass[-1, :, 1]
        control = f"; {self.labels[-1]} puts {beside[:, 0].mean():.2f} and {beside[:, 1].mean():.2f} there"
        return (
            f"Read as a word, the second thought puts {own:.2f} of its probability on its own frontier, the nodes two "
            f"steps away, and {before:.2f} on the one before, the root's children"
            f"{control if len(self.labels) > 1 else ''}."
        )


def thought_decoding(study: Study) -> ThoughtDecoding:
    """Read the thoughts of every subject that has slots through its own language head."""
    subjects = study.with_slots()
    masses = np.stack([_mass(study, subject) for subject in subjects])
    example = study.example()[0]
    asked = study.problems[example].asked()
    return ThoughtDecoding(tuple(subject.label for subject in subjects), masses, likeliest_words(study, example), asked)


@torch.inference_mode()
def _mass(study: Study, subject: Subject) -> Float[np.ndarray, "problem thought class"]:
    """Probability of each class, read from each thought on each problem."""
    model = subject.model
    encoder = Encoder(model.tokenizer, model.method)
    states = study.thoughts(subject)
    probability = model.logits(states.to(model.device)).double().softmax(-1).cpu().numpy()
    mass = np.zeros((*states.shape[:2], len(CLASSES)))
    for index, problem in enumerate(study.problems):
        # A name of several tokens is read by its first, whose probability is shared among the names that begin with it.
        first, depth = name_tokens(encoder, problem), problem.depth
        for thought in range(states.shape[1]):
            for node, token in enumerate(first):
                kind = row_class(depth.get(node), thought + 1)
                mass[index, thought, kind] += probability[index, thought, token] / first.count(token)
    mass[..., -1] = np.maximum(0, 1 - mass[..., :-1].sum(-1))
    return mass


@torch.inference_mode()
def likeliest_words(study: Study, problem: int) -> Words:
    """The most probable words of the thoughts of the model under study on one problem."""
    model = study.model.model
    states = study.thoughts(study.model)[problem]
    top = model.logits(states.to(model.device)).softmax(-1).cpu().topk(LISTED_WORDS)
    return tuple(
        tuple((model.tokenizer.decode([int(token)]), float(p)) for p, token in zip(*pair, strict=True))
        for pair in zip(top.values, top.indices, strict=True)
    )


def draw_words(grid: go.Figure, words: Words, thoughts: Sequence[str]) -> None:
    """A row for each of `thoughts` with its most probable words, in the first panel of `grid`."""
    grid.add_heatmap(
        x=[str(rank + 1) for rank in range(LISTED_WORDS)],
        y=thoughts,
        z=[[p for _, p in row] for row in words],
        text=[[f"{for_plotly(word)} {p:.2f}" if p >= 0.005 else "" for word, p in row] for row in words],
        texttemplate="%{text}",
        textfont={"size": 11},
        colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[1])],
        zmin=0,
        zmax=1,
        showscale=False,
        row=1,
        col=1,
    )
