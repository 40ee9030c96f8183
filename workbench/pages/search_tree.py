"""The search tree of one problem, and how a model's values move over it with every thought."""

from dataclasses import replace
from functools import partial

import streamlit as st

from analyses.drawing.escaping import for_markdown, one_line, truncated
from analyses.drawing.tree.figure import tree_figure
from analyses.drawing.tree.scene import shortest_path_to
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import values_beside_control
from coconut_core.errors import InputError
from workbench.choices.as_python import tree_script
from workbench.choices.links import take_from_link
from workbench.choices.model_shelf import has_changed
from workbench.choices.number_of_thoughts import begin_at, chosen_k
from workbench.choices.selection import Selection, reset_with, selection_or_stop
from workbench.computed.readings import FEWEST_THOUGHTS, most_thoughts, readings_of, readings_or_stop
from workbench.computed.warm_up import is_cold
from workbench.widgets.answer import explain_slots, show_values, warn_of_low_mass
from workbench.widgets.downloads import offer_pictures, offer_script
from workbench.widgets.figures import dark, show_drawn
from workbench.widgets.problem_text import show_complaints, show_text
from workbench.widgets.tour import offer_tour
from workbench.widgets.tree import (
    CAMERA,
    Look,
    Side,
    answer_rows,
    answered_by_k,
    difference_of,
    layout_of,
    reading_of,
    tree_of,
    tree_without_values,
)
from workbench.widgets.tree_files import offer_files, stem_of
from workbench.widgets.tree_view import TreeView, View

NO_NODE = "no node"
PATH_TO = "to"
"""Key of the widget that chooses the node whose path is drawn."""
# Values from here on are written beside their nodes.
WRITTEN = {"all": 0.0, ".01": 0.01, ".05": 0.05, ".1": 0.1, ".25": 0.25, ".5": 0.5, "none": 2.0}
DEFAULT_WRITTEN = ".05"


def view(side: Side, second: Side | None) -> None:
    """Everything that moves with k. As a fragment it runs alone when k changes."""
    sides = [side, second] if second else [side]
    if any(has_changed(each.chosen.model) for each in sides):
        st.rerun()  # trained anew meanwhile: the whole page has to read it again
    k = chosen_k(side.readings.values.ks[-1])
    trees, beside = st.columns([7, 3], gap="medium")
    with beside:
        look = choose_look(side.chosen)
    with trees:
        show_trees(side, second, look)
    with beside:
        show_node(sides, k, look)
        show_curves(side, k, look)
        show_values(sides, k, look.opening)
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=420):
            show_control(side, k, look)
        with st.container(width="stretch"):
            explain_slots(side.chosen)
            warn_of_low_mass(side.chosen.problem, side.readings.at(k, look.opening), k)
            at, reading = side.readings.at(k, look.opening), reading_of(side.chosen, k, look.opening)
            paths, layout = look.paths(side, k), layout_of(side.chosen)
            draw = partial(tree_figure, side.chosen.problem, at, reading, layout=layout, paths=paths)
            offer_files(sides, k, look.opening, partial(draw, written_from=look.written_from))
            for each in sides:
                offer_script(tree_script(each.chosen, side.readings.values.ks[-1], k, look.opening))


def choose_look(chosen: Selection) -> Look:
    """The node whose path is drawn, and behind a button what is rarely changed."""
    openings, opening = chosen.task.openings, chosen.usual_opening
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        nodes = [NO_NODE, *sorted(chosen.problem.names)]
        take_from_link(PATH_TO, {name: name for name in nodes}, NO_NODE)
        reset_with(chosen.problem.question, PATH_TO, NO_NODE)
        node = st.selectbox(
            "Node",
            nodes,
            key=PATH_TO,
            bind="query-params",
            help="Draws the path from the start to a node; a click on the node does the same.",
        )
        with st.popover("Display", icon=":material/tune:"):
            correct = st.toggle("Correct path", key="path", bind="query-params")
            help_ = "The steps that the model wrote after k thoughts: in bold, or dashed in red where it invents one."
            written = st.toggle("Written steps", True, key="chain", bind="query-params", help=help_)
            if len(openings) > 1:
                opening = st.selectbox(
                    "Opening at k = 0",
                    list(openings),
                    format_func=openings.get,
                    key="opening",
                    bind="query-params",
                    help="The words in front of the name that is read. With no thought a chain can begin in several "
                    f"ways; after thoughts “{reading_of(chosen, 1, opening).opening}” is forced.",
                )
            least = st.selectbox(
                "Write values of at least",
                list(WRITTEN),
                index=list(WRITTEN).index(DEFAULT_WRITTEN),
                key="written",
                bind="query-params",
                help="Smaller values are drawn but not written; the table has all of them, and so has the pointer.",
            )
    to = chosen.problem.names.index(node) if node in chosen.problem.names else None
    return Look(opening, correct, written, to, WRITTEN[least])


