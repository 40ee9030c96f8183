"""What if a fact were different, or a thought? Before and after, side by side, with the right answer."""

import json
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.report import export
from analyses.report.bundles import bundle
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.problems.problem import GraphProblem
from workbench.choices.links import take_from_link
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import problems_hash
from workbench.choices.problem_sources import LONGEST_TEXT
from workbench.choices.selection import Selection, at_most, reset_with, selection_or_stop
from workbench.computed.readings import FEWEST_THOUGHTS, donor, most_thoughts, readings_of
from workbench.computed.values_table import table_of_all
from workbench.widgets.answer import answer_in_markdown
from workbench.widgets.downloads import offer_pictures
from workbench.widgets.tree import TREE_WIDTH, Side, show_legend, show_tree
from workbench.widgets.tree_files import stem_of

THOUGHT_EDITS = {
    "none": "leave them",
    "zero": "zero vector",
    "noise": "random direction, same length",
    "blur": "plus noise as long as itself",
    "freeze": "the thought before it again",
    "swap": "another problem's thought",
    "remove": "remove them from what comes later",
}


def edit_text(chosen: Selection) -> GraphProblem:
    """The problem as it was edited; the text is what counts and what the link holds, the buttons change it."""
    task, question = chosen.task, chosen.problem.question
    edits = task.edits
    if edits is None:
        text = f"Questions of {task.title} cannot be edited fact by fact; the thoughts on them can be changed below."
        st.caption(for_markdown(text))
        return chosen.problem
    reset_with(question, "edited", question)
    buttons = st.container()
    text = st.text_area(
        "The question, free to be edited (Ctrl+Enter applies it)",
        value=question,
        key="edited",
        bind="query-params",
        height=130,
        # What is longer than this would be cut, the chosen question too.
        max_chars=max(LONGEST_TEXT, len(question)),
    )
    turn, back, _ = st.columns([2, 2, 3])
    # Before the text is read, which may end in a fault: this is the way back.
    back.button("Undo all edits", on_click=_undo, args=(question,), icon=":material/undo:")
    facts, (names, kinds) = edits.facts_of(text), edits.names_of(text)
    drop, add, name = buttons.columns(3)
    fact = drop.selectbox("Drop a fact", facts, key="fact")
    drop.button("Drop", on_click=_apply, args=(lambda t: edits.without_fact(t, fact),), icon=":material/remove:")
    parent = add.selectbox("Add: every", names, key="parent")
    child = add.selectbox("is a", kinds, key="child")
    add.button("Add", on_click=_apply, args=(lambda t: edits.with_fact(t, parent, child),), icon=":material/add:")
    old = name.selectbox("Rename", names, key="old")
    new = name.text_input("to", key="new", max_chars=40)
    name.button("Rename", on_click=_apply, args=(lambda t: edits.renamed(t, old, new),), disabled=not new)
    turn.button("Turn the choice round", on_click=_apply, args=(edits.turned_round,), icon=":material/swap_horiz:")
    if fault := st.session_state.pop("edit fault", None):
        st.error(for_markdown(fault), icon=":material/error:")
    return chosen.problem if text == question else task.from_text(text)


def _apply(change: Callable[[str], str]) -> None:
    try:
        st.session_state["edited"] = change(st.session_state["edited"])
    except InputError as error:
        st.session_state["edit fault"] = str(error)


def _undo(question: str) -> None:
    st.session_state["edited"] = question


def applicable(folder: ModelFolder, kind: str, positions: list[int]) -> tuple[str, tuple[int, ...]]:
    """The change of thoughts as far as it can change anything in this model, and the thoughts where it does."""
    method = METHODS.get(folder.card().get("method"))
    if kind == "none" or method is None:
        return "none", ()
    if not method.has_slots:
        st.info("This model has no slots, so that there is no thought to change.", icon=":material/info:")
        return "none", ()
    if not method.has_thoughts and kind in ("swap", "freeze"):
        st.info("Every slot of this model is fed the same embedding, so that nothing changes.", icon=":material/info:")
        return "none", ()
    before_the_first = {1} if kind == "freeze" else set()
    found = tuple(sorted({*positions} - before_the_first))
    return (kind, found) if found else ("none", ())


