"""What a model says after k thoughts, where the probability of its next word lies, and the value of every node."""

from typing import TYPE_CHECKING

import streamlit as st

from analyses.drawing.escaping import for_markdown, one_line, truncated
from analyses.drawing.tree.figure import LOW_MASS, Reading
from analyses.readings.masses import ValuesAt
from coconut_core.problems.problem import GraphProblem
from workbench.computed.values_table import table_at

if TYPE_CHECKING:
    from analyses.readings.problem_readings import ProblemReadings
    from coconut_core.generation import Answers

LONGEST_ANSWER = 240
"""Characters of an answer that are shown; one of a model that does not stop would push the tree off the page."""
WAYS = {
    "correct path": "by a shortest path",
    "longer path": "by a longer path",
    "hallucination": "with a step that is not a fact",
    "wrong target": "by a path to another node",
    "correct label": "the answer alone",
    "incorrect label": "the answer alone",
}
"""How each class of the paper's figure 5 gets to its answer."""
TABLE_HEIGHT = 380
"""Pixels of the table of nodes."""


def answer_in_markdown(problem: GraphProblem, answers: "Answers", k: int) -> str:
    """The model's words after k thoughts on a single problem: right or wrong, and how they get there (figure 5)."""
    from analyses.readings.reasoning_process import reasoning_process

    at = answers.ks.index(k)
    text = answers.text[0][at]
    words = for_markdown(truncated(one_line(text), LONGEST_ANSWER)) or "nothing"
    right = bool(answers.correct[0, at])
    mark = ":green-badge[:material/check: right]" if right else ":red-badge[:material/close: wrong]"
    return f"**{words}** {mark} :gray-badge[{WAYS[reasoning_process(problem, text, k)]}]"


def show_answer(problem: GraphProblem, answers: "Answers", reading: Reading) -> None:
    """The model's words after the thoughts of `reading`."""
    st.markdown(f"After {reading.thoughts} the model says: {answer_in_markdown(problem, answers, reading.k)}")


def warn_of_low_mass(problem: GraphProblem, at: ValuesAt, k: int) -> None:
    """A warning where the masses, which stand above the tree, leave little to read."""
    if not problem.candidates(k):
        st.info(
            f"There are no candidates at k = {k}: no node is that far from the start.",
            icon=":material/info:",
        )
    elif at.candidate_mass < LOW_MASS:
        st.warning(
            "Low candidate mass: the model expects other words here, so do not read the values as a ranking.",
            icon=":material/warning:",
        )


def show_values(readings: "ProblemReadings", k: int, opening: str) -> None:
    """One row a node: its value after k thoughts, beside the control, and where it stands in the graph."""
    number = st.column_config.NumberColumn
    st.dataframe(
        table_at(readings, k, opening),
        hide_index=True,
        height=TABLE_HEIGHT,
        column_config={
            "name": st.column_config.TextColumn("node", pinned=True),
            "value": number("value", format="%.4g", help="Raw probability of the name after k thoughts."),
            "no_thought": number("no thought", format="%.4g", help="The control: the value at k = 0."),
            "rank_among_candidates": number("rank among candidates"),
            "reaches_target": "reaches target",
            "on_shortest_path": "on shortest path",
            "height_shortest": number("height (shortest)", help="Shortest distance to a leaf, in edges."),
            "height_longest": number("height (longest)", help="Longest distance to a leaf, in edges."),
            "node": "number",
        },
    )
