"""Where thoughts look: attention to facts by their class (Zhu et al., arXiv 2505.12514).

Thought k is computed at the position before slot k. The attention of that position to a fact is summed over the tokens
of the fact's sentence and over heads, layer by layer, and averaged over the facts of a class. For a fact (u, v):

    not reachable   u is more than k - 1 steps from the root, or out of its reach
    reachable       u is at most k - 1 steps away
    frontier        u is exactly k - 1 steps away, so that v is what thought k may hold
    optimal         the fact is step k of a shortest path to the target

The last three are nested. Zhu et al. report layer 2 of a two-layer model with 8 heads, trained from scratch; their
numbers have a row of their own. They sum over a different number of heads, so compare the order of the classes and not
their height. Classes that occur in fewer than 10 problems are in the table but not drawn.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots
from transformers import PreTrainedModel

from analyses.drawing.chart import class_style, drawn_from, error_bars, framed
from analyses.figures.published import ATTENTION
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import KS, Study, Subject
from coconut_core.encoding import EncodedQuestion, Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.problems.fact_classes import NESTED, facts_by_class

BATCH = 32
PUBLISHED = "Zhu et al., 2 layers"
PUBLISHED_LAYER = 2


@dataclass(frozen=True)
class Attention:
    """Mean attention from the position that computes a thought to the facts of a class; NaN for an empty class."""

    labels: tuple[str, ...]
    attention: Float[np.ndarray, "subject problem layer thought class"]
    """Summed over heads and over the tokens of a fact. Classes in the order of `NESTED`."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, layer, thought and class: n, mean, bootstrap interval; then the published means."""
        rows = []
        subjects, _, layers, thoughts, _ = self.attention.shape
        for subject, layer, thought, kind in np.ndindex(subjects, layers, thoughts, len(NESTED)):
            values = self.attention[subject, :, layer, thought, kind]
            if n := int((~np.isnan(values)).sum()):
                place = (self.labels[subject], layer + 1, thought + 1, NESTED[kind])
                rows.append((*place, n, np.nanmean(values), *bootstrap_mean(values)))
        for name, means in ATTENTION.items():
            for thought, mean in enumerate(means, start=1):
                rows.append((PUBLISHED, PUBLISHED_LAYER, thought, name, np.nan, mean, np.nan, np.nan))
        columns = ["subject", "layer", "thought", "class", "n", "attention", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """A row for each subject and the published layer, a column for each layer, a line for each class."""
        frame = self.frame()
        enough = frame["n"] >= drawn_from(self.attention.shape[1])
        frame = frame[enough | (frame["subject"] == PUBLISHED)]
        rows, layers = [*self.labels, PUBLISHED], self.attention.shape[2]
        grid = make_subplots(
            len(rows),
            layers,
            row_titles=[label.replace(", ", ",<br>") for label in rows],
            column_titles=[f"layer {layer + 1}" for layer in range(layers)],
            horizontal_spacing=0.035,
            vertical_spacing=0.06,
        )
        for index, name in enumerate(NESTED):
            shift = (index - 1.5) * 0.06  # so that bars stand beside each other
            for row, label in enumerate(rows, start=1):
                for layer in range(1, layers + 1):
                    here = (frame["subject"] == label) & (frame["layer"] == layer) & (frame["class"] == name)
                    line = frame[here]
                    grid.add_scatter(
                        x=line["thought"] + shift,
                        y=line["attention"],
                        error_y=error_bars(line, "attention", width=2, thickness=1),
                        **class_style(index, name, size=6),
                        showlegend=row == 1 and layer == 1,
                        row=row,
                        col=layer,
                    )
        grid.update_yaxes(rangemode="tozero")
        grid.update_xaxes(dtick=1, range=[0.6, KS[-1] + 0.4])
        grid.update_xaxes(title_text="thought", row=len(rows))
        if layers != PUBLISHED_LAYER:
            for layer in (layer for layer in range(1, layers + 1) if layer != PUBLISHED_LAYER):
                grid.update_xaxes(visible=False, row=len(rows), col=layer)
                grid.update_yaxes(visible=False, row=len(rows), col=layer)
        grid.update_yaxes(title_text="attention per fact", col=1)
        return framed(
            grid,
            "Where thoughts look",
            f"summed over heads and over a fact's tokens, mean over facts; {self.attention.shape[1]} problems",
            height=170 + 150 * len(rows),
            legend=1,
        )

    def caption(self) -> str:
        """The layer in which the second thought separates the frontier best from facts out of reach."""
        second = self.attention[:, :, :, 1]
        if np.isnan(second[..., [0, 2]]).all(axis=(1, 2)).any():
            return "No fact starts one step away from the start, or all facts do, so there is nothing to tell apart."
        means = np.nanmean(second[0], axis=0)
        layer = int(np.nanargmax(means[:, 2] - means[:, 0]))
        parts = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(NESTED, means[layer], strict=True))
        last = np.nanmean(second[-1, :, layer], axis=0)
        control = f"; in {self.labels[-1]} there {', '.join(f'{mean:.2f}' for mean in last)}"
        return (
            f"The second thought separates facts of the frontier best from those out of reach in layer {layer + 1}: "
            f"{parts}{control if len(self.labels) > 1 else ''}."
        )


