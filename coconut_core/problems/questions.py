"""Problems of any task in the official form: a question, its steps in words and its answer, as GSM8k has them.

ProsQA's records have their graph beside it and are read as `ProsqaProblem`, which is such a problem too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coconut_core.encoding import Problem
from coconut_core.errors import InputError
from coconut_core.problems.prosqa.files import load_problems
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.records import read_items, read_records, shown, text_field, texts_field


@dataclass(frozen=True)
class Question:
    """A problem without a graph."""

    question: str
    steps: tuple[str, ...]
    answer: str

    @classmethod
    def from_json(cls, record: object) -> "Question":
        """A record with the fields question, steps and answer."""
        if not isinstance(record, dict):
            raise InputError(f"An item must be an object with question, steps and answer, not {shown(record)}.")
        return cls(text_field(record, "question"), texts_field(record, "steps"), text_field(record, "answer"))


Task = Literal["prosqa", "gsm8k", "other"]


def task_of(problems: Sequence[Problem]) -> Task:
    """ProsQA has graphs, and most steps of GSM8k are equations such as <<16-3-4=9>>."""
    if all(isinstance(problem, ProsqaProblem) for problem in problems):
        return "prosqa"
    steps = [step for problem in problems for step in problem.steps]
    return "gsm8k" if 2 * sum(step.startswith("<<") for step in steps) > len(steps) else "other"


def load_questions(path: Path | str) -> tuple[Problem, ...]:
    """The problems of a file in the official format, with their graphs unless the first one has none.

    `InputError` names the file, the item (from 0) and the field.
    """
    first = next(read_records(path), None)
    if not isinstance(first, dict) or "idx_to_symbol" in first:
        return load_problems(path)
    return tuple(read_items(path, Question.from_json))
