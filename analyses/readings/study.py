"""A study: one set of problems, the model under study and its controls, each computed once however many figures ask.

The controls are the models that are given, and always an untrained one of the same shape; k = 0 is read of every model.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import AutoModelForCausalLM

from analyses.drawing.escaping import for_plotly
from analyses.readings.values import NodeValues, node_values
from coconut_core.encoding import Problem
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.model import CoconutModel
from coconut_core.stopping import thought_states

KS = tuple(range(7))
NO_CANDIDATES = "No problem has a node within reach of its root; give problems with facts about the root."
UNTRAINED = "untrained"
"""Name of the model with random weights."""
LONGEST = 64
"""Tokens that an untrained model writes, which never ends its text."""
Computed = TypeVar("Computed")


@dataclass(frozen=True, eq=False)
class Subject:
    """One model of a study."""

    name: str
    """Name of its folder, or "untrained"."""
    label: str
    """As in figures."""
    role: Literal["model", "control", "untrained", "sweep"]
    model: CoconutModel


class Memory:
    """What has been computed, by key; of more than `most` the one that was asked for longest ago is forgotten.

    Threads may share it: two that ask for the same at once both compute it.
    """

    def __init__(self, most: int | None = None):
        self._most, self._kept, self._lock = most, OrderedDict(), threading.Lock()

    def __call__(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = compute()
        with self._lock:
            self._kept[key] = found
            while self._most is not None and len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


class Study:
    """Problems and subjects, the model under study first; readings are computed when they are first asked for."""

    def __init__(
        self,
        models: Sequence[tuple[str, CoconutModel]],
        problems: Sequence[Problem],
        *,
        sweep: Sequence[tuple[str, CoconutModel]] = (),
        report: Callable[[str, float], None] = lambda what, share: None,
        remember: Callable[[tuple[str, str], Callable[[], Any]], Any] | None = None,
    ):
        """`models` are (name, model); the first is under study. Those of `sweep`, trained with other numbers of
        thoughts a step, are in no figure but that of the sweep. Most figures need `problems` with graphs, as ProsQA's.

        `report` hears what is being computed and how much of it is done, 0 to 1. `remember` is asked for every reading,
        by what it is and the subject's name, with how to compute it: give one to share readings among studies.
        """
        if not models or not problems:
            raise InputError("A study needs at least one model and one problem; give both.")
        names = [UNTRAINED, *(name for name, _ in (*models, *sweep))]
        if twice := [name for name in names if names.count(name) > 1]:
            raise InputError(f"{twice[0]}: two models of a study have this name; rename the folder of one.")
        self.problems = tuple(problems)
        roles: list[Literal["model", "control"]] = ["model", *["control"] * (len(models) - 1)]
        labels = told_apart([model.label for _, model in models], [name for name, _ in models])
        self.subjects = tuple(
            Subject(name, label, role, model) for (name, model), label, role in zip(models, labels, roles, strict=True)
        )
        self.subjects += (Subject(UNTRAINED, "Untrained", "untrained", untrained(models[0][1])),)
        self.sweep = tuple(Subject(name, model.label, "sweep", model) for name, model in sweep)
        self.report = report
        self.remember = remember or Memory()
        self.values = self._told("values", self._values)
        self.answers = self._told("answers", self._answers)
        self.final_answers = self._told("last answers", self._final_answers)
        self.all_answers = self._told("all answers", self._all_answers)
        self.thoughts = self._told("thoughts", self._thoughts)

    @property
    def model(self) -> Subject:
        """The model under study."""
        return self.subjects[0]

    def with_method(self, method: str) -> Subject | None:
        """The first subject of a method, if there is one."""
        return next((s for s in self.subjects if s.role != "untrained" and s.model.method.name == method), None)

    def with_slots(self, *, trained: bool = False) -> tuple[Subject, ...]:
        """The subjects that have slots, the model under study first, and with `trained` without the untrained one.

        `InputError` if the model under study has none.
        """
        if self.model.model.method.slots == "none":
            raise InputError(f"{self.model.name}: has no thoughts; study a model with slots.")
        return tuple(
            subject
            for subject in self.subjects
            if subject.model.method.slots != "none" and not (trained and subject.role == "untrained")
        )

    def _values(self, subject: Subject) -> NodeValues:
        return node_values(subject.model, self.problems, ks=KS, progress=self._counted("values", subject))

    def _answers(self, subject: Subject) -> Answers:
        """After 0..6 thoughts, or after none for a method without slots."""
        ks = KS if subject.model.method.slot_count(1) else (0,)
        told = self._counted("answers", subject)
        return answers(subject.model, self.problems, ks=ks, progress=told, **_limit(subject))

    def _final_answers(self, subject: Subject) -> Answers:
        """After as many thoughts as the model was trained to end with."""
        told, ks = self._counted("last answers", subject), (subject.model.max_thoughts,)
        return answers(subject.model, self.problems, ks=ks, progress=told, **_limit(subject))

    def _all_answers(self, subject: Subject) -> Answers:
        """After 0, 1, ... as many thoughts as the model was trained to end with."""
        ks = tuple(range(subject.model.max_thoughts + 1))
        if ks == KS:
            return self.answers(subject)
        told = self._counted("all answers", subject)
        return answers(subject.model, self.problems, ks=ks, progress=told, **_limit(subject))

    def _thoughts(self, subject: Subject) -> Float[Tensor, "problem thought d_model"]:
        return thought_states(subject.model, self.problems, KS[-1], progress=self._counted("thoughts", subject))

    def _counted(self, what: str, subject: Subject) -> Callable[[int], None]:
        return lambda done: self.report(f"{what} of {subject.name}", done / len(self.problems))

    def _told(self, what: str, compute: Callable[[Subject], Computed]) -> Callable[[Subject], Computed]:
        def computed(subject: Subject) -> Computed:
            self.report(f"{what} of {subject.name}", 0.0)
            return compute(subject)

        def once(subject: Subject) -> Computed:
            return self.remember((what, subject.name), lambda: computed(subject))

        return once


def told_apart(labels: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Labels of models, with the names of their folders behind those of which there are two; nothing in them is markup.

    Rows of one model may share its label.
    """
    owners = {label: {name for other, name in zip(labels, names, strict=True) if other == label} for label in labels}
    return tuple(
        label if len(owners[label]) == 1 else f"{label} ({for_plotly(name)})"
        for label, name in zip(labels, names, strict=True)
    )


def _limit(subject: Subject) -> dict[str, int]:
    return {"max_new_tokens": LONGEST} if subject.role == "untrained" else {}


def untrained(model: CoconutModel, seed: int = 2412) -> CoconutModel:
    """A model of the same shape, tokenizer and method with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        lm = AutoModelForCausalLM.from_config(model.lm.config)
    other = CoconutModel(lm.float(), model.tokenizer, model.method).to(model.device).eval()
    other.card = {"max_thoughts": model.max_thoughts}
    return other
