"""Sets of problems that all pages share: the bundled files, and those made or uploaded by the people on the pages.

A set that was made is known by its name alone, which says how to make it again, so that a link brings it back. One that
was uploaded is kept by the server for all sessions, named by its content, until `KEPT_UPLOADS` others have come.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from coconut_core.bundled import bundled_sets
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import DEFAULT, TASKS, load_problems, task_of
from coconut_core.problems.task import Task
from workbench.choices.problem_sources import labels, uploaded_problems

LARGEST_MADE_SET = 2000
"""Problems that a set made here has at most."""
KEPT_UPLOADS = 8
LARGEST_SEED = 2**31 - 1
_SETS = "sets of this session"
_NEXT_PAGE = "page to go to"
_LOST = "lost upload"
_MADE = "made here"
_UPLOADED = "uploaded here: "
_RECIPE = re.compile(
    rf"{_MADE}(?: \((?P<task>[\w-]+)\))?: (?P<sizes>(?:\d{{1,3}}-\d{{1,3}} [\w-]+, )*)"
    r"seed (?P<seed>\d{1,10}), (?P<count>\d{1,6}) problems"
)
_SIZE = re.compile(r"(\d+)-(\d+) ([\w-]+), ")


@dataclass(frozen=True)
class ProblemSet:
    """Problems under one name."""

    name: str
    labelled: dict[str, Problem]
    """By the label that links hold; numbered in this order."""

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self.labelled.values())

    @property
    def task(self) -> Task:
        return task_of(self.problems)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a problem: what can be said of it at a glance."""
        return listed(self.problems)

    @cached_property
    def sha256(self) -> str:
        return problems_hash(self.problems)


def problem_sets() -> tuple[str, ...]:
    """Names of the sets: the bundled ones, then what was made or uploaded here.

    The first one must not depend on the session: a link leaves it out.
    """
    here = [name for name in st.session_state.get(_SETS, ()) if _can_be_made(name) or name in _uploads()]
    return (*bundled_sets(), *here)


def problem_set(name: str) -> ProblemSet:
    """The set of a name; `InputError` if it cannot be read or made."""
    if _RECIPE.fullmatch(name):
        return _made(name)
    found = _uploads().get(name)
    if found is not None:
        return found
    path = bundled_sets().get(name)
    if path is None:
        raise InputError(f"{name}: is no longer here; upload or make the set again on the page Problems.")
    return _bundled(name, str(path), path.stat().st_mtime_ns)


def make_set(task: Task, sizes: Mapping[str, tuple[int, int]], seed: int, count: int) -> str:
    """Offer fresh problems on every page; returns the set's name. `InputError` where there are no such problems."""
    name = _name_of_recipe(task, sizes, seed, count)
    _made(name)
    _offer(name)
    return name


def upload_set(file_name: str, content: bytes) -> str:
    """Offer the problems of an uploaded file on every page; returns the set's name.

    `InputError` names what is wrong with the file, and its item.
    """
    problems = uploaded_problems(content, file_name)
    name = f"{_UPLOADED}{file_name} ({problems_hash(problems)[:12]})"
    uploads = _uploads()
    uploads.pop(name, None)  # what was uploaded again is the latest
    uploads[name] = ProblemSet(name, labels(problems))
    for oldest in list(uploads)[:-KEPT_UPLOADS]:
        uploads.pop(oldest, None)
    _offer(name)
    return name


def sets_of_link(names: Iterable[str]) -> None:
    """Offer the sets made or uploaded here that a link names; `lost_upload` names one that is gone."""
    for name in names:
        if _can_be_made(name) or name in _uploads():
            _offer(name)
        elif is_upload(name):
            st.session_state[_LOST] = name


def is_upload(name: str) -> bool:
    """Whether a set's name is one that `upload_set` gives."""
    return name.startswith(_UPLOADED)


def lost_upload() -> str | None:
    """A set that this session's link, or one of its pages, names and the server no longer has; given once."""
    return st.session_state.pop(_LOST, None)


