"""A study: one set of problems, the model under study and its controls, each computed once however many figures ask.

The controls are the models that are given and, unless it is left out, an untrained one of the same shape; k = 0 is read
of every model.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import AutoModelForCausalLM

from analyses.readings.values import NodeValues, node_values
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.methods import Method
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of
from coconut_core.problems.task import Task
from coconut_core.thoughts import thought_states

KS = tuple(range(7))
READINGS = {"values": 1, "answers": 4, "last answers": 1, "all answers": 4, "thoughts": 0.5, "all thoughts": 0.5}
"""What a study computes of a subject, and about how long it takes, in times of the values."""
UNTRAINED_LONGER = 2
"""How many times as long an untrained model takes for its answers, since it never ends a text."""
NO_CANDIDATES = "No problem has a node within reach of its root; give problems with facts about the root."
UNTRAINED = "untrained"
"""Name of the model with random weights."""
LONGEST_UNTRAINED = 64
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
    checkpoint: Checkpoint

    @property
    def model(self) -> CoconutModel:
        return self.checkpoint.model

    @property
    def method(self) -> Method:
        return self.model.method

    @property
    def max_thoughts(self) -> int:
        return self.checkpoint.max_thoughts


class Cache:
    """What has been computed, by key; of more than `most` entries the one that was used longest ago is dropped.

    Threads may share it: two that ask for the same entry at once both compute it.
    """

    def __init__(self, most: int | None = None):
        self._most, self._entries, self._lock = most, OrderedDict(), threading.Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def __call__(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        found = compute()
        with self._lock:
            self._entries[key] = found
            while self._most is not None and len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return found


class Study:
    """Problems and subjects, the model under study first; readings are computed when they are first asked for.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("laptop")[:5]
    >>> study = Study([("laptop", load_model("prosqa_laptop"))], problems)
    >>> [subject.label for subject in study.subjects]
    ['Coconut, 0.3 mixed', 'Untrained']
    """

    def __init__(
        self,
        models: Sequence[tuple[str, Checkpoint]],
        problems: Sequence[Problem],
        *,
        sweep: Sequence[tuple[str, Checkpoint]] = (),
        with_untrained: bool = True,
        progress: Callable[[str, float], None] = lambda what, share: None,
        cache: Callable[[tuple[str, str], Callable[[], Any]], Any] | None = None,
    ):
        """`models` are (name, checkpoint); the first is under study. Those of `sweep`, trained with other numbers of
        thoughts a step, are in no figure but that of the sweep. Most figures need problems with graphs. Without the
        untrained model, which ends no text by itself, there is less to read, and one control less.

        `progress` is called with what is being computed and how much of it is done, 0 to 1. `cache` is asked for every
        reading, by what it is and the subject's name, with how to compute it: give one to share readings among studies.
        """
        if not models or not problems:
            raise InputError("A study needs at least one model and one problem; give both.")
        names = [UNTRAINED, *(name for name, _ in (*models, *sweep))]
        if twice := [name for name in names if names.count(name) > 1]:
            raise InputError(f"{twice[0]}: two models of a study have this name; rename the folder of one.")
        self.problems = tuple(problems)
        self.task: Task = task_of(self.problems)
        roles: list[Literal["model", "control"]] = ["model", *["control"] * (len(models) - 1)]
        labels = distinct_labels([each.label for _, each in models], [name for name, _ in models])
        self.subjects = tuple(
            Subject(name, label, role, each) for (name, each), label, role in zip(models, labels, roles, strict=True)
        )
        if with_untrained:
            self.subjects += (Subject(UNTRAINED, "Untrained", "untrained", untrained(models[0][1])),)
        self.sweep = tuple(Subject(name, each.label, "sweep", each) for name, each in sweep)
        self.progress = progress
        self.cache = cache or Cache()
        self.values = self._cached("values", self._values)
        self.answers = self._cached("answers", self._answers)
        self.final_answers = self._cached("last answers", self._final_answers)
        self.all_answers = self._cached("all answers", self._all_answers)
        self.thoughts = self._cached("thoughts", self._thoughts)
        self.all_thoughts = self._cached("all thoughts", self._all_thoughts)

    @property
    def model(self) -> Subject:
        """The model under study."""
        return self.subjects[0]

    def with_method(self, method: str) -> Subject | None:
        """The first subject of a method, if there is one."""
        return next((s for s in self.subjects if s.role != "untrained" and s.method.name == method), None)

    def with_slots(self, *, trained: bool = False) -> tuple[Subject, ...]:
        """The subjects that have slots, the model under study first, and with `trained` without the untrained one.

        `InputError` if the model under study has none.
        """
        if not self.model.method.has_slots:
            raise InputError(f"{self.model.name}: has no thoughts; study a model with slots.")
        return tuple(s for s in self.subjects if s.method.has_slots and not (trained and s.role == "untrained"))

    def work(self, readings: Sequence[str], subjects: Sequence[Subject]) -> dict[tuple[str, str], float]:
        """What is computed for these of `READINGS`: by reading and subject's name, about how long it takes."""
        work = {}
        for subject in subjects:
            own = {"all answers": "answers", "all thoughts": "thoughts"} if subject.max_thoughts == KS[-1] else {}
            if subject.method.has_slots and subject.max_thoughts in KS:
                own["last answers"] = "answers"
            for reading in (own.get(each, each) for each in readings):
                longer = UNTRAINED_LONGER if subject.role == "untrained" and "answers" in reading else 1
                work[reading, subject.name] = READINGS[reading] * longer
        return work

    def example(self) -> tuple[int, str]:
        """Index of the problem that figures of one problem show, and the rule that picked it (figure 6 of v2).

        The first that CoT gets wrong and the model under study gets right after its last thought; if there is none, or
        no CoT model, the first that the model gets right with its thoughts and wrong without; else the first of all.
        """
        own, right = self.answers(self.model), self.final_answers(self.model).correct[:, 0]
        cot = self.with_method("cot")
        if cot is not None and cot is not self.model:
            found = (right & ~self.final_answers(cot).correct[:, 0]).nonzero()[0]
            if len(found):
                return int(found[0]), f"the first that {cot.label} gets wrong and {self.model.label} right"
        found = (right & ~own.correct[:, 0]).nonzero()[0]
        if len(found):
            return int(found[0]), f"the first that {self.model.label} gets right with its thoughts and wrong without"
        return 0, "the first of all, as no problem is won by the thoughts"

    def _values(self, subject: Subject) -> NodeValues:
        return node_values(subject.model, self.problems, ks=KS, progress=self._counted("values", subject))

    def _answers(self, subject: Subject) -> Answers:
        """After 0..6 thoughts, or after none for a method without slots."""
        return self._written("answers", subject, KS if subject.method.has_slots else (0,))

    def _final_answers(self, subject: Subject) -> Answers:
        """After as many thoughts as the model was trained to end with."""
        if subject.max_thoughts in KS and subject.method.has_slots:
            return self.answers(subject).after(subject.max_thoughts)
        return self._written("last answers", subject, (subject.max_thoughts,))

    def _all_answers(self, subject: Subject) -> Answers:
        """After 0, 1, ... as many thoughts as the model was trained to end with."""
        ks = tuple(range(subject.max_thoughts + 1))
        return self.answers(subject) if ks == KS else self._written("all answers", subject, ks)

    def _written(self, what: str, subject: Subject, ks: tuple[int, ...]) -> Answers:
        limit = {"max_new_tokens": LONGEST_UNTRAINED} if subject.role == "untrained" else {}
        return answers(subject.model, self.problems, ks=ks, progress=self._counted(what, subject), **limit)

    def _thoughts(self, subject: Subject) -> Float[Tensor, "problem thought d_model"]:
        return thought_states(subject.model, self.problems, KS[-1], progress=self._counted("thoughts", subject))

    def _all_thoughts(self, subject: Subject) -> Float[Tensor, "problem thought d_model"]:
        """As many as the model was trained to end with."""
        most, progress = subject.max_thoughts, self._counted("all thoughts", subject)
        if most <= KS[-1]:  # a thought does not depend on later ones
            return self.thoughts(subject)[:, :most]
        return thought_states(subject.model, self.problems, most, progress=progress)

    def _counted(self, what: str, subject: Subject) -> Callable[[int], None]:
        return lambda done: self.progress(f"{what} of {subject.name}", done / len(self.problems))

    def _cached(self, what: str, compute: Callable[[Subject], Computed]) -> Callable[[Subject], Computed]:
        def computed(subject: Subject) -> Computed:
            self.progress(f"{what} of {subject.name}", 0.0)
            return compute(subject)

        return lambda subject: self.cache((what, subject.name), lambda: computed(subject))


def distinct_labels(labels: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Labels of models, followed by the names of their folders where two models have the same.

    Rows of one model may share its label. Of the names, only what charts do not read as markup is kept.
    """
    owners = {label: {name for other, name in zip(labels, names, strict=True) if other == label} for label in labels}
    return tuple(
        label if len(owners[label]) == 1 else f"{label} ({re.sub('[<>&$]', '', name)})"
        for label, name in zip(labels, names, strict=True)
    )


def untrained(checkpoint: Checkpoint, seed: int = 2412) -> Checkpoint:
    """A model of the same shape, tokenizer and method with random weights."""
    model = checkpoint.model
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        lm = AutoModelForCausalLM.from_config(model.lm.config, trust_remote_code=False)
    other = CoconutModel(lm.float(), model.tokenizer, model.method).to(model.device).eval()
    return Checkpoint(other, {"max_thoughts": checkpoint.max_thoughts})
