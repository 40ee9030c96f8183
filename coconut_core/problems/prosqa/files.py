"""Files of ProsQA problems: a JSON list of official records."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from coconut_core.files import write_atomically
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.records import read_items


def load_problems(path: Path | str) -> tuple[ProsqaProblem, ...]:
    """The problems of an official file; `InputError` names the file, the item (from 0) and the field."""
    return tuple(stream_problems(path))


def stream_problems(path: Path | str) -> Iterator[ProsqaProblem]:
    """As `load_problems`, one at a time: memory does not grow with the file. Errors come when they are reached."""
    return read_items(path, _readable)


def save_problems(path: Path | str, problems: Sequence[ProsqaProblem]) -> None:
    """Write problems in the official format, whole or not at all."""
    write_atomically(path, json.dumps([problem.to_json() for problem in problems], ensure_ascii=False))


def _readable(record: object) -> ProsqaProblem:
    problem = ProsqaProblem.from_json(record)
    problem.require_readable()
    return problem
