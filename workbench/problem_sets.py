"""Sets of problems that all pages share: the bundled files, and those made in this session."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from coconut_core.problems.graph import depths, frontier
from coconut_core.problems.prosqa import ProsqaProblem
from workbench import problem_sources as sources

_MADE = "made sets"
_GO = "page to go to"


def problem_sets(folder: Path) -> tuple[str, ...]:
    """Names of the sets: made here first, then the files below `folder`."""
    return (*st.session_state.get(_MADE, {}), *sources.bundled_sets(folder))


def labelled(folder: Path, name: str) -> dict[str, ProsqaProblem]:
    """The problems of a set by label; `InputError` if its file cannot be read."""
    made = st.session_state.get(_MADE, {})
    if name in made:
        return made[name]
    path = sources.bundled_sets(folder)[name]
    return _bundled(str(path), path.stat().st_mtime_ns)


def keep(name: str, problems: Sequence[ProsqaProblem]) -> None:
    """Offer `problems` as a set on every page, for as long as the session lasts."""
    st.session_state.setdefault(_MADE, {})[name] = sources.labels(problems)


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
    st.session_state["source"] = "bundled"
    st.session_state["set"] = name
    st.session_state["problem"] = list(labelled(folder, name))[number]
    st.session_state[_GO] = "workbench/pages/search_tree.py"


def go() -> None:
    """Change to the page that a callback asked for; callbacks cannot do so themselves."""
    if page := st.session_state.pop(_GO, None):
        st.switch_page(page)


@st.cache_resource(max_entries=8, show_spinner=False)
def _bundled(path: str, modified: int) -> dict[str, ProsqaProblem]:
    return sources.problems_of(Path(path))