def show_trees(side: Side, second: Side | None, look: Look) -> None:
    """The answers, the axis of k and the trees, which the browser moves by itself."""
    problem, ks = side.chosen.problem, side.readings.values.ks
    sides = [side, second] if second else [side]
    trees, views = [tree_of(each, look) for each in sides], [View("Tree", (0,))]
    if second:
        trees.append(difference_of(side, second, look))
        views = [View("Side by side", (0, 1)), View("Difference", (2,))]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"#### {for_markdown(problem.asked())}", width="content")
        offer_tour()
    said_by = [truncated(each.chosen.model.name, 36) for each in sides] if second else ["the model"]
    rows = answer_rows(side)
    if second:
        rows += answer_rows(second, ", second")
    TreeView(
        ks,
        trees,
        views,
        heads=[answered_by_k(each, look.opening, who) for each, who in zip(sides, said_by, strict=True)],
        rows=rows,
        right=side.readings.answers.correct[0].tolist(),
        chosen=look.to,
        title=problem.asked(),
        stem=stem_of(side.chosen),
    ).show("tree", partial(choose_clicked, side.chosen))


def choose_clicked(chosen: Selection, event: dict) -> None:
    """Let the path lead to the node that was clicked."""
    if event.get("node") in range(len(chosen.problem.names)):
        st.session_state[PATH_TO] = chosen.problem.names[event["node"]]


def show_node(sides: list[Side], k: int, look: Look) -> None:
    """The path to the chosen node in words, and its value."""
    if look.to is None:
        st.caption("Click a node to see its path from the start.")
        return
    problem = sides[0].chosen.problem
    names = [problem.names[node] for node in shortest_path_to(problem, look.to)]
    path = " → ".join(map(one_line, names)) or "cannot be reached from the start"
    values = " and ".join(f"{side.readings.at(k, look.opening).value[look.to]:.4g}" for side in sides)
    st.markdown(for_markdown(f"{problem.names[look.to]}: {path} · value {values} at k = {k}"))


def show_curves(side: Side, k: int, look: Look) -> None:
    """Values against k."""
    curves = partial(value_curves, side.chosen.problem, side.readings.by_k(look.opening), k)
    alt = "Values of the noticeable nodes by the number of thoughts; the download has the numbers."
    show_drawn(curves(dark=dark()), "curves", alt, config=CAMERA)


def show_control(side: Side, k: int, look: Look) -> None:
    """The values after k thoughts beside those with no thought."""
    chosen, readings = side.chosen, side.readings
    reading, control = (reading_of(chosen, each, look.opening) for each in (k, 0))
    values, without = (readings.at(each, look.opening).value for each in (k, 0))
    draw = partial(values_beside_control, chosen.problem, values, without, reading, control)
    alt = f"Values after {reading.thoughts} beside the values with no thought; the table has the numbers."
    show_drawn(draw(dark=dark()), "control", alt, config=CAMERA)
    offer_pictures(draw, f"{stem_of(chosen)}-beside-no-thought-k{k}", "This comparison")


def read_second(chosen: Selection, thoughts: int) -> Side | None:
    """What the other model thinks; a sentence where it cannot be read, and the page goes on without it."""
    try:
        return Side(chosen, readings_of(chosen.model, chosen.problem, thoughts))
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        return None


chosen = selection_or_stop("The search tree")
show_complaints(chosen.problem)
other = chosen.second
thoughts = most_thoughts(chosen.model, *([other] if other else []))
begin_at(chosen_k(thoughts))
waiting = st.empty()
if is_cold():
    ks = range(FEWEST_THOUGHTS + 1)
    with waiting:
        TreeView(ks, [tree_without_values(chosen, ks)], [View("Tree", (0,))]).show("waiting", lambda event: None)
try:
    side = Side(chosen, readings_or_stop(chosen, thoughts))
finally:
    waiting.empty()
second = read_second(replace(chosen, model=other), thoughts) if other else None
st.fragment(view)(side, second)
with st.expander("The problem as text"):
    show_text(chosen.problem)
