"""Files of problems of every task: read, checked, listed and uploaded, or refused by one sentence."""

import json
import os
import random
from functools import cache
from pathlib import Path

import pytest

from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.records import LARGEST_RECORD, LONGEST_LIST, LONGEST_TEXT
from coconut_core.problems.registry import TASKS, load_problems, task_of, task_of_record
from tests.hostile.mutators import as_json, mutated, mutated_bytes, refused
from workbench.choices.problem_sets import listed
from workbench.choices.problem_sources import complaints, labels, pasted_problem, uploaded_problems

IN_CI = 800
TEXTS = {"question": "Ann has 3 pens and buys 2. How many?", "steps": ["<<3+2=5>>"], "answer": "5"}


@cache
def sound_records(name: str, seed: int) -> str:
    """Two problems of a task, as a file holds them."""
    task = TASKS[name]
    if task.settings is None:
        return json.dumps([TEXTS, {**TEXTS, "steps": ["3 + 2 = 5"]}][: 1 + seed % 2])
    return json.dumps([problem.to_json() for problem in task.sample(task.example_settings, 2, seed)])


def attempt(rng: random.Random, folder: Path) -> bool:
    """Try one file; whether it was refused."""
    sound = sound_records(rng.choice(list(TASKS)), rng.randrange(10))
    whole = rng.random() < 0.6
    content = as_json(mutated(json.loads(sound), rng), rng) if whole else mutated_bytes(sound.encode(), rng)
    path = folder / "problems.json"
    path.write_bytes(content)
    problems = []
    was_refused = refused(lambda: problems.extend(load_problems(path)))
    for problem in problems:
        _ask(problem)
    refused(lambda: [_ask(each) for each in uploaded_problems(content, "upload")])
    refused(lambda: _checked(content))
    text = content.decode("utf-8", "replace")
    for task in TASKS.values():
        refused(lambda task=task: _ask(pasted_problem(text, task)))
    if problems:
        refused(lambda: task_of(problems).statistics(problems))
        listed(problems), labels(problems)
    return was_refused


def _ask(problem) -> None:
    task = task_of([problem])
    task.label(problem), complaints(problem), task.describe([problem])
    task.is_right(problem, "### " + problem.answer)
    if isinstance(problem, GraphProblem):
        assert len(problem.depth) <= len(problem.names)
        _ = problem.facts, problem.correct, problem.optimal, problem.marks, problem.candidates(2)


def _checked(content: bytes) -> None:
    try:
        records = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(records, list) and records:
        for violation in set_violations(task_of_record(records[0]), records, {"itself": records}):
            assert "\n" not in violation.what


def test_mutated_records_are_taken_or_refused(tmp_path):
    outcomes = [attempt(random.Random(f"records {number}"), tmp_path) for number in range(IN_CI)]
    assert 0.3 < sum(outcomes) / IN_CI < 0.99
    assert [path.name for path in tmp_path.iterdir()] == ["problems.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"question": "\xed\xa0\x80"}]', "not a whole JSON file"),
        (b'[{"question": "\xf4\x90\x80\x80"}]', "not a whole JSON file"),
        (b'[{"question": "\xc0\x80"}]', "not a whole JSON file"),
        (b'[{"root": ' + b"1" * 5_000 + b"}]", "not a whole JSON file"),
        (b"[" * 1_000_000, "nests lists deeper"),
        (b'[{"question": "' + b"a" * (2 * LARGEST_RECORD) + b'"}]', "a text or a record of more than"),
        (b"[" + b" " * (2 * LARGEST_RECORD) + b"]", "a text or a record of more than"),
        (b"[[" + b"1, " * LARGEST_RECORD + b"1]]", "a text or a record of more than"),
        (json.dumps([{**TEXTS, "question": "a" * (LONGEST_TEXT + 1)}]).encode(), "'question' holds a text of 100,001"),
        (json.dumps([{**TEXTS, "steps": ["a"] * (LONGEST_LIST + 1)}]).encode(), "'steps' holds 10,001 entries"),
        (b"{}", "does not hold a list"),
        (b"", "not a whole JSON file|does not hold"),
    ],
)
def test_files_that_hang_or_fill_the_memory_are_refused(tmp_path, content, message):
    path = tmp_path / "problems.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_problems(path)


def test_devices_pipes_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), Path("/dev/stdin"), tmp_path / "pipe", tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="cannot be read"):
            load_problems(path)
    for name in ("a\0b.json", "x" * 300, "\ud800"):
        with pytest.raises(InputError, match="cannot be read"):
            load_problems(tmp_path / name)
