"""Sets of problems that all pages share: the bundled files, and those made or uploaded by the people on the pages.

A set that was made is known by its name alone, which says how to make it again, so that a link brings it back. One that
was uploaded is kept by the server for all sessions, named by its content, until `MOST_UPLOADS` others have come.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import streamlit as st

from coconut_core.errors import InputError
from coconut_core.problems.graph import depths, frontier
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from workbench.choices import problem_sources as sources

MOST_MADE = 2000
"""Problems that a set made here has at most."""
MOST_NODES = 40
MOST_HOPS = 8
MOST_UPLOADS = 8
_SETS = "sets of this session"
_GO = "page to go to"
_LOST = "lost upload"
_RECIPE = re.compile(
    r"made here: (\d{1,3})-(\d{1,3}) nodes, (\d{1,3})-(\d{1,3}) hops, seed (\d{1,10}), (\d{1,6}) problems"
)
_UPLOADED = "uploaded here: "


@dataclass(frozen=True)
class ProblemSet:
    """Problems under one name."""

    name: str
    labelled: dict[str, ProsqaProblem]
    """By the label that links hold; numbered in this order."""

    @cached_property
    def problems(self) -> tuple[ProsqaProblem, ...]:
        return tuple(self.labelled.values())

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a problem: what can be told of it at a glance."""
        return listed(self.problems)

    @cached_property
    def sha256(self) -> str:
        return problems_hash(self.problems)


def problem_sets(folder: Path) -> tuple[str, ...]:
    """Names of the sets: the files below `folder`, then what was made or uploaded here.

    The first one must not depend on the session: a link leaves it out.
    """
    here = [name for name in st.session_state.get(_SETS, ()) if _RECIPE.fullmatch(name) or name in _uploads()]
    return (*sources.bundled_sets(folder), *here)


def problem_set(folder: Path, name: str) -> ProblemSet:
    """The set of a name; `InputError` if it cannot be read or made."""
    if _RECIPE.fullmatch(name):
        return _made(name)
    found = _uploads().get(name)
    if found is not None:
        return found
    path = sources.bundled_sets(folder).get(name)
    if path is None:
        raise InputError(f"{name}: is no longer here; upload or make the set again on the page Problems.")
    return _bundled(name, str(path), path.stat().st_mtime_ns)


def make_set(nodes: tuple[int, int], hops: tuple[int, int], seed: int, count: int) -> str:
    """Offer fresh problems on every page; returns the set's name. `InputError` where there are no such problems."""
    name = f"made here: {nodes[0]}-{nodes[1]} nodes, {hops[0]}-{hops[1]} hops, seed {seed}, {count} problems"
    _made(name)
    _offer(name)
    return name


def upload_set(file_name: str, content: bytes) -> str:
    """Offer the problems of an uploaded file on every page; returns the set's name.

    `InputError` names what is wrong with the file, and its item.
    """
    records = sources.uploaded_records(content, file_name)
    problems = [sources.problem_of(record, f"{file_name}, item {item}") for item, record in enumerate(records)]
    name = f"{_UPLOADED}{file_name} ({problems_hash(problems)[:12]})"
    uploads = _uploads()
    uploads.pop(name, None)  # what was uploaded again is the latest
    uploads[name] = ProblemSet(name, sources.labels(problems))
    for oldest in list(uploads)[:-MOST_UPLOADS]:
        uploads.pop(oldest, None)
    _offer(name)
    return name


def sets_of_link(names: Iterable[str]) -> None:
    """Offer the sets made or uploaded here that a link names; what cannot be had is told by `lost_upload`."""
    for name in names:
        if _can_be_made(name) or name in _uploads():
            _offer(name)
        elif name.startswith(_UPLOADED):
            st.session_state[_LOST] = name


def lost_upload() -> str | None:
    """A set that this session's link, or one of its pages, names and the server no longer has; told once."""
    return st.session_state.pop(_LOST, None)


def listed(problems: Sequence[ProsqaProblem]) -> pd.DataFrame:
    """One row a problem: what can be told of it at a glance."""
    rows = [
        {
            "problem": number,
            "question": f"{p.root_name}: {p.names[p.choices[0]]} or {p.names[p.choices[1]]}",
            "answer": p.target_name,
            "hops": depths(p.graph, p.root).get(p.target),
            "nodes": len(p.names),
            "edges": len(p.edges),
            "children of the root": len(frontier(p.graph, p.root, 1)),
            "nodes at depth 2": len(frontier(p.graph, p.root, 2)),
        }
        for number, p in enumerate(problems)
    ]
    return pd.DataFrame(rows)


def problems_hash(problems: Sequence[ProsqaProblem]) -> str:
    """SHA-256 of the problems, as JSON: what a manifest names them by."""
    return hashlib.sha256(json.dumps([problem.to_json() for problem in problems]).encode()).hexdigest()


def open_problem(folder: Path, name: str, number: int) -> None:
    """Choose a problem in the sidebar and go to its search tree; for a button's `on_click`."""
    try:
        label = list(problem_set(folder, name).labelled)[number]
    except InputError:
        st.session_state[_LOST] = name
        return
    st.session_state["source"] = "set"
    st.session_state["set"] = name
    st.session_state["problem"] = label
    st.session_state[_GO] = "workbench/pages/search_tree.py"


def go() -> None:
    """Change to the page that a callback asked for; callbacks cannot do so themselves."""
    if page := st.session_state.pop(_GO, None):
        # What the link holds is bound to widgets, which put it back; without an empty mapping it could not be dropped.
        st.switch_page(page, query_params={})


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


def _recipe(name: str) -> tuple[SamplerSettings, int, int]:
    """The world, the number of problems and the seed of a set's name; `InputError` where there is no such set."""
    found = _RECIPE.fullmatch(name)
    few, many, short, long, seed, count = map(int, found.groups()) if found else (0,) * 6
    if not (many <= MOST_NODES and 0 < short <= long <= MOST_HOPS and seed < 2**31 and 0 < count <= MOST_MADE):
        raise InputError(f"{name}: is no set that can be made; choose its numbers on the page Problems.")
    return SamplerSettings(nodes=(few, many), hops=dict.fromkeys(range(short, long + 1), 1.0)), count, seed


@st.cache_resource(max_entries=8, show_spinner="Making the problems …")
def _made(name: str) -> ProblemSet:
    world, count, seed = _recipe(name)
    return ProblemSet(name, sources.labels(sample_problems(world, count, seed)))


@st.cache_resource(show_spinner=False)
def _uploads() -> dict[str, ProblemSet]:
    return {}


@st.cache_resource(max_entries=8, show_spinner=False)
def _bundled(name: str, path: str, modified: int) -> ProblemSet:
    return ProblemSet(name, sources.problems_of(Path(path)))
