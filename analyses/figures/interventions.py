"""Does the model use its thoughts? Accuracy after a thought was changed, and how many answers flip.

Before the answer, what is fed into one slot, or into all of them, is replaced; later thoughts follow from the change.

    zero     the zero vector
    mean     the mean thought of that position over the problems
    noise    a random direction of the thought's own length
    blur     the thought plus such a direction
    swap     the thought of another problem, the one before in the set
    freeze   the thought before it once more (from the second on)
    remove   the thought itself, but nothing that comes later attends to its slot (the next thought is still its own)

Accuracy with its Wilson interval, and flips, the answers that are not what they were without the change, stand beside
n at every position: all problems think the same number of thoughts, so that no position has fewer. Controls are the
clean run, and all thoughts changed at once in every other subject. In a model with pauses what is fed is always the
same embedding, so that swap, mean and freeze change nothing there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from plotly.subplots import make_subplots
from torch import Tensor

from analyses.drawing.chart import STYLES, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.study import Study, Subject
from coconut_core.errors import InputError
from coconut_core.generation import answers, final_answer
from coconut_core.model import Edit
from coconut_core.stopping import thought_states

KINDS = ("zero", "mean", "noise", "blur", "swap", "freeze", "remove")
SEED = 0
MOST = 200
"""Problems at most: a model whose thoughts were changed often never ends its text, which takes long."""
LONGEST = 48
"""Tokens of an answer at most; a chain of six steps and an answer are fewer."""


@dataclass(frozen=True)
class Interventions:
    """Answers after changes of thoughts."""

    labels: tuple[str, ...]
    table: pd.DataFrame
    """One row a subject, kind ("none" is the clean run) and position (0 is all thoughts)."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Left, accuracy by the position that was changed, a line a kind; right, all thoughts changed, all subjects."""
        own = self.table[self.table["subject"] == self.labels[0]]
        titles = ["one thought changed", "all thoughts changed"]
        grid = make_subplots(1, 2, column_widths=[0.52, 0.48], shared_yaxes=True, column_titles=titles)
        for index, kind in enumerate(KINDS):
            line = own[(own["kind"] == kind) & (own["position"] > 0)]
            colour, dash, symbol = STYLES[index]
            grid.add_scatter(
                x=line["position"],
                y=line["accuracy"],
                error_y={"array": line["high"] - line["accuracy"], "arrayminus": line["accuracy"] - line["low"]},
                name=kind,
                legendgroup=kind,
                mode="lines+markers",
                line={"color": colour, "dash": dash},
                marker={"symbol": symbol, "size": 8, "color": colour},
                row=1,
                col=1,
            )
            everywhere = self.table[(self.table["kind"] == kind) & (self.table["position"] == 0)]
            grid.add_scatter(
                x=[place + (index - (len(KINDS) - 1) / 2) * 0.11 for place in range(len(everywhere))],
                y=everywhere["accuracy"],
                error_y={
                    "array": everywhere["high"] - everywhere["accuracy"],
                    "arrayminus": everywhere["accuracy"] - everywhere["low"],
                    "width": 2,
                },
                name=kind,
                legendgroup=kind,
                showlegend=False,
                mode="markers",
                marker={"symbol": symbol, "size": 10, "color": colour},
                row=1,
                col=2,
            )
        clean = self.table[self.table["kind"] == "none"]
        line = {"color": LIGHT.ink, "width": 2}
        dash = {"mode": "markers", "marker": {"symbol": "line-ew", "size": 60, "line": line}, "name": "unchanged"}
        grid.add_scatter(x=list(range(len(clean))), y=clean["accuracy"], **dash, row=1, col=2)
        subjects = clean["subject"].str.replace(", ", ",<br>")
        grid.update_xaxes(tickvals=list(range(len(clean))), ticktext=list(subjects), row=1, col=2)
        grid.update_xaxes(range=[-0.6, len(clean) - 0.4], title_text="model", row=1, col=2)
        base = float(clean[clean["subject"] == self.labels[0]]["accuracy"].iloc[0])
        grid.add_hline(y=base, line={"color": LIGHT.faint, "dash": "dash"}, row=1, col=1)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="accuracy after the last thought", row=1, col=1)
        grid.update_xaxes(title_text="position of the changed thought", dtick=1, row=1, col=1)
        n = int(own["n"].iloc[0])
        title = "Does the model use its thoughts?"
        return framed(grid, title, f"{self.labels[0]}, n = {n} at every position, 95% Wilson", height=470, legend=1)

    def caption(self) -> str:
        """What all thoughts swapped, and zeroed, do."""
        own = self.table[(self.table["subject"] == self.labels[0]) & (self.table["position"] == 0)].set_index("kind")
        return (
            f"Accuracy is {own.loc['none', 'accuracy']:.1%} unchanged, {own.loc['swap', 'accuracy']:.1%} with another "
            f"problem's thoughts ({own.loc['swap', 'flips']} answers flip) and {own.loc['zero', 'accuracy']:.1%} with "
            "zeros in their place."
        )


