"""What if a fact were different, or a thought? One tree before, after, and the difference between them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.drawing.tree.figure import tree_figure
from analyses.report import export
from analyses.report.bundles import bundle
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.problems.problem import GraphProblem
from workbench.choices import edits as editing
from workbench.choices.as_python import tree_script
from workbench.choices.edits import Edit, ThoughtEdit
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.number_of_thoughts import begin_at, chosen_k
from workbench.choices.problem_sets import problems_hash
from workbench.choices.problem_sources import LONGEST_TEXT, drawable
from workbench.choices.selection import Selection, selection_or_stop
from workbench.computed.readings import donor, known_words, most_thoughts, readings_of
from workbench.computed.values_table import differences, table_of_all
from workbench.widgets.downloads import offer_script
from workbench.widgets.edits import offer_population, offer_text_edits, show_chips, show_grid
from workbench.widgets.tree import Look, Side, answer_rows, answered_by_k, difference_of, layout_of, reading_of, tree_of
from workbench.widgets.tree_files import stem_of
from workbench.widgets.tree_view import TreeView, View

TABLE_HEIGHT = 250
SHOWN_WORDS = 60
"""Words that a model knows, as far as they are listed where a name is not among them."""


def applicable(folder: ModelFolder, edits: Sequence[ThoughtEdit]) -> tuple[ThoughtEdit, ...]:
    """Those of the edits that can change anything in this model; why the others cannot is said."""
    method = METHODS.get(folder.card().get("method"))
    if method is None or not edits:
        return ()
    if not method.has_slots:
        st.info("This model has no slots, so that there is no thought to change.", icon=":material/info:")
        return ()
    if not method.has_thoughts and any(edit.kind in ("swap", "freeze") for edit in edits):
        st.info("Every slot of this model is fed the same embedding, so that nothing changes.", icon=":material/info:")
        edits = [edit for edit in edits if edit.kind not in ("swap", "freeze")]
    if any(edit.kind == "freeze" and edit.position == 1 for edit in edits):
        st.info("Nothing comes before thought 1, so that it stays as it is.", icon=":material/info:")
    return tuple(edit for edit in edits if edit.kind != "freeze" or edit.position > 1)


def read_after(chosen: Selection, problem: GraphProblem, most: int, edits: tuple[ThoughtEdit, ...]) -> Side | None:
    """The edited side; where it cannot be read, one sentence and the words that the model knows."""
    try:
        readings = readings_of(chosen.model, problem, most, edits)
    except InputError as error:
        st.error(for_markdown(f"The edited problem cannot be asked: {error}"), icon=":material/error:")
        if "vocabulary" in str(error):
            words = [word for word in known_words(chosen.model) if word not in chosen.problem.question]
            listed = ", ".join(words[:SHOWN_WORDS]) + (" …" if len(words) > SHOWN_WORDS else "")
            st.caption(for_markdown(f"Words that {chosen.model.name} knows and the question has not: {listed}"))
        return None
    return Side(replace(chosen, problem=problem, label=f"{chosen.label}, edited"), readings)


def view(before: Side, after: Side | None, edits: tuple[Edit, ...], thoughts: tuple[ThoughtEdit, ...]) -> None:
    """Trees and tables. As a fragment it runs alone when k changes."""
    if editing.latest() != edits:
        st.rerun()  # an edge or two nodes were clicked in the tree: the whole page has to show the edit
    chosen, most = before.chosen, before.readings.values.ks[-1]
    k, look = chosen_k(most), Look(before.chosen.usual_opening)
    last = after or before
    trees, beside = st.columns([7, 3], gap="medium")
    with trees:
        data, views = [tree_of(before, look)], [View("Before", (0,))]
        if after and edits:
            data += [tree_of(after, look), difference_of(before, after, look)]
            views = [View("Difference", (2,)), View("After", (1,)), View("Before", (0,)), View("Both", (0, 1))]
        heads, rows = [answered_by_k(before, look.opening, "the model")], answer_rows(before)
        if len(data) > 1:
            heads.append(answered_by_k(after, look.opening, "the edited model"))
            rows = [row for row in (*rows, *answer_rows(after, ", after")) if "target" in row.name]
        TreeView(
            before.readings.values.ks,
            data,
            views,
            heads=heads,
            rows=rows,
            right=last.readings.answers.correct[0].tolist(),
            title=last.chosen.problem.asked(),
            stem=f"{stem_of(chosen)}-what-if",
            edits=chosen.task.edits is not None,
        ).show("what if", partial(clicked, last.chosen))
        if chosen.task.edits is not None:
            st.caption("Click an edge to leave out its fact; click one node, then another, to add a fact between them.")
    with beside:
        show_grid(chosen, most)
        st.markdown(f"**Differences at k = {k}**, largest first")
        columns = {name: st.column_config.NumberColumn(format="%.4g") for name in ("before", "after")}
        columns["change"] = st.column_config.NumberColumn(format="%+.4g")
        read = [side.readings.at(k, look.opening) for side in (before, last)]
        table = differences(*read, chosen.problem, last.chosen.problem)
        st.dataframe(table, hide_index=True, height=TABLE_HEIGHT, column_config=columns)
        offer_files(before, last, edits, k, look)
        text = None if last.chosen.problem == chosen.problem else last.chosen.problem.question
        made = thoughts if last is after else ()
        offer_script(tree_script(chosen, most, k, look.opening, made, text))


def clicked(chosen: Selection, event: dict) -> None:
    """A click on an edge leaves out its fact; on two nodes, it states one."""
    problem = chosen.problem
    nodes = [node for node in event.get("drop", event.get("add", ())) if node in range(len(problem.names))]
    if len(nodes) != 2:
        return
    if "add" in event:
        editing.make(Edit("add", tuple(problem.names[node] for node in nodes)))
    elif tuple(nodes) in problem.facts and problem.fact_texts:
        editing.make(Edit("drop", (f"{problem.fact_texts[problem.facts.index(tuple(nodes))]}.",)))


def offer_files(before: Side, after: Side, edits: Sequence[Edit], k: int, look: Look) -> None:
    """Both sides as a table, and everything as a zip; nothing is drawn until it is asked for."""
    sides = {"before": before, "after": after}
    tables = {
        when: table_of_all(side.readings, side.chosen.model.name, side.chosen.label) for when, side in sides.items()
    }

    def everything() -> bytes:
        figures = {
            f"tree-{when}": tree_figure(
                side.chosen.problem,
                side.readings.at(k, look.opening),
                reading_of(side.chosen, k, look.opening),
                layout=layout_of(side.chosen),
                paths=look.paths(side, k),
            )
            for when, side in sides.items()
        }
        about = {f"{when}_sha256": problems_hash([side.chosen.problem]) for when, side in sides.items()}
        about |= {"model": before.chosen.model.name, "weights": before.chosen.model.card().get("model_sha256")}
        about |= {"k": k, "changed": [edit.label for edit in edits]}
        texts = {f"{when}.json": json.dumps(side.chosen.problem.to_json(), indent=1) for when, side in sides.items()}
        return bundle(about, tables, figures, texts)

    with st.popover("Export", icon=":material/download:"):
        st.download_button(
            "Both sides as CSV",
            lambda: export.csv(pd.concat(tables.values(), ignore_index=True)),
            "what-if.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "Trees, values and texts as zip",
            everything,
            "what-if.zip",
            "application/zip",
            on_click="ignore",
            icon=":material/folder_zip:",
        )


chosen = selection_or_stop("The comparison of search trees")
most = most_thoughts(chosen.model)
try:
    edits = editing.edits_of(chosen.problem)
except InputError as error:
    edits = ()
    st.warning(for_markdown(str(error)), icon=":material/warning:")
fault = None
try:
    problem = drawable(editing.edited_problem(chosen.task, chosen.problem, edits))
except InputError as error:
    problem, fault = chosen.problem, str(error)
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    show_chips(edits)
    offer_text_edits(chosen, problem, LONGEST_TEXT)
    offer_population(chosen, most, edits)
if fault:
    st.error(for_markdown(f"The edited text is not a problem that can be asked: {fault}"), icon=":material/error:")
thoughts = applicable(chosen.model, editing.thought_edits(edits, most))
begin_at(chosen_k(most))
try:
    before = Side(chosen, readings_of(chosen.model, chosen.problem, most))
except InputError as error:
    st.error(for_markdown(str(error)), icon=":material/error:")
    st.stop()
after = None if fault else read_after(chosen, problem, most, thoughts)
st.fragment(view)(before, after, edits, thoughts)
for seed in sorted({edit.donor for edit in thoughts if edit.kind == "swap"}):
    st.caption(for_markdown(f"Problem {seed}, whose thought is fed: {donor(chosen.problem, seed).question}"))
