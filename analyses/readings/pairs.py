"""Pairs of problems that differ in one fact, so that the oracle's answer flips, and what an edit makes of each.

The base is a problem of the study, its donor the same problem with one fact exchanged (`Task.counterfactuals`). Only
pairs count whose base the model answers right without an edit: elsewhere it could not be told that an edit turned
anything. How often it answers the donors themselves right, `donors_right`, is as much as any edit can be expected to
turn; a model that does not follow the facts has little there. An edit that puts what the donor has in the place of what
the base has turns a pair where the answer to the base becomes the donor's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from analyses.readings.forced_answers import ForcedAnswers, forced_answers
from analyses.readings.study import Study, Subject
from coconut_core.edits.record import Edit
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem

PAIRS = 60
"""Pairs that are looked at."""
SEED = 9


@dataclass(frozen=True)
class Pairs:
    """Pairs whose base a model answers right after `k` thoughts."""

    model: CoconutModel
    k: int
    bases: tuple[GraphProblem, ...]
    donors: tuple[GraphProblem, ...]
    steps: Int[np.ndarray, "pair"]
    """Which step of the base's path states the fact that is exchanged, from 1."""
    asked: int
    """Pairs there were, with those whose base the model does not answer right."""
    donors_right: float
    """Share of the donors that it answers right, in [0, 1]."""

    def answers(self, edits: Sequence[Edit] = (), donors: Sequence[GraphProblem] | None = None) -> ForcedAnswers:
        """Answers to the bases under `edits`. A pair is turned where they are not right: then they are the donor's.

        `donors` may be others than the pairs' own.
        """
        return forced_answers(self.model, self.bases, self.k, edits=edits, donors=donors or self.donors)

    def at(self, indices: Sequence[int]) -> "Pairs":
        """Some of the pairs."""
        bases, donors = (tuple(each[index] for index in indices) for each in (self.bases, self.donors))
        return replace(self, bases=bases, donors=donors, steps=self.steps[list(indices)])

    @property
    def unrelated(self) -> tuple[GraphProblem, ...]:
        """A donor of another pair for each base: the one before it."""
        return self.donors[-1:] + self.donors[:-1]


def pairs_of(study: Study, subject: Subject, problems: Sequence[GraphProblem] | None = None) -> Pairs:
    """One pair for each of the first problems, of the study if None, that have one; `InputError` where none is answered
    right."""
    counterfactuals = study.task.require_counterfactuals("A pair")
    rng, encoder = np.random.default_rng(SEED), Encoder(subject.model.tokenizer, subject.method)
    bases, donors, steps = [], [], []
    for problem in study.problems if problems is None else problems:
        if len(bases) == PAIRS:
            break
        if flips := counterfactuals.flipping(problem, rng):
            change = flips[int(rng.integers(len(flips)))]
            one, other = encoder.questions([problem.question, change.problem.question])
            if len(one.ids) == len(other.ids):
                bases.append(problem)
                donors.append(change.problem)
                steps.append(change.step)
    k = subject.max_thoughts
    right = forced_answers(subject.model, bases, k).right if bases else np.zeros(0, bool)
    if not right.any():
        raise InputError("No problem with a fact that could turn the answer is answered right; give others.")
    kept = right.nonzero()[0].tolist()
    of_kept = (tuple(each[at] for at in kept) for each in (bases, donors))
    pairs = Pairs(subject.model, k, *of_kept, np.array(steps)[kept], len(bases), np.nan)
    return replace(pairs, donors_right=float(forced_answers(subject.model, pairs.donors, k).right.mean()))
