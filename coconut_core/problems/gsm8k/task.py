"""GSM8k as a task: questions in words, steps that are equations such as <<16-3-4=9>>, answers that are numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from coconut_core.problems.problem import Problem
from coconut_core.problems.task import Task


@dataclass(frozen=True)
class Gsm8kProblem(Problem):
    """A problem of GSM8k in the form of Deng et al. (2023)."""


class Gsm8k(Task):
    """Trained on and answered from files; its computation graph is not read yet."""

    name = "gsm8k"
    title = "GSM8k"
    problem = Gsm8kProblem

    def holds(self, record: Mapping) -> bool:
        """Whether most of the steps are equations."""
        steps = record.get("steps")
        if not isinstance(steps, list | tuple) or not steps:
            return False
        return 2 * sum(isinstance(step, str) and step.startswith("<<") for step in steps) > len(steps)

    def read(self, record: object) -> Gsm8kProblem:
        return Gsm8kProblem.from_json(record)


GSM8K = Gsm8k()
