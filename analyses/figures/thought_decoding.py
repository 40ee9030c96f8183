"""What a thought says when it is read as a word (paper figure 4 of v2; figure 9 from v3 on).

The language head is applied to thought k itself, the vector that is fed into slot k, and its most probable words are
listed, for the case of figures 6 and 7. Over all problems, the probability is summed by the classes of nodes: the
thought's own frontier (distance exactly k from the root), the one before (distance k - 1), the rest of what the root
reaches, the nodes it cannot reach, words that are no node of the graph. Nothing in the training asks a thought to be a
word.
"""

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
from analyses.figures.one_problem.search_tree import chosen_problem
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import Study
from coconut_core.encoding import Encoder
from coconut_core.problems.graph import depths

CLASSES = {
    "frontier": (LIGHT.scale[4], ""),
    "the one before": (LIGHT.scale[2], ""),
    "reachable otherwise": (LIGHT.scale[0], ""),
    "not reachable": (LIGHT.distractor, ""),
    "no node": (LIGHT.fainter, "/"),
}
SHOWN = 3
"""Most probable words that are listed."""


@dataclass(frozen=True)
class ThoughtDecoding:
    """Thoughts through the language head: mass by class over all problems, and the words of one problem."""

    labels: tuple[str, ...]
    mass: Float[np.ndarray, "subject problem thought class"]
    """Probability by class, in the order of `CLASSES`; sums to 1."""
    words: tuple[tuple[tuple[str, float], ...], ...]
    """Of the model under study on one problem: the most probable words of each thought."""
    asked: str
    """What that problem asks: the case of figures 6 and 7."""

    def frame(self) -> pd.DataFrame:
        """One row a subject, thought and class: n, mean mass and its bootstrap interval; then the words."""
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
        """Left, the words of each thought on one problem; right, mass by class, a panel a subject."""
        thoughts, names = self.mass.shape[2], [label.replace(", ", ",<br>") for label in self.labels]
        grid = make_subplots(
            1,
            1 + len(self.labels),
            column_widths=[0.34, *[0.66 / len(self.labels)] * len(self.labels)],
            column_titles=[f"words of the thoughts on<br>{for_plotly(self.asked)}", *names],
            horizontal_spacing=0.015,
        )
        table = [[f"{for_plotly(word)} {p:.2f}" if p >= 0.005 else "" for word, p in words] for words in self.words]
        grid.add_heatmap(
            x=[str(rank + 1) for rank in range(SHOWN)],
            y=[f"thought {k + 1}" for k in range(thoughts)],
            z=[[p for _, p in words] for words in self.words],
            text=table,
            texttemplate="%{text}",
            textfont={"size": 11},
            colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[1])],
            zmin=0,
            zmax=1,
            showscale=False,
            row=1,
            col=1,
        )
        for subject in range(len(self.labels)):
            for index, (name, (colour, hatch)) in enumerate(CLASSES.items()):
                grid.add_bar(
                    x=self.mass[subject, :, :, index].mean(0),
                    y=[f"thought {k + 1}" for k in range(thoughts)],
                    orientation="h",
                    marker={
                        "color": colour,
                        "pattern": {"shape": hatch, "fgcolor": LIGHT.muted, "bgcolor": colour, "size": 5},
                    },
                    name=name,
                    legendgroup=name,
                    showlegend=subject == 0,
                    row=1,
                    col=2 + subject,
                )
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

    def caption(self) -> str:
        """The mass on the frontier of the first two thoughts."""
        own, before, untrained = self.mass[0, :, 1, 0].mean(), self.mass[0, :, 1, 1].mean(), self.mass[-1, :, 1]
        return (
            f"Read as a word, the second thought puts {own:.2f} of its probability on its own frontier, the nodes two "
            f"steps away, and {before:.2f} on the one before, the root's children; an untrained model puts "
            f"{untrained[:, 0].mean():.2f} and {untrained[:, 1].mean():.2f} there."
        )


def thought_decoding(study: Study) -> ThoughtDecoding:
    """Read the thoughts of every subject that has slots through its own language head."""
    subjects = study.with_slots()
    masses = []
    for subject in subjects:
        model = subject.model
        encoder = Encoder(model.tokenizer, model.method)
        states = study.thoughts(subject)
        mass = np.zeros((*states.shape[:2], len(CLASSES)))
        with torch.inference_mode():
            probability = model.logits(states.to(model.device)).double().softmax(-1).cpu().numpy()
        for index, problem in enumerate(study.problems):
            # A name of several tokens is read by its first, which is all that one thought can be.
            first = encoder.first_tokens(problem.names)
            depth = depths(problem.graph, problem.root)
            for thought in range(states.shape[1]):
                of = probability[index, thought]
                for node, token in enumerate(first):
                    steps = thought + 1 - depth[node] if node in depth else None
                    there = {None: 3, 0: 0, 1: 1}.get(steps, 2)
                    mass[index, thought, there] += of[token] / first.count(token)
        mass[..., 4] = np.maximum(0, 1 - mass[..., :4].sum(-1))
        masses.append(mass)
    model = study.model.model
    case = chosen_problem(study)[0]
    with torch.inference_mode():
        top = model.logits(study.thoughts(study.model)[case].to(model.device)).softmax(-1).cpu().topk(SHOWN)
    words = tuple(
        tuple((model.tokenizer.decode([int(token)]), float(p)) for p, token in zip(*pair, strict=True))
        for pair in zip(top.values, top.indices, strict=True)
    )
    labels = tuple(subject.label for subject in subjects)
    asked = study.problems[case].question.rpartition(". ")[2]
    return ThoughtDecoding(labels, np.stack(masses), words, asked)
