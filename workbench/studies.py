"""Studies of a population on a page: made of chosen folders and problems, kept while nothing of them changes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from coconut_core.problems.prosqa import ProsqaProblem
from workbench import session
from workbench.model_shelf import ModelFolder
from workbench.problem_sets import listed

if TYPE_CHECKING:
    from analyses.study import Study

_KEPT = "study"


def study_of(
    folders: Sequence[ModelFolder], problems: Sequence[ProsqaProblem], report: Callable[[str], None]
) -> "Study":
    """A study of the models in `folders`, the first under study; the session's last one where it is the same.

    `report` hears what is being computed. A widget that is used meanwhile ends the computation there.
    """
    loaded = [(folder.name, session.loaded(folder)) for folder in folders]
    from analyses.study import Study

    key = (tuple(folder.fingerprint for folder in folders), tuple(problems))
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != key:
        kept = st.session_state[_KEPT] = (key, Study(loaded, problems), {})
    kept[1].report = report
    return kept[1]


def figure_titles(names: Sequence[str]) -> dict[str, str]:
    """Titles of figures of the report, by name."""
    return {name: _figures()[name].title for name in names}


def figure_result(study: "Study", name: str) -> Any:
    """The result of one figure of the session's study; computed once."""
    results = st.session_state[_KEPT][2]
    if name not in results:
        results[name] = _figures()[name].compute(study)
    return results[name]


def computed() -> dict[str, Any]:
    """The results of the session's study so far, by figure."""
    return dict(st.session_state[_KEPT][2])


def figure_definition(name: str) -> str:
    return _figures()[name].definition


def problem_table(study: "Study", numbers: Sequence[int]) -> pd.DataFrame:
    """One row a problem of the study: what it is, whether the model is right by k, and the candidate mass."""
    told, values = study.answers(study.model), study.values(study.model)
    table = listed(study.problems).assign(problem=numbers)
    for at, k in enumerate(told.ks):
        table[f"right, k = {k}"] = told.correct[:, at]
    for k in (1, 2):
        table[f"candidate mass, k = {k}"] = values.candidate_mass[:, values.ks.index(k)]
    return table


def _figures() -> dict[str, Any]:
    from analyses.report import FIGURES

    return {figure.name: figure for figure in FIGURES}
