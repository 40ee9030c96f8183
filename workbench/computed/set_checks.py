"""Whether a set of problems is sound, and what it is like beside the official one; computed once for all sessions."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from workbench.choices.problem_sets import ProblemSet


@dataclass(frozen=True)
class SetCheck:
    """What was found about a set of problems."""

    statistics: pd.DataFrame | None
    """One row a statistic, beside the official one."""
    fault: str | None
    """Why there are no statistics."""
    violations: pd.DataFrame
    """One row a violation: the problem's number and what is wrong with it."""


def check_of(problems: ProblemSet) -> SetCheck:
    """Statistics and violations of a set."""
    return _check(problems.task.name, problems.sha256, problems)


@st.cache_resource(max_entries=8, show_spinner="Checking the problems …")
def _check(task: str, sha256: str, _problems: ProblemSet) -> SetCheck:
    own, problems = _problems.task, _problems.problems
    found = set_violations(own, [problem.to_json() for problem in problems], min_steps=1)
    violations = pd.DataFrame([(each.item, each.what) for each in found], columns=["problem", "violation"])
    try:
        return SetCheck(own.statistics(problems).frame(), None, violations)
    except InputError as error:
        return SetCheck(None, str(error), violations)
