"""A problem in words, and what is unsound about it."""

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.problems.problem import Problem
from workbench.choices.problem_sources import complaints

SHOWN_COMPLAINTS = 5


def show_text(problem: Problem) -> None:
    """Question, steps and answer as the model reads them."""
    st.code(problem.question, language=None, wrap_lines=True)
    st.code("\n".join([*problem.steps, problem.answer]), language=None, wrap_lines=True)


def show_complaints(problem: Problem) -> None:
    """A warning where the problem is not sound."""
    if found := complaints(problem):
        text = "This problem is not sound: " + " ".join(found[:SHOWN_COMPLAINTS])
        st.warning(for_markdown(text), icon=":material/warning:")