def show(title: str, side: Side, k: int, key: str) -> Callable[[], go.Figure]:
    """The model's answer beside the right one, and the tree; returns how to draw it for white paper."""
    opening = side.chosen.usual_opening
    st.subheader(title)
    st.markdown(f"Model: {answer_in_markdown(side.chosen.problem, side.readings.answers, k)}")
    st.markdown(f"Right answer: **{for_markdown(side.chosen.problem.answer)}**")
    draw = show_tree(side, k, opening, key)
    offer_pictures(draw, f"{stem_of(chosen)}-{key}-k{k}", "This tree")
    return draw


st.header("What if")
chosen = selection_or_stop("The comparison of search trees")
with st.expander("Change the problem", expanded=True):
    try:
        problem, fault = edit_text(chosen), None
    except InputError as error:
        problem, fault = None, str(error)
if fault or problem is None:
    st.error(for_markdown(f"The edited text is not a problem that can be asked: {fault}"), icon=":material/error:")
    st.stop()
first, second, third = st.columns(3)
most = most_thoughts(chosen.model)
at_most("k", most)
k = first.slider("Thoughts k", 0, most, value=FEWEST_THOUGHTS, key="k", bind="query-params")
with second:
    kinds = {name: name for name in THOUGHT_EDITS} | {label: name for name, label in THOUGHT_EDITS.items()}
    take_from_link("change", kinds, THOUGHT_EDITS["none"])
kind = second.selectbox(
    "Change thoughts", list(THOUGHT_EDITS), format_func=THOUGHT_EDITS.get, key="change", bind="query-params"
)
every = list(range(1, most + 1))
reset_with(str(most), "which", every)
positions = third.multiselect("Which thoughts", every, default=every, key="which", bind="query-params")
kind, positions = applicable(chosen.model, kind, positions)
changed = chosen.task.edits.changes(chosen.problem, problem) if chosen.task.edits else []
if kind != "none":
    changed.append(f"thoughts {', '.join(map(str, positions))}: {THOUGHT_EDITS[kind]}")
st.markdown("**Changed:** " + for_markdown("; ".join(changed) if changed else "nothing yet"))
try:
    if kind == "swap":
        st.caption(for_markdown(f"The other problem, always the same one: {donor(chosen.problem).question}"))
    before = Side(chosen, readings_of(chosen.model, chosen.problem, most))
    after = Side(
        replace(chosen, problem=problem, label=f"{chosen.label}, changed"),
        readings_of(chosen.model, problem, most, kind, positions),
    )
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()
# Side by side where the window has room for two trees, else one below the other.
with st.container(horizontal=True, gap="medium"):
    with st.container(width=TREE_WIDTH):
        draw_before = show("Before", before, k, "before")
    with st.container(width=TREE_WIDTH):
        draw_after = show("After", after, k, "after")
show_legend(chosen)
hashes = {f"{when}_sha256": problems_hash([each]) for when, each in (("before", chosen.problem), ("after", problem))}
about = {
    **hashes,
    "model": chosen.model.name,
    "weights": chosen.model.card().get("model_sha256"),
    "k": k,
    "changed": changed,
}
tables = {
    when: table_of_all(side.readings, chosen.model.name, side.chosen.label)
    for when, side in (("before", before), ("after", after))
}
problems = {
    f"{when}.json": json.dumps(each.to_json(), indent=1)
    for when, each in (("before", chosen.problem), ("after", problem))
}
csv, everything, _ = st.columns([2, 2, 3])
csv.download_button(
    "Both sides as CSV",
    lambda: export.csv(pd.concat(tables.values(), ignore_index=True)),
    "what-if.csv",
    "text/csv",
    on_click="ignore",
    icon=":material/download:",
)
everything.download_button(
    "Trees, values and texts as zip",
    lambda: bundle(about, tables, {"tree-before": draw_before(), "tree-after": draw_after()}, problems),
    "what-if.zip",
    "application/zip",
    on_click="ignore",
    icon=":material/folder_zip:",
)