def interventions(study: Study) -> Interventions:
    """Every kind at every position of the model under study; all positions at once in the controls."""
    subjects = study.with_slots(trained=True)
    rows = []
    for subject in subjects:
        count = subject.model.max_thoughts
        clean, fed = _answered(study, subject, None, ()), _fed(study, subject, count)
        rows.append(_row(subject, "none", 0, clean, clean))
        positions = [0, *range(1, count + 1)] if subject is study.model else [0]
        for kind in KINDS:
            for position in positions:
                if kind == "freeze" and position == 1:
                    continue
                changed = range(1, count + 1) if position == 0 else [position]
                if kind == "remove":
                    told = _answered(study, subject, None, changed)
                else:
                    told = _answered(study, subject, edited(kind, changed, fed), ())
                rows.append(_row(subject, kind, position, told, clean))
    return Interventions(tuple(s.label for s in subjects), pd.DataFrame(rows))


def edited(kind: str, positions: Sequence[int], fed_clean: Float[Tensor, "problem thought d_model"]) -> Edit:
    """The edit that changes what is fed at `positions` (from 1); what is fed to a population without it is for mean
    and swap.

    The batch that is edited must hold the problems of `fed_clean`, in their order, for "swap".
    """
    mean = fed_clean.mean(0)
    previous: dict[int, Tensor] = {}

    def edit(k: int, fed: Tensor) -> Tensor:
        before, previous[k] = previous.get(k - 1), fed
        if k not in positions:
            return fed
        if kind == "zero":
            return torch.zeros_like(fed)
        if kind == "mean":
            return mean[k - 1].to(fed).expand_as(fed)
        if kind in ("noise", "blur"):
            # Seeded slot by slot: whoever thinks these thoughts again, for values or words, gets the same ones.
            direction = torch.randn(fed.shape, generator=torch.Generator().manual_seed(SEED + k)).to(fed)
            noise = direction / direction.norm(dim=-1, keepdim=True) * fed.norm(dim=-1, keepdim=True)
            return noise if kind == "noise" else fed + noise
        if kind == "swap":
            return fed_clean[:, k - 1 : k].roll(1, 0).to(fed)
        if kind == "freeze":
            previous[k] = fed if before is None else before
            return previous[k]
        raise InputError(f"kind: {kind!r} changes no thought; give one of {', '.join(KINDS[:-1])}.")

    return edit


def _fed(study: Study, subject: Subject, count: int) -> Float[Tensor, "problem thought d_model"]:
    """What is fed into the slots without a change."""
    thoughts = thought_states(subject.model, study.problems[:MOST], count)
    if subject.model.method.slots == "thought":
        return thoughts
    pause = subject.model.lm.get_input_embeddings().weight[subject.model.tokens.thought].detach().cpu()
    return pause.expand_as(thoughts)


def _answered(study: Study, subject: Subject, edit: Edit | None, removed: Sequence[int]):
    # One batch, so that a swap finds every other problem.
    problems, ks = study.problems[:MOST], (subject.model.max_thoughts,)
    size = {"batch_size": len(problems), "max_new_tokens": LONGEST}
    return answers(subject.model, problems, ks=ks, edit=edit, removed=removed, **size)


def _row(subject: Subject, kind: str, position: int, told, clean) -> dict:
    right, n = int(told.correct.sum()), len(told.text)
    flips = sum(final_answer(a) != final_answer(b) for (a,), (b,) in zip(told.text, clean.text, strict=True))
    low, high = wilson(right, n)
    row = {"subject": subject.label, "kind": kind, "position": position, "n": n, "accuracy": right / n}
    return {**row, "low": low, "high": high, "flips": flips}
