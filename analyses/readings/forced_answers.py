"""Which of two candidates a model answers, where the words of an answer up to its name are forced.

After k thoughts and `<eot>` the answer is written up to the name ("### Tom is a"), and the probabilities of all nodes'
names are read there (`values.py`). That takes one pass, where an answer of its own words takes one a token, and it
leaves no answer that is neither of the two. A model that would have written a chain first is asked for its answer all
the same. What the candidates do not have of the probability is kept, as `mass`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from analyses.readings.values import values_after
from coconut_core.edits.record import Edit
from coconut_core.edits.thinking import thinking
from coconut_core.encoding import batches
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.task import ANSWER_MARK

BATCH = 128
"""Problems computed together."""


@dataclass(frozen=True)
class ForcedAnswers:
    """Probabilities of the two candidates of each problem as its answer."""

    target: Float[np.ndarray, "problem"]
    distractor: Float[np.ndarray, "problem"]

    @property
    def mass(self) -> Float[np.ndarray, "problem"]:
        """Of both together, in [0, 1]."""
        return self.target + self.distractor

    @property
    def right(self) -> Bool[np.ndarray, "problem"]:
        """The target is the more probable one."""
        return self.target > self.distractor

    @property
    def log_odds(self) -> Float[np.ndarray, "problem"]:
        """Of the target against the distractor, in nats."""
        least = np.finfo(float).tiny
        return np.log(np.maximum(self.target, least)) - np.log(np.maximum(self.distractor, least))


@torch.inference_mode()
def forced_answers(
    model: CoconutModel,
    problems: Sequence[GraphProblem],
    k: int,
    *,
    edits: Sequence[Edit] = (),
    donors: Sequence[Problem] | None = None,
) -> ForcedAnswers:
    """The forced answers to `problems` after `k` thoughts, with `edits` as in `answers`.

    `InputError` where a problem does not offer two candidates, or its answer does not end with the name of one.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("laptop")[:20]
    >>> bool(forced_answers(load_model("prosqa_laptop").model, problems, 6).right.mean() > 0.8)
    True
    """
    openings = [answer_opening(problem) for problem in problems]
    found = np.zeros((2, len(problems)))
    think = thinking(model, problems, k, edits, donors)
    for indices in batches(problems, BATCH):
        edited, batch = think(indices)
        value, _ = values_after(edited, batch, [k], [[openings[index]] for index in indices])
        for row, index in enumerate(indices):
            problem = problems[index]
            found[:, index] = value[row, 0, [problem.target, problem.distractor]]
    return ForcedAnswers(*found)


def answer_opening(problem: GraphProblem) -> str:
    """The answer up to the name of the target."""
    before, name, after = problem.answer.rpartition(problem.target_name)
    if problem.distractor is None or not name or len(after) > 1:
        raise InputError("The answer is not one of two names that the question offers; choose problems that offer two.")
    return f"{ANSWER_MARK} {before}".rstrip()
