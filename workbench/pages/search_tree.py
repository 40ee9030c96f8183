"""The search tree of one problem, and how a model's values move over it with every thought."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import values_beside_control
from coconut_core.errors import InputError
from workbench.choices.links import take_from_link
from workbench.choices.model_shelf import has_changed
from workbench.choices.selection import (
    Selection,
    at_most,
    choose_other,
    reset_with,
    selection_or_stop,
    usable_models,
)
from workbench.computed.readings import FEWEST_THOUGHTS, most_thoughts, readings_of, readings_or_stop
from workbench.computed.warm_up import is_cold
from workbench.widgets.answer import show_answer, show_values, warn_of_low_mass
from workbench.widgets.downloads import offer_pictures
from workbench.widgets.figures import dark, show_drawn
from workbench.widgets.playing import PLAY_SECONDS, is_playing, tick, touch
from workbench.widgets.problem_text import show_complaints, show_text
from workbench.widgets.tree import (
    CAMERA,
    NO_NODE,
    PATH_TO,
    TREE_WIDTH,
    Side,
    reading_of,
    show_legend,
    show_tree,
    show_tree_without_values,
)
from workbench.widgets.tree_files import offer_files, stem_of

FIRST_K = 1
CHOICE_WIDTH = 160
CONTROL_WIDTH = 320
# Values from here on are written beside their nodes.
WRITTEN = {"all": 0.0, ".01": 0.01, ".05": 0.05, ".1": 0.1, ".25": 0.25, ".5": 0.5, "none": 2.0}
DEFAULT_WRITTEN = ".05"


def view(side: Side, second: Side | None, playing: bool) -> None:
    """Everything that moves with k. As a fragment it runs alone when k changes, and by itself while `playing`."""
    sides = [side, second] if second else [side]
    if any(has_changed(each.chosen.model) for each in sides):
        st.rerun()  # trained anew meanwhile: the whole page has to read it again
    chosen, readings = side.chosen, side.readings
    if playing:
        tick("k", FIRST_K, len(readings.values.ks))
    k, opening, traced = choose_view(chosen, readings.values.ks[-1], playing)
    # Side by side where the window has room for two trees, else one below the other. Words above them may be more on
    # one side; at the bottom, the trees stay level.
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=TREE_WIDTH if second else "stretch"):
            # In a narrow picture the legend would run into the scale.
            draw = show_side(side, k, opening, "tree", **traced, legend=second is None)
        if second:
            with st.container(width=TREE_WIDTH):
                draw_second = show_side(second, k, opening, "second tree", **traced)
    if second:
        show_legend(chosen)
        offer_pictures(draw_second, f"{stem_of(second.chosen)}-k{k}", "The second tree")
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=CONTROL_WIDTH):
            show_control(side, k, opening)
        with st.container(width="stretch"):
            curves = partial(value_curves, chosen.problem, readings.by_k(opening), k)
            alt = "Values of the noticeable nodes by the number of thoughts; the download has the numbers."
            show_drawn(curves(dark=dark()), "curves", alt, config=CAMERA)
            offer_pictures(curves, f"{stem_of(chosen)}-values-by-thought", "These curves")
    show_values(readings, k, opening)
    offer_files(sides, k, opening, draw)


def choose_view(chosen: Selection, most: int, playing: bool) -> tuple[int, str, dict[str, bool]]:
    """The row of choices above the tree: number of thoughts, opening at k = 0, which paths are drawn."""
    openings = chosen.task.openings
    at_most("k", most)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        help_ = "How many continuous thoughts the model thinks before it is asked. Arrow keys move it."
        k = st.slider("Thoughts k", 0, most, value=FIRST_K, key="k", bind="query-params", on_change=touch, help=help_)
        opening = chosen.usual_opening
        if len(openings) > 1:
            opening = st.selectbox(
                "Opening at k = 0",
                list(openings),
                format_func=openings.get,
                key="opening",
                bind="query-params",
                help="The words in front of the name that is read. With no thought a chain can begin in several ways; "
                f"after thoughts “{reading_of(chosen, 1, opening).opening}” is forced.",
                width=CHOICE_WIDTH,
            )
        nodes = [NO_NODE, *sorted(chosen.problem.names)]
        take_from_link(PATH_TO, {name: name for name in nodes}, NO_NODE)
        reset_with(chosen.problem.question, PATH_TO, NO_NODE)
        st.selectbox(
            "Path to",
            nodes,
            key=PATH_TO,
            bind="query-params",
            on_change=touch,
            help="Draws the path from the start to a node and gives its value; a click on the node does the same.",
            width=CHOICE_WIDTH,
        )
        with st.container(width="content", gap=None):  # one above the other, so that the row has room for the rest
            traced = {"trace_path": st.toggle("Correct path", key="path", bind="query-params", on_change=touch)}
            help_ = "Draws the steps that the model wrote after k thoughts: in bold, or dashed where it states no fact."
            label = "Written steps"
            traced["chain"] = st.toggle(label, True, key="chain", bind="query-params", on_change=touch, help=help_)
        help_ = "Moves k on by itself, a thought a second or so."
        if st.toggle("Play", key="play", on_change=touch, help=help_) != playing:
            st.rerun()  # the page decides whether this fragment runs by itself
    return k, opening, traced


def show_side(side: Side, k: int, opening: str, key: str, **marks: bool) -> Callable[[], go.Figure]:
    """One model's answer, masses and tree; returns how to draw the tree for white paper."""
    card, reading = side.chosen.model.card(), reading_of(side.chosen, k, opening)
    if card.get("thoughts_per_step", 1) != 1:
        st.info(
            f"Every step takes this model {card['thoughts_per_step']} thoughts, but the candidates, as the paper "
            "defines them, are as many steps away as there were thoughts.",
            icon=":material/info:",
        )
    if card.get("max_thoughts") == 0:
        st.info(
            f"This model has no thoughts. From k = 1 on “{reading_of(side.chosen, 1, opening).opening}” is forced; "
            "beyond that k only moves the row of candidates.",
            icon=":material/info:",
        )
    show_answer(side.chosen.problem, side.readings.answers, reading)
    warn_of_low_mass(side.chosen.problem, side.readings.at(k, opening), k)
    written_from = WRITTEN[st.session_state.get("written", DEFAULT_WRITTEN)]
    return show_tree(side, k, opening, key, clickable=True, written_from=written_from, **marks)


