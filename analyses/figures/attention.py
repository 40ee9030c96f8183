"""Where a thought looks: attention to the facts by what they lead to (Zhu et al., arXiv 2505.12514).

Thought k is computed at the position before slot k. That position's attention to every token of a fact "Every u is a v"
is summed over the sentence and over heads, layer by layer, and averaged over the facts of a class: not reachable, u is
not among the nodes within k - 1 steps of the root; reachable, it is; frontier, u is exactly k - 1 steps away, so v
is what thought k may hold next; optimal, the fact is step k of a shortest path to the target. The last three nest.
Zhu et al. report layer 2 of a two-layer model of 8 heads, trained from scratch; their table has a row of its own, and
sums over more heads, so that the order compares and not the height. Classes that fewer than 10 problems have are in the
table alone.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots
from transformers import PreTrainedModel

from analyses.drawing.chart import STYLES, drawn_from, framed
from analyses.figures.published import ATTENTION
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import KS, Study, Subject
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.problems.graph import depths, optimal_nodes
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.text import read_fact

CLASSES = ("not reachable", "reachable", "frontier", "optimal")
BATCH = 32
PUBLISHED = "Zhu et al., 2 layers"


@dataclass(frozen=True)
class Attention:
    """Mean attention of the position that computes a thought to a fact of a class; NaN where there is no such fact."""

    labels: tuple[str, ...]
    attention: Float[np.ndarray, "subject problem layer thought class"]
    """Summed over heads and over the tokens of a fact."""

    def frame(self) -> pd.DataFrame:
        """One row a subject, layer, thought and class: n, mean, bootstrap interval; then the published means."""
        rows = []
        for subject, label in enumerate(self.labels):
            for layer in range(self.attention.shape[2]):
                for thought in range(self.attention.shape[3]):
                    for index, name in enumerate(CLASSES):
                        values = self.attention[subject, :, layer, thought, index]
                        n = int((~np.isnan(values)).sum())
                        if not n:
                            continue
                        rows.append(
                            (label, layer + 1, thought + 1, name, n, np.nanmean(values), *bootstrap_mean(values))
                        )
        for name, means in ATTENTION.items():
            rows += [(PUBLISHED, 2, at, name, np.nan, mean, np.nan, np.nan) for at, mean in enumerate(means, start=1)]
        columns = ["subject", "layer", "thought", "class", "n", "attention", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """A row a subject, a column a layer, a line a class; the published layer beside the first row."""
        frame = self.frame()
        frame = frame[(frame["n"] >= drawn_from(self.attention.shape[1])) | (frame["subject"] == PUBLISHED)]
        layers = self.attention.shape[2]
        rows = [*self.labels, PUBLISHED]
        grid = make_subplots(
            len(rows),
            layers,
            row_titles=[label.replace(", ", ",<br>") for label in rows],
            column_titles=[f"layer {layer + 1}" for layer in range(layers)],
            horizontal_spacing=0.035,
            vertical_spacing=0.06,
        )
        for index, name in enumerate(CLASSES):
            colour, dash, symbol = STYLES[index]
            look = {
                "mode": "lines+markers",
                "line": {"color": colour, "dash": dash},
                "marker": {"symbol": symbol, "size": 6, "color": colour},
                "name": name,
                "legendgroup": name,
            }
            for row, label in enumerate(rows, start=1):
                for layer in range(1, layers + 1):
                    here = (frame["subject"] == label) & (frame["layer"] == layer) & (frame["class"] == name)
                    line = frame[here]
                    bars = {
                        "array": line["high"] - line["attention"],
                        "arrayminus": line["attention"] - line["low"],
                        "width": 2,
                        "thickness": 1,
                    }
                    place = {"row": row, "col": layer, "showlegend": row == 1 and layer == 1}
                    shift = (index - 1.5) * 0.06  # so that bars stand beside each other
                    grid.add_scatter(x=line["thought"] + shift, y=line["attention"], error_y=bars, **look, **place)
        grid.update_yaxes(rangemode="tozero")
        grid.update_xaxes(dtick=1, range=[0.6, KS[-1] + 0.4])
        grid.update_xaxes(title_text="thought", row=len(rows))
        if layers != 2:  # nothing is published of other layers
            for layer in (layer for layer in range(1, layers + 1) if layer != 2):
                grid.update_xaxes(visible=False, row=len(rows), col=layer)
                grid.update_yaxes(visible=False, row=len(rows), col=layer)
        grid.update_yaxes(title_text="attention a fact", col=1)
        return framed(
            grid,
            "Where thoughts look",
            f"summed over heads and over a fact's tokens, mean over facts; {self.attention.shape[1]} problems",
            height=170 + 150 * len(rows),
            legend=1,
        )

    def caption(self) -> str:
        """The layer that tells the frontier from the rest best, for the second thought."""
        second = self.attention[:, :, :, 1]
        if np.isnan(second[..., [0, 2]]).all(axis=(1, 2)).any():
            return "No fact starts one step away from the start, or all facts do, so there is nothing to tell apart."
        means = np.nanmean(second[0], axis=0)
        layer = int(np.nanargmax(means[:, 2] - means[:, 0]))
        parts = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(CLASSES, means[layer], strict=True))
        last = np.nanmean(second[-1, :, layer], axis=0)
        return (
            f"The second thought tells facts of the frontier best from those out of reach in layer {layer + 1}: "
            f"{parts}; in {self.labels[-1]} there {', '.join(f'{mean:.2f}' for mean in last)}."
        )


def attention(study: Study) -> Attention:
    """Attention of every subject that has slots."""
    subjects = study.with_slots()
    deepest = max(subject.model.lm.config.num_hidden_layers for subject in subjects)
    shape = (len(subjects), len(study.problems), deepest, KS[-1], len(CLASSES))
    found = np.full(shape, np.nan)
    for index, subject in enumerate(subjects):
        spans = _spans(subject, study.problems)
        lm = deepcopy(subject.model.lm)  # others may be asking the model meanwhile
        lm.set_attn_implementation("eager")  # the fused kernels do not give weights
        for start in range(0, len(study.problems), BATCH):
            study.report(f"attention of {subject.name}", start / len(study.problems))
            weights, width = _weights(study, subject, lm, start)
            for row in range(weights.shape[1]):
                problem = study.problems[start + row]
                first = width - len(spans[start + row].ids)
                facts = [weights[:, row, :, first + a : first + b].sum(-1) for a, b in spans[start + row].facts]
                by_fact = torch.stack(facts, -1).numpy()
                for thought in range(KS[-1]):
                    for kind, chosen in enumerate(_kinds(problem, spans[start + row].edges, thought + 1)):
                        if chosen:
                            found[index, start + row, : len(by_fact), thought, kind] = by_fact[:, thought, chosen].mean(
                                -1
                            )
    return Attention(tuple(subject.label for subject in subjects), found)


def _weights(
    study: Study, subject: Subject, lm: PreTrainedModel, start: int
) -> tuple[Float[torch.Tensor, "layer row thought key"], int]:
    """Attention, summed over heads, of the positions that compute thoughts 1, 2, ...; and the questions' width.

    `lm` is the subject's language model, set up to give attention.
    """
    model = subject.model
    encoder = Encoder(model.tokenizer, model.method)
    part = study.problems[start : start + BATCH]
    ids, mask = pad_left(encoder.questions([p.question for p in part]), model.tokens.padding, model.device)
    embed = model.lm.get_input_embeddings()
    states = study.thoughts(subject)[start : start + BATCH, :-1].to(model.device)
    if model.method.slots == "pause":
        states = embed(torch.full(states.shape[:2], model.tokens.thought, device=model.device))
    with torch.inference_mode():
        full = torch.cat([mask, mask.new_ones(states.shape[:2])], 1)
        out = lm.base_model(
            inputs_embeds=torch.cat([embed(ids), states.to(embed.weight)], 1),
            attention_mask=full,
            position_ids=(full.cumsum(1) - 1).clamp(min=0),
            output_attentions=True,
        )
    width = ids.shape[1]
    return torch.stack([layer[:, :, width - 1 :].sum(1) for layer in out.attentions]).cpu(), width


@dataclass(frozen=True)
class _Spans:
    ids: list[int]
    facts: list[tuple[int, int]]
    """Columns of each fact, end excluded."""
    edges: list[tuple[int, int]]


def _spans(subject: Subject, problems: Sequence[ProsqaProblem]) -> list[_Spans]:
    """Which tokens each fact takes; sentence by sentence, since the facts of a text stand in its order."""
    encoder, spans = Encoder(subject.model.tokenizer, subject.model.method), []
    for problem in problems:
        ids = encoder.questions([problem.question])[0].ids
        sentences = problem.question.rpartition(". ")[0].split(". ")
        pieces = [f"{'' if at == 0 else ' '}{sentence}." for at, sentence in enumerate(sentences)]
        tokens = encoder.texts(pieces)
        if [token for piece in tokens for token in piece] != ids[: sum(map(len, tokens))]:
            raise InputError("The tokenizer merges words of two sentences; attention to facts cannot be told apart.")
        ends = list(accumulate(map(len, tokens)))
        number = {name: node for node, name in enumerate(problem.names)}
        edges = [tuple(number[name] for name in read_fact(f"{sentence}.")[1:]) for sentence in sentences]
        spans.append(_Spans(ids, list(zip([0, *ends[:-1]], ends, strict=True)), edges))
    return spans


def _kinds(problem: ProsqaProblem, edges: Sequence[tuple[int, int]], k: int) -> tuple[list[int], ...]:
    """Facts of each class when thought k is computed."""
    depth, optimal = depths(problem.graph, problem.root), optimal_nodes(problem.graph, problem.root, problem.target)
    within = [at for at, (source, _) in enumerate(edges) if depth.get(source, k) <= k - 1]
    beyond = [at for at in range(len(edges)) if at not in within]
    frontier = [at for at in within if depth[edges[at][0]] == k - 1]
    best = [at for at in frontier if edges[at][1] in optimal and edges[at][0] in optimal and depth[edges[at][1]] == k]
    return beyond, within, frontier, best
