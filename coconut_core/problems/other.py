"""Questions of no task of their own: any text with steps in words and an answer."""

from collections.abc import Mapping

from coconut_core.problems.problem import Problem
from coconut_core.problems.task import Task


class OtherQuestions(Task):
    """Takes every record with the fields question, steps and answer."""

    name = "other"
    title = "questions without graphs"
    problem = Problem

    def holds(self, record: Mapping) -> bool:
        return True

    def read(self, record: object) -> Problem:
        return Problem.from_json(record)


OTHER = OtherQuestions()