def show_control(side: Side, k: int, opening: str) -> None:
    """The values after k thoughts beside those with no thought."""
    chosen, readings = side.chosen, side.readings
    reading, control = (reading_of(chosen, each, opening) for each in (k, 0))
    values, without = (readings.at(each, opening).value for each in (k, 0))
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
waiting = st.empty()
if is_cold():
    asked = st.query_params.get("k", "")  # the slider itself is not there yet
    k = int(asked) if asked in map(str, range(FEWEST_THOUGHTS + 1)) else FIRST_K
    with waiting:
        show_tree_without_values(chosen, k, chosen.usual_opening)
with st.sidebar:
    others = [folder for folder in usable_models() if folder != chosen.model]
    other = choose_other("Compare with", "second", others) if others else None
    st.selectbox(
        "Write values of at least",
        list(WRITTEN),
        index=list(WRITTEN).index(DEFAULT_WRITTEN),
        key="written",
        bind="query-params",
        help="Smaller values are drawn but not written; the table has all of them, and so has the pointer.",
    )
thoughts = most_thoughts(chosen.model, *([other] if other else []))
try:
    side = Side(chosen, readings_or_stop(chosen, thoughts))
finally:
    waiting.empty()
second = read_second(replace(chosen, model=other), thoughts) if other else None
playing = is_playing()
st.fragment(view, run_every=PLAY_SECONDS if playing else None)(side, second, playing)
with st.expander("The problem as text"):
    show_text(chosen.problem)
