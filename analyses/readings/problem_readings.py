"""Everything that is read of one problem: values after every number of thoughts and opening, and answers.

The question is encoded and thought about once; values and answers branch off from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from analyses.readings.answer_choices import answer_probabilities
from analyses.readings.masses import ValuesAt
from analyses.readings.values import NodeValues, branch_values, usual_opening
from coconut_core.edits.record import Edit
from coconut_core.edits.thinking import thinking
from coconut_core.generation import Answers, answers_from
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import task_of


@dataclass(frozen=True)
class ProblemReadings:
    """One problem read after k = 0, 1, ... thoughts."""

    values: NodeValues
    """With the task's usual opening at k = 0."""
    other_openings: Mapping[str, NodeValues]
    """Controls: k = 0 alone, by the name of what is forced instead."""
    answers: Answers
    offered: Float[np.ndarray, "k answer"]
    """Probability of the right answer, and of the wrong one that the question offers, at the answer's place."""

    @property
    def problem(self) -> GraphProblem:
        return self.values.problems[0]

    def at(self, k: int, opening: str) -> ValuesAt:
        """Values and masses after k thoughts; `opening` matters at k = 0 alone."""
        read = self.other_openings.get(opening, self.values) if k == 0 else self.values
        return read.at(0, k)

    def by_k(self, opening: str) -> Float[np.ndarray, "k node"]:
        """Values after every number of thoughts, k = 0 after `opening`."""
        return np.stack([self.at(k, opening).value for k in self.values.ks])


@torch.inference_mode()
def problem_readings(
    model: CoconutModel,
    problem: GraphProblem,
    ks: Sequence[int] = range(7),
    *,
    edits: Sequence[Edit] = (),
    donors: Sequence[Problem] | None = None,
    max_new_tokens: int = 128,
) -> ProblemReadings:
    """Read `problem` after each of `ks` thoughts, 0 among them; `edits` and `donors` as in `answers`.

    >>> from coconut_core import load_model, load_problems
    >>> problem = load_problems("laptop")[0]
    >>> read = problem_readings(load_model("prosqa_laptop").model, problem)
    >>> problem.answer, read.answers.text[0][6]
    ('Jack is a kerpus.', '### Jack is a kerpus.')
    """
    ks, task = tuple(ks), task_of([problem])
    usual = usual_opening(task, None)
    others = [opening for opening in task.openings if opening != usual]
    edited, batch = thinking(model, [problem], max(ks), edits, donors)([0])
    value, shared = branch_values(edited, batch, [*((k, usual) for k in ks), *((0, opening) for opening in others)])
    for array in (value, shared):
        array.flags.writeable = False  # sessions share what is read
    read = {
        opening: NodeValues((problem,), (0,), opening, value[:, at : at + 1], shared[:, at : at + 1])
        for at, opening in enumerate(others, start=len(ks))
    }
    values = NodeValues((problem,), ks, usual, value[:, : len(ks)], shared[:, : len(ks)])
    written = answers_from(edited, batch, ks, draft=True, max_new_tokens=max_new_tokens)
    return ProblemReadings(values, read, written, answer_probabilities(edited, batch, ks)[0])