def listed(problems: Sequence[Problem]) -> pd.DataFrame:
    """One row a problem: what can be said of it at a glance. Problems without graphs have their texts alone."""
    task = task_of(problems)
    return pd.DataFrame(
        [
            {"problem": number, **(_graph_row(task, p) if isinstance(p, GraphProblem) else _text_row(p))}
            for number, p in enumerate(problems)
        ]
    )


def _graph_row(task: Task, problem: GraphProblem) -> dict[str, Any]:
    depth = problem.depth
    rows = Counter(depth.values())
    return {
        "question": task.label(problem),
        "answer": problem.target_name,
        "hops": depth.get(problem.target),
        "nodes": len(problem.names),
        "edges": len(problem.edges),
        "children of the root": rows[1],
        "nodes at depth 2": rows[2],
    }


def _text_row(problem: Problem) -> dict[str, Any]:
    return {"question": problem.question, "answer": problem.answer, "steps": len(problem.steps)}


def problems_hash(problems: Sequence[Problem]) -> str:
    """SHA-256 of the problems as JSON: what a manifest names them by."""
    return hashlib.sha256(json.dumps([problem.to_json() for problem in problems]).encode()).hexdigest()


def open_problem(name: str, number: int) -> None:
    """Choose a problem and go to its search tree; for a button's `on_click`."""
    try:
        label = list(problem_set(name).labelled)[number]
    except InputError:
        st.session_state[_LOST] = name
        return
    st.session_state["source"] = "set"
    st.session_state["set"] = name
    st.session_state["problem"] = label
    go_to("search_tree", {})


def go_to(page: str, link: Mapping[str, str]) -> None:
    """Let the next run change to a page, with this in its link."""
    st.session_state[_NEXT_PAGE] = (Path(__file__).parents[1] / "pages" / f"{page}.py", dict(link))


def go() -> None:
    """Change to the page that a callback asked for; callbacks cannot do so themselves."""
    if there := st.session_state.pop(_NEXT_PAGE, None):
        # What the link holds is bound to widgets, which put it back; without a mapping it could not be dropped.
        page, link = there
        st.switch_page(page, query_params=link)


def _offer(name: str) -> None:
    names = st.session_state.setdefault(_SETS, [])
    if name not in names:
        names.append(name)


def _can_be_made(name: str) -> bool:
    """Whether a link's name is one that the page Problems gives."""
    try:
        _recipe(name)
    except InputError:
        return False
    return True


def _name_of_recipe(task: Task, sizes: Mapping[str, tuple[int, int]], seed: int, count: int) -> str:
    """What `_recipe` reads. The usual task is not named: links are older than the other tasks."""
    named = "" if task.name == DEFAULT else f" ({task.name})"
    ranges = "".join(f"{few}-{many} {name}, " for name, (few, many) in sizes.items())
    return f"{_MADE}{named}: {ranges}seed {seed}, {count} problems"


def _recipe(name: str) -> tuple[Task, Any, int, int]:
    """Task, settings, number of problems and seed of a set's name; `InputError` where there is no such set."""
    found = _RECIPE.fullmatch(name)
    task = TASKS.get(found["task"] or DEFAULT) if found else None
    if found and task and task.settings:
        sizes = {size: (int(few), int(many)) for few, many, size in _SIZE.findall(found["sizes"])}
        seed, count = int(found["seed"]), int(found["count"])
        bounds = {size.name: size for size in task.sizes}
        possible = sizes.keys() == bounds.keys() and all(
            bounds[size].least <= few <= many <= bounds[size].most for size, (few, many) in sizes.items()
        )
        if possible and seed <= LARGEST_SEED and 0 < count <= LARGEST_MADE_SET:
            return task, task.settings_of(**sizes), count, seed
    raise InputError(f"{name}: is not a set that can be made; choose its numbers on the page Problems.")


@st.cache_resource(max_entries=8, show_spinner="Making the problems …")
def _made(name: str) -> ProblemSet:
    task, settings, count, seed = _recipe(name)
    return ProblemSet(name, labels(task.sample(settings, count, seed)))


@st.cache_resource(show_spinner=False)
def _uploads() -> dict[str, ProblemSet]:
    return {}


@st.cache_resource(max_entries=8, show_spinner=False)
def _bundled(name: str, path: str, modified: int) -> ProblemSet:
    return ProblemSet(name, labels(load_problems(Path(path))))
