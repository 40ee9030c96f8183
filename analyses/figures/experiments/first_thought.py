"""Why does zero in the place of thought 1 alone do more harm than zeros in all places?

Two explanations, and the experiments that decide between them, all on the same problems, whose questions are encoded
once:

off-distribution
    No thought is near the zero vector, so that what follows is derailed. Then harm grows with the distance from what
    thoughts are like, and vectors that are like thoughts do none: the mean of thought 1, that of another problem, a
    later thought of the same problem. The zero vector is reached in steps (thought 1 times .75, .5, .25, 0).
hub
    What follows reads thought 1. Then any content but its own does harm, and so does hiding its slot, from the later
    slots or from the words that are written.

Every change is made twice where that differs: *rolled*, where later thoughts follow from it, and *frozen*, where later
slots hold what they hold without it. What is lost when rolled and not when frozen is lost by thoughts that are computed
wrongly. *Later ones only* is the counterpart: thought 1 is its own, the later slots hold what followed from the zero.

Every row has accuracy with its Wilson interval, the difference to the unchanged run on the same problems with the
interval of Agresti and Min, and McNemar's p. The controls are the same zero in each other place, in all places, and the
other subjects with slots. The distance of a vector from what thought 1 can be is that to the nearest thought 1 of
another problem, in units of that distance between thoughts 1 themselves (their median).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from jaxtyping import Bool, Float
from plotly.subplots import make_subplots
from torch import Tensor

from analyses.drawing.chart import STYLES, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import mcnemar, paired_difference, wilson
from analyses.readings.rolled import EncodedQuestions, Feed, Hidden
from analyses.readings.study import Study, Subject

PROBLEMS = 400
"""The first problems of a study, which are answered here."""
GROUPS = ("thought 1, rolled", "thought 1, frozen", "later ones only", "slot 1 hidden", "other places, rolled")
UNCHANGED, OTHERS = "unchanged", "another problem's"
Vectors = Float[Tensor, "problem 1 d_model"]


@dataclass(frozen=True)
class FirstThought:
    """Answers after changes of thought 1."""

    labels: tuple[str, ...]
    table: pd.DataFrame
    """One row a subject and change: its group, n, right, accuracy with its interval, the difference to the unchanged
    run with its interval, McNemar's p, and the distance of what is fed into slot 1."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel a subject: accuracy after every change, group by group."""
        grid = make_subplots(1, len(self.labels), shared_yaxes=True, column_titles=list(self.labels))
        for column, label in enumerate(self.labels, start=1):
            own = self.table[self.table["subject"] == label]
            for index, (group, rows) in enumerate(own.groupby("group", sort=False)):
                colour, _, symbol = STYLES[index]
                grid.add_scatter(
                    x=rows["accuracy"],
                    y=[f"{row.group}: {row.change}" for row in rows.itertuples()],
                    error_x=error_bars(rows, "accuracy"),
                    mode="markers",
                    marker={"symbol": symbol, "size": 9, "color": colour},
                    name=group,
                    showlegend=False,
                    row=1,
                    col=column,
                )
            base = float(own[own["change"] == UNCHANGED]["accuracy"].iloc[0])
            grid.add_vline(base, line={"color": LIGHT.faint, "dash": "dash"}, row=1, col=column)
        grid.update_yaxes(autorange="reversed")
        grid.update_xaxes(range=[-0.02, 1.03], tickformat=".0%", title_text="right answers")
        n = int(self.table["n"].iloc[0])
        return framed(
            grid,
            "What is the first thought needed for?",
            f"rolled: later thoughts follow from the change; frozen: they do not; n = {n}, 95% Wilson",
            height=180 + 22 * int((self.table["subject"] == self.labels[0]).sum()),
            left=290,
        )

    def caption(self) -> str:
        """What zero costs rolled and frozen, what thoughts of other problems cost, and what hiding the slot costs."""
        own = self.table[self.table["subject"] == self.labels[0]].set_index(["group", "change"])

        def said(group: str, change: str) -> str:
            row = own.loc[(group, change)]
            return f"{row['accuracy']:.1%} ({row['low']:.1%} to {row['high']:.1%})"

        rolled, frozen, later, hidden, _ = GROUPS
        distance = {change: own.loc[(rolled, change), "distance"] for change in ("zero", OTHERS)}
        return (
            f"Unchanged {said(UNCHANGED, UNCHANGED)} right, n = {own['n'].iloc[0]}. Zero for thought 1: "
            f"{said(rolled, 'zero')} where later thoughts follow from it, {said(frozen, 'zero')} where they are held, "
            f"{said(later, 'zero')} where they alone are those that followed. Thought 1 of another problem: "
            f"{said(rolled, OTHERS)} and "
            f"{said(frozen, OTHERS)}; its distance is "
            f"{distance[OTHERS]:.1f}, that of zero {distance['zero']:.1f}. Slot 1 "
            f"hidden from all {said(hidden, 'from all')}, from later slots {said(hidden, 'from thoughts')}, from the "
            f"answer {said(hidden, 'from answer')}."
        )