def attention(study: Study) -> Attention:
    """Attention of every subject that has slots; `InputError` where facts are not sentences of their own."""
    subjects = study.with_slots()
    if not all(problem.fact_texts for problem in study.problems):
        raise InputError("The facts are not sentences of their own, so that attention to each cannot be read.")
    layers = max(subject.model.lm.config.num_hidden_layers for subject in subjects)
    found = np.full((len(subjects), len(study.problems), layers, KS[-1], len(NESTED)), np.nan)
    for index, subject in enumerate(subjects):
        for at, to_facts in enumerate(_attention_to_facts(study, subject)):
            problem = study.problems[at]
            for thought in range(KS[-1]):
                for kind, facts in enumerate(facts_by_class(problem, problem.facts, thought + 1)):
                    if facts:
                        found[index, at, : len(to_facts), thought, kind] = to_facts[:, thought, facts].mean(-1)
    return Attention(tuple(subject.label for subject in subjects), found)


def _attention_to_facts(study: Study, subject: Subject) -> Iterator[Float[np.ndarray, "layer thought fact"]]:
    """Attention to each fact, problem by problem, summed over heads and over the fact's tokens."""
    lm = deepcopy(subject.model.lm)  # others may be asking the model meanwhile
    lm.set_attn_implementation("eager")  # the fused kernels do not give weights
    encoder = Encoder(subject.model.tokenizer, subject.method)
    questions = encoder.questions([problem.question for problem in study.problems])
    for start in range(0, len(study.problems), BATCH):
        study.progress(f"attention of {subject.name}", start / len(study.problems))
        batch = slice(start, start + BATCH)
        weights, width = _weights(study, subject, lm, questions[batch], batch)
        for row, (problem, question) in enumerate(zip(study.problems[batch], questions[batch], strict=True)):
            first = width - len(question.ids)
            columns = encoder.fact_columns(problem.fact_texts, question)
            sums = [weights[:, row, :, first + begin : first + end].sum(-1) for begin, end in columns]
            yield torch.stack(sums, -1).numpy()


def _weights(
    study: Study, subject: Subject, lm: PreTrainedModel, questions: list[EncodedQuestion], batch: slice
) -> tuple[Float[torch.Tensor, "layer row thought key"], int]:
    """Attention, summed over heads, of the positions that compute thoughts 1, 2, ...; and the questions' width.

    `questions` are those of the problems in `batch`; `lm` is the subject's language model, set up to give attention.
    """
    model = subject.model
    ids, mask = pad_left(questions, model.tokens.padding, model.device)
    embed = model.lm.get_input_embeddings()
    states = study.thoughts(subject)[batch, :-1].to(model.device)
    with torch.inference_mode():
        full = torch.cat([mask, mask.new_ones(states.shape[:2])], 1)
        out = lm.base_model(
            inputs_embeds=torch.cat([embed(ids), model.slot_content(states.to(embed.weight))], 1),
            attention_mask=full,
            position_ids=(full.cumsum(1) - 1).clamp(min=0),
            output_attentions=True,
        )
    width = ids.shape[1]
    return torch.stack([layer[:, :, width - 1 :].sum(1) for layer in out.attentions]).cpu(), width
