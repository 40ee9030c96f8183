"""Edits on a page: the row of those that are made, the grid of those of single thoughts, and those of the text."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.problems.problem import GraphProblem
from workbench.choices import edits as editing
from workbench.choices.edits import THOUGHT_EDITS, Edit
from workbench.choices.problem_sets import problem_set, problem_sets
from workbench.choices.selection import Selection
from workbench.computed.edited_answers import edited_answers
from workbench.computed.readings import answer_changes
from workbench.widgets.downloads import offer_result
from workbench.widgets.figures import dark, show_figure

GRID = "edits of single thoughts"
CELL = 48
"""Pixels of a cell's width: seven stand beside the tree."""
STRONGEST = 0.85
"""Opacity of a cell whose edit takes away all of p(answer)."""
USUAL_PROBLEMS, MOST_PROBLEMS = 50, 1000


def show_chips(edits: Sequence[Edit]) -> None:
    """One button an edit, which takes it back; undo, redo, and all at once."""
    if not edits:
        st.markdown("**No edits yet:** click a cell, an edge or two nodes.")
    for index, edit in enumerate(edits):
        label, help_ = for_markdown(edit.label), "Take this edit back"
        st.button(label, key=f"edit {index}", icon=":material/close:", help=help_, on_click=editing.drop, args=(index,))
    st.button("Undo", icon=":material/undo:", on_click=editing.undo, disabled=not editing.can_undo())
    st.button("Redo", icon=":material/redo:", on_click=editing.redo, disabled=not editing.can_redo())
    if edits:
        st.button("Undo all edits", icon=":material/delete_sweep:", on_click=editing.clear)


def show_grid(chosen: Selection, most: int) -> None:
    """Thought by kind: how much p(answer) changes if this one thought is edited; a click makes the edit."""
    method = METHODS.get(chosen.model.card().get("method"))
    if method is None or not method.has_slots:
        st.caption("This model has no slots, so that there is no thought to change.")
        return
    try:
        usual, grid = answer_changes(chosen.model, chosen.problem, most)
    except InputError as error:  # a task may have no other problems to take thoughts from
        st.caption(for_markdown(str(error)))
        return
    st.markdown(
        f"**Edit one thought**: change of p(answer), {usual:.2f} after {most} thoughts",
        help="Each cell edits a single thought of the unedited problem. A click makes the edit; edits add up.",
    )
    frame = pd.DataFrame(grid, index=range(1, most + 1), columns=list(THOUGHT_EDITS))
    columns = {
        kind: st.column_config.Column(help=THOUGHT_EDITS[kind], width=CELL, alignment="right") for kind in THOUGHT_EDITS
    }
    st.dataframe(
        frame.style.map(_cell).format(_change),
        key=GRID,
        on_select=_choose_cell,
        selection_mode="single-cell",
        column_config=columns
        | {"_index": st.column_config.Column("k", width=CELL, help="The thought that is edited.")},
    )


def _change(change: float) -> str:
    return f"{change:+.2f}" if abs(change) >= 0.005 else "0"


def _cell(change: float) -> str:
    red, green, blue = (178, 65, 12) if change < 0 else (8, 58, 117)
    if dark():
        red, green, blue = (255, 148, 87) if change < 0 else (125, 185, 230)
    return f"background-color: rgba({red}, {green}, {blue}, {min(abs(change), 1) * STRONGEST:.2f})"


def _choose_cell() -> None:
    cells = st.session_state[GRID]["selection"]["cells"]
    if cells:
        row, kind = cells[0]
        if kind in THOUGHT_EDITS:
            editing.make(Edit("thought", (row + 1, kind, 0)))


def offer_text_edits(chosen: Selection, problem: GraphProblem, longest: int) -> None:
    """Behind one button: facts to leave out and to state, names, the choice, the text itself, another donor."""
    edits, text = chosen.task.edits, problem.question
    with st.popover("More edits", icon=":material/edit:"):
        kinds = list(THOUGHT_EDITS)
        with st.form("thought", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            position = st.number_input("Thought", 1, step=1, key="position")
            kind = st.selectbox("is", kinds, format_func=THOUGHT_EDITS.get, key="kind")
            seed = st.number_input("Donor", 0, step=1, key="donor", help="Which other problem gives its thought.")
            if st.form_submit_button("Edit"):
                editing.make(Edit("thought", (int(position), kind, int(seed) if kind == "swap" else 0)))
                st.rerun()
        if edits is None:
            st.caption(for_markdown(f"Questions of {chosen.task.title} cannot be edited fact by fact."))
            return
        facts, (names, classes) = edits.facts_of(text), edits.names_of(text)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            fact = st.selectbox("Drop a fact", facts, key="fact")
            _button("Drop", Edit("drop", (fact,)), disabled=fact is None)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            parent = st.selectbox("Add: every", names, key="parent")
            child = st.selectbox("is a", classes, key="child")
            _button("Add", Edit("add", (parent, child)), disabled=None in (parent, child))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            old = st.selectbox("Rename", names, key="old")
            new = st.text_input("to", key="new", max_chars=40)
            _button("Rename", Edit("rename", (old, new)), disabled=not new)
        _button("Turn the choice round", Edit("turn"))
        written = st.text_area(
            "The question, free to be edited (Ctrl+Enter applies it)",
            value=text,
            key=f"edited {hash(text)}",
            height=130,
            max_chars=max(longest, len(text)),
        )
        if written != text:
            editing.make(Edit("text", (written,)))
            st.rerun()


def _button(label: str, edit: Edit, disabled: bool = False) -> None:
    st.button(label, on_click=editing.make, args=(edit,), disabled=disabled)


def offer_population(chosen: Selection, most: int, edits: Sequence[Edit]) -> None:
    """The edits of thoughts on many problems: how many answers they turn."""
    thoughts = editing.thought_edits(edits, most)
    sets = problem_sets()
    with st.popover("On many problems", icon=":material/groups:", disabled=not thoughts or not sets):
        if not thoughts or not sets:
            return
        name = st.selectbox("Problems", sets, key="edited set")
        count = st.number_input("How many", 1, MOST_PROBLEMS, USUAL_PROBLEMS, step=50, key="edited problems")
        if not st.button("Run these edits", type="primary"):
            return
        try:
            result = edited_answers(chosen.model, problem_set(name), int(count), most, thoughts)
        except InputError as error:
            st.error(for_markdown(str(error)), icon=":material/error:")
            return
        show_figure(result.figure(), "edited answers", result.caption())
        st.markdown(for_markdown(result.caption()))
        offer_result(result, result.figure(), "edited-answers")
