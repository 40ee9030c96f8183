"""Where a problem on a page comes from: bundled files, the sampler, a pasted text, an uploaded file.

Every way ends in a `Problem` that the pages can show, or in one `InputError` with the remedy. What is unsound about a
problem without keeping it from being drawn is named by `complaints`.
"""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from analyses.drawing.escaping import one_line, truncated
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import DEFAULT, TASKS, task_of, task_of_record
from coconut_core.problems.task import Task

UPLOAD_MEGABYTES = 10
LONGEST_TEXT = 8000
"""Characters of a question that may be pasted or edited; links hold them."""
LONGEST_QUESTION_IN_LABEL = 120
"""Characters of what is asked that stand in a problem's label; links hold labels."""
LARGEST_GRAPH = 120
"""Nodes. Larger graphs are refused: their picture could not be read and their values would keep the page waiting."""


def labels(problems: Sequence[Problem]) -> dict[str, Problem]:
    """Problems by label: number in the set (from 0), length of the solution, what is asked. Links hold labels."""
    task = task_of(problems)
    named = {}
    for number, problem in enumerate(problems):
        asked = truncated(one_line(task.label(problem)), LONGEST_QUESTION_IN_LABEL)
        named[f"{number} · {_length(problem)} · {asked}"] = problem
    return named


def _length(problem: Problem) -> str:
    if isinstance(problem, GraphProblem):
        return f"{problem.depth.get(problem.target, 'no')} hops"
    return f"{len(problem.steps)} steps"


def index_of_good_example(problems: Sequence[Problem]) -> int:
    """Index of the first problem that shows a search: several first steps, still more second ones, 3 hops.

    It is what a newcomer sees first; 0 where no problem is like that.
    """
    for index, problem in enumerate(problems):
        if isinstance(problem, GraphProblem):
            depth = problem.depth
            rows = Counter(depth.values())
            if 3 <= rows[1] < rows[2] and depth.get(problem.target, 0) >= 3:
                return index
    return 0


def pasted_problem(text: str, task: Task) -> Problem:
    """The problem of a JSON record of any task, else of a question as `task` words it, else as the usual task does."""
    if text.lstrip()[:1] in ("{", "["):
        (record, *_) = uploaded_records(text.encode(), "The pasted text")
        return _problem_of(record, task_of_record(record), "The pasted text")
    try:
        return drawable(task.from_text(text))
    except InputError:
        if task.name != DEFAULT:
            with suppress(InputError):
                return drawable(TASKS[DEFAULT].from_text(text))
        raise


def uploaded_problems(content: bytes, name: str) -> list[Problem]:
    """The problems of an uploaded file; which task they are of, the first record shows.

    `InputError` names the file and its item (from 0).
    """
    records = uploaded_records(content, name)
    task = task_of_record(records[0])
    return [_problem_of(record, task, f"{name}, item {item}") for item, record in enumerate(records)]


def uploaded_records(content: bytes, name: str) -> list:
    """The items of an uploaded file: a list of records, or one record alone."""
    try:
        records = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        place = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{name} is not a whole JSON file{place}; choose a file in the official format of a task."
        ) from error
    records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list) or not records:
        raise InputError(f"{name} holds no list of problems; choose a file in the official format of a task.")
    return records


def _problem_of(record: object, task: Task, name: str) -> Problem:
    try:
        return drawable(task.read_unsound(record))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def complaints(problem: Problem) -> list[str]:
    """What is unsound about the problem, a sentence each."""
    return task_of([problem]).violations(problem.to_json(), min_steps=1)


def drawable(problem: Problem) -> Problem:
    """The problem itself if its graph, where it has one, can be laid out and its question read; else `InputError`."""
    if not isinstance(problem, GraphProblem):
        return problem
    if len(problem.names) > LARGEST_GRAPH:
        raise InputError(
            f"The graph has {len(problem.names)} nodes; the page draws at most {LARGEST_GRAPH}, so ask of fewer."
        )
    if problem.target == problem.distractor:
        raise InputError("Target and distractor are the same node: offer a choice between two.")
    _ = problem.facts  # raises where the text names a node that the graph lacks
    if problem.distractor is not None and len(set(problem.choices)) < 2:
        raise InputError("The question offers no choice between two nodes: correct its last sentence.")
    return problem
