"""The tasks that there are, and the files of their problems.

A new task is a folder beside this module and one line of `TASKS`. Tasks are imported when they are first asked for, so
that a command can list their names at once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from coconut_core.bundled import problem_file
from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.problems.records import read_items, read_records

if TYPE_CHECKING:
    from coconut_core.problems.problem import Problem
    from coconut_core.problems.task import Task


class Tasks(Mapping):
    """Tasks by name, in the order in which a file is offered to them."""

    def __init__(self, **places: str):
        self._places = places
        """"module:object" of each task."""

    def __getitem__(self, name: str) -> "Task":
        module, _, found = self._places[name].partition(":")
        return getattr(import_module(module), found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def add(self, name: str, place: str) -> None:
        """Enter a task from elsewhere, before the one that takes any question; `place` is "module:object"."""
        *others, (last, its_place) = self._places.items()
        self._places = {**dict(others), name: place, last: its_place}

    def remove(self, name: str) -> None:
        """Take a task that was added out again."""
        del self._places[name]


TASKS = Tasks(
    prosqa="coconut_core.problems.prosqa.task:PROSQA",
    prontoqa="coconut_core.problems.prontoqa.task:PRONTOQA",
    gsm8k="coconut_core.problems.gsm8k.task:GSM8K",
    other="coconut_core.problems.other:OTHER",
)
"""The last one takes any question with steps and an answer."""
DEFAULT = "prosqa"
"""The task that is meant where none is named."""


def task_named(name: str) -> "Task":
    """The task of a config or a card; `InputError` if it is unknown."""
    if name not in TASKS:
        raise InputError(f"task: {name!r} is unknown; give one of {', '.join(TASKS)}.")
    return TASKS[name]


def task_of(problems: "Sequence[Problem]") -> "Task":
    """The task of some problems, which their class shows; for a mixture, or none, the task that takes any question."""
    kinds = {type(problem) for problem in problems}
    own = [task for task in TASKS.values() if kinds == {task.problem}]
    return own[0] if own else TASKS["other"]


def load_problems(path: Path | str) -> "tuple[Problem, ...]":
    """The problems of a JSON file in the official format of any task, or of a bundled set, by name.

    The first record shows which task it is. `InputError` names the file, the item (from 0) and the field.

    >>> problems = load_problems("laptop")
    >>> len(problems), problems[0].hops
    (300, 3)
    """
    return tuple(stream_problems(path))


def stream_problems(path: Path | str) -> "Iterator[Problem]":
    """As `load_problems`, one at a time: memory does not grow with the file. Errors come when they are reached."""
    path = problem_file(path)
    first = next(read_records(path), None)
    return read_items(path, task_of_record(first).read)


def task_of_record(record: object) -> "Task":
    """The task that a record is meant for; `read` of it says what is wrong with the record."""
    if not isinstance(record, Mapping):
        return TASKS[DEFAULT]
    return next(task for task in TASKS.values() if task.holds(record))


def save_problems(path: Path | str, problems: "Sequence[Problem]") -> None:
    """Write problems in the official format, whole or not at all."""
    write_atomically(path, json.dumps([problem.to_json() for problem in problems], ensure_ascii=False))