def first_thought(study: Study) -> FirstThought:
    """Every change in every trained subject with slots."""
    subjects = study.with_slots(trained=True)
    rows = [row for subject in subjects for row in _rows(study, subject)]
    return FirstThought(tuple(subject.label for subject in subjects), pd.DataFrame(rows))


def _rows(study: Study, subject: Subject) -> list[dict]:
    questions = EncodedQuestions.of(subject.model, study.problems[:PROBLEMS], subject.max_thoughts)
    clean, first, rows = questions.fed, questions.fed[:, :1], []
    usual = _nearest(first, first)
    unchanged = None
    places = range(1, questions.count + 1)
    _, after_zero = questions.roll(_instead({1: torch.zeros_like(first)}))

    def measure(group: str, change: str, feed: Feed, hidden: dict[int, Hidden] | None = None) -> None:
        nonlocal unchanged
        study.progress(f"{group}, {change}", 0.0)
        run, fed = questions.roll(feed, hidden)
        right = questions.answers(run).correct[:, 0]
        unchanged = right if unchanged is None else unchanged
        row = {"subject": subject.label, "group": group, "change": change, **_counts(unchanged, right)}
        rows.append({**row, "distance": float((_nearest(fed[:, :1], first) / usual).median())})

    rolled, frozen, later, hidden, others = GROUPS
    measure(UNCHANGED, UNCHANGED, lambda k, own: own)
    for change, vectors in _instead_of_first(clean).items():
        measure(rolled, change, _instead({1: vectors}))
        measure(frozen, change, _instead({1: vectors, **{k: clean[:, k - 1 : k] for k in places[1:]}}))
    measure(later, "zero", _instead({k: clean[:, :1] if k == 1 else after_zero[:, k - 1 : k] for k in places}))
    whom: tuple[Hidden, ...] = ("all", "thoughts", "answer")
    for each in whom:
        measure(hidden, f"from {each}", lambda k, own: own, {1: each})
    zero = torch.zeros_like(first)
    for k in places[1:]:
        measure(others, f"zero for {k}", _instead({k: zero}))
    measure(others, "zero for all", lambda k, own: torch.zeros_like(own))
    return rows


def _instead(given: dict[int, Vectors]) -> Feed:
    return lambda k, own: given.get(k, own)


def _instead_of_first(clean: Float[Tensor, "problem thought d_model"]) -> dict[str, Vectors]:
    """What is fed in the place of thought 1, by its name."""
    first = clean[:, :1]
    direction = torch.randn(first.shape, generator=torch.Generator().manual_seed(0)).to(first)
    length = first.norm(dim=-1, keepdim=True)
    scaled = {f"times {factor:g}": factor * first for factor in (0.75, 0.5, 0.25)}
    return {
        **scaled,
        "zero": 0 * first,
        "noise of its length": direction / direction.norm(dim=-1, keepdim=True) * length,
        "mean": first.mean(0, keepdim=True).expand_as(first),
        OTHERS: first.roll(1, 0),
        "thought 2": clean[:, 1:2],
        "the last thought": clean[:, -1:],
    }


def _nearest(vectors: Vectors, others: Vectors) -> Float[Tensor, "problem"]:
    """Distance of each problem's vector to the nearest of the other problems'."""
    distances = torch.cdist(vectors[:, 0].double(), others[:, 0].double())
    return (distances + torch.diag(torch.full((len(distances),), float("inf")).to(distances))).min(1).values.cpu()


def _counts(unchanged: Bool[np.ndarray, "problem"], right: Bool[np.ndarray, "problem"]) -> dict:
    low, high = wilson(int(right.sum()), len(right))
    lost, won = int((unchanged & ~right).sum()), int((right & ~unchanged).sum())
    difference = dict(
        zip(("difference", "difference_low", "difference_high"), paired_difference(lost, won, len(right)), strict=True)
    )
    row = {"n": len(right), "right": int(right.sum()), "accuracy": right.mean(), "low": low, "high": high}
    return {**row, "lost": lost, "won": won, **difference, "mcnemar_p": mcnemar(lost, won)}
