"""The search tree of one problem, and how a model's values move over it with every thought."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from analyses.drawing.escaping import for_markdown, one_line, shortened
from analyses.drawing.tree.figure import (
    LOW_MASS,
    Reading,
    description,
    tree_figure,
    tree_layout,
)
from analyses.drawing.tree.scene import shortest_path_to
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import control_figure
from coconut_core.errors import InputError
from coconut_core.problems.graph import frontier
from workbench.choices import selection as session
from workbench.choices.model_shelf import has_changed
from workbench.choices.problem_sources import complaints
from workbench.choices.selection import Selection
from workbench.computed.readings import LEAST, Readings, ValuesAt, most_thoughts, readings_of
from workbench.computed.values_table import table_at
from workbench.widgets.downloads import offer_pictures
from workbench.widgets.plotly_ahead import is_cold
from workbench.widgets.tree import TREE_WIDTH, offer_files, reading_of, show_legend, stem_of

# What can be forced at k = 0: the way a chain begins, or the way all of its later steps do.
OPENINGS = {"entity": "NAME is a", "every": "Every"}
FIRST_K = 1
NO_NODE = "no node"
PLAY_SECONDS = 1.2
CHOICE_WIDTH = 160
CONTROL_WIDTH = 320
# Values from here on are written beside their nodes.
WRITTEN = {"all": 0.0, ".01": 0.01, ".05": 0.05, ".1": 0.1, ".25": 0.25, ".5": 0.5, "none": 2.0}
DEFAULT_WRITTEN = ".05"
MOST_CHARACTERS = 240  # of an answer; a model that does not stop would push the tree off the page
CAMERA = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}


def view(chosen: Selection, readings: Readings, second: tuple[Selection, Readings] | None, playing: bool) -> None:
    """Everything that moves with k. As a fragment it runs alone when k changes, and by itself while `playing`."""
    if any(has_changed(each.model) for each in (chosen, *((second[0],) if second else ()))):
        st.rerun()  # trained anew meanwhile: the whole page has to read it again
    if playing and time.monotonic() - st.session_state.get("touched", 0.0) > 0.8 * PLAY_SECONDS:
        st.session_state["k"] = (st.session_state.get("k", FIRST_K) + 1) % len(readings.values.ks)
        touch()
    session.at_most("k", readings.values.ks[-1])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        k = st.slider(
            "Thoughts k",
            0,
            readings.values.ks[-1],
            value=FIRST_K,
            key="k",
            bind="query-params",
            on_change=touch,
            help="How many continuous thoughts the model thinks before it is asked. Arrow keys move it.",
        )
        opening = st.selectbox(
            "Forced at k = 0",
            list(OPENINGS),
            format_func=OPENINGS.get,
            key="opening",
            bind="query-params",
            help="With no thought a chain begins with the name in question; after thoughts “Every” is forced.",
            width=CHOICE_WIDTH,
        )
        session.reset_with(chosen.problem.question, "to", NO_NODE)
        st.selectbox(
            "Path to",
            [NO_NODE, *sorted(chosen.problem.names)],
            key="to",
            bind="query-params",
            on_change=touch,
            help="Draws the path from the start to a node and tells its value; a click on the node does the same.",
            width=CHOICE_WIDTH,
        )
        trace_path = st.toggle("Correct path", key="path", bind="query-params", on_change=touch)
        help_ = "Moves k on by itself, a thought a second or so."
        if st.toggle("Play", key="play", on_change=touch, help=help_) != playing:
            st.rerun()  # the page decides whether this fragment runs by itself
    at, control = readings.at(k, opening), readings.at(0, opening)
    reading, without = (reading_of(chosen, n, opening, v) for n, v in ((k, at), (0, control)))
    dark = session.dark()
    # Side by side where the window has room for two trees, else one below the other. Words above them may be more on
    # one side; at the bottom, the trees stay level.
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=TREE_WIDTH if second else "stretch"):
            draw = show_tree(chosen, readings, k, opening, trace_path, "tree", legend=second is None)
        if second:
            with st.container(width=TREE_WIDTH):
                draw_second = show_tree(*second, k, opening, trace_path, "second tree", legend=False)
    if second:
        show_legend()
        offer_pictures(draw_second, f"{stem_of(second[0])}-k{k}", "The second tree")
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=CONTROL_WIDTH):
            beside = partial(control_figure, chosen.problem, at.value, control.value, reading, without)
            alt = f"Values after {reading.thoughts} beside the values with no thought; the table has the numbers."
            session.show_drawn(beside(dark=dark), "control", alt, config=CAMERA)
            offer_pictures(beside, f"{stem_of(chosen)}-beside-no-thought-k{k}", "This comparison")
        with st.container(width="stretch"):
            curves = partial(value_curves, chosen.problem, readings.by_k(opening), k)
            alt = "Values of the noticeable nodes by the number of thoughts; the download has the numbers."
            session.show_drawn(curves(dark=dark), "curves", alt, config=CAMERA)
            offer_pictures(curves, f"{stem_of(chosen)}-values-by-thought", "These curves")
    show_table(readings, k, opening)
    offer_files([(chosen, readings), *([second] if second else [])], k, opening, layout_of(chosen), draw)


def touch() -> None:
    """Somebody, or the clock, has moved something: the next thought of a play is due a while from now."""
    st.session_state["touched"] = time.monotonic()


def show_tree(chosen: Selection, readings: Readings, k: int, opening: str, trace_path: bool, key: str, *, legend: bool):
    """One model's answer, masses and tree, with the path of a node that was clicked; how to draw it for white paper."""
    at = readings.at(k, opening)
    reading = reading_of(chosen, k, opening, at)
    clicked = node_of(chosen, st.session_state.get("to"))
    card = chosen.model.card()
    if card.get("thoughts_per_step", 1) != 1:
        told = f"Every step takes this model {card['thoughts_per_step']} thoughts, but the candidates, as the paper "
        st.info(told + "defines them, are as many steps away as there were thoughts.", icon=":material/info:")
    if card.get("max_thoughts") == 0:
        told = "This model has no thoughts. From k = 1 on “Every” is forced; beyond that k only moves the row of "
        st.info(told + "candidates.", icon=":material/info:")
    show_answer(readings, reading)
    show_masses(chosen, at, k)
    # In a narrow picture the legend would run into the scale.
    least = WRITTEN[st.session_state.get("written", DEFAULT_WRITTEN)]
    # A download is drawn later and elsewhere, so all that it depends on is settled here.
    marks = {"layout": layout_of(chosen), "trace_path": trace_path, "to": clicked, "written_from": least}
    shown_on_paper = partial(tree_figure, chosen.problem, at.value, reading, **marks)
    shown = shown_on_paper(legend=legend, dark=session.dark())
    alt = description(chosen.problem, at.value, reading, layout=layout_of(chosen))
    clicks = {"on_select": partial(choose_clicked, chosen, key), "selection_mode": "points"}
    session.show_drawn(shown, key, alt, config=CAMERA, **clicks)
    if clicked is not None:
        names = [chosen.problem.names[node] for node in shortest_path_to(chosen.problem, clicked)]
        path = " → ".join(map(one_line, names)) or "cannot be reached from the start"
        st.markdown(for_markdown(f"{chosen.problem.names[clicked]}: {path} · value {at.value[clicked]:.4g}"))
    else:
        st.caption("Click a node, or choose it above, to see its path from the start.")
    return shown_on_paper


def choose_clicked(chosen: Selection, key: str) -> None:
    """Let the path lead to the node that was clicked."""
    points = (st.session_state.get(key) or {"selection": {"points": []}})["selection"]["points"]
    nodes = [point["customdata"][0] for point in points if point.get("customdata")]
    if nodes and nodes[0] < len(chosen.problem.names):
        st.session_state["to"] = chosen.problem.names[int(nodes[0])]
    touch()


def node_of(chosen: Selection, name: str | None) -> int | None:
    """The node of a name, if the problem has it."""
    return chosen.problem.names.index(name) if name in chosen.problem.names else None


def show_waiting(chosen: Selection) -> None:
    """The tree without values, for the seconds in which torch is imported, once a server."""
    nothing = np.zeros(len(chosen.problem.names))
    asked = st.query_params.get("k", "")  # the slider itself is not there yet
    k = int(asked) if asked in map(str, range(LEAST + 1)) else FIRST_K
    reading = Reading(chosen.model.name, k, "Every")
    figure = tree_figure(chosen.problem, nothing, reading, layout=layout_of(chosen), dark=session.dark())
    figure.update_layout(title_subtitle_text="values follow as soon as the model is loaded")
    session.show_drawn(figure, "waiting", "The search tree, without values yet", config=CAMERA)


def layout_of(chosen: Selection):
    """The problem's layout, kept for the session: it is the same for every k."""
    kept = st.session_state.get("layout")
    if kept is None or kept[0] != chosen.problem:
        kept = st.session_state["layout"] = (chosen.problem, tree_layout(chosen.problem))
    return kept[1]


def show_answer(readings: Readings, reading: Reading) -> None:
    """The model's words after k thoughts, and whether they end in the right answer."""
    words, correct = readings.answers.text[0][reading.k], bool(readings.answers.correct[0, reading.k])
    mark = ":green-badge[:material/check: right]" if correct else ":red-badge[:material/close: wrong]"
    said = for_markdown(shortened(one_line(words), MOST_CHARACTERS)) or "nothing"
    st.markdown(f"After {reading.thoughts} the model says: **{said}** {mark}")


def show_masses(chosen: Selection, at: ValuesAt, k: int) -> None:
    """Where the probability of the next word lies; the three numbers sum to 1."""
    st.markdown(
        f"Probability of the next word: **{at.candidate_mass:.3f}** on the candidates, "
        f"**{at.other_mass:.3f}** on other nodes, **{at.off_graph:.3f}** off the graph"
    )
    if not frontier(chosen.problem.graph, chosen.problem.root, k):
        st.info(
            f"No node is exactly {k} steps away from the start, so there are no candidates.",
            icon=":material/info:",
        )
    elif at.candidate_mass < LOW_MASS:
        st.warning(
            "Low candidate mass: the model expects other words here, so do not read the values as a ranking.",
            icon=":material/warning:",
        )


def show_table(readings: Readings, k: int, opening: str) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        table_at(readings, k, opening),
        hide_index=True,
        height=380,
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


def choose_second(chosen: Selection) -> Selection | None:
    """Another model to be shown on the same problem."""
    others = [folder for folder in session.shelf() if not folder.fault and folder != chosen.model]
    other = session.choose_other("Beside it", "second", others) if others else None
    return replace(chosen, model=other) if other else None


def read_second(beside: Selection, most: int) -> tuple[Selection, Readings] | None:
    """What the other model thinks; a sentence where it cannot be read, and the page goes on without it."""
    try:
        return beside, readings_of(beside.model, beside.problem, most)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        return None


def show_problem(chosen: Selection) -> None:
    """The problem as the model reads it."""
    with st.expander("The problem as text"):
        st.code(chosen.problem.question, language=None, wrap_lines=True)
        st.code("\n".join([*chosen.problem.steps, chosen.problem.answer]), language=None, wrap_lines=True)


chosen = session.selection_or_stop()
if wrong := complaints(chosen.problem):
    st.warning(for_markdown("This problem is not sound: " + " ".join(wrong[:5])), icon=":material/warning:")
waiting = st.empty()
if is_cold():
    with waiting:
        show_waiting(chosen)
with st.sidebar:
    beside = choose_second(chosen)
    st.selectbox(
        "Write values from",
        list(WRITTEN),
        index=list(WRITTEN).index(DEFAULT_WRITTEN),
        key="written",
        bind="query-params",
        help="Smaller values are drawn and not written; the table and the pointer tell all.",
    )
most = most_thoughts(chosen.model, *([beside.model] if beside else []))
try:
    readings = session.readings_or_stop(chosen, most)
finally:
    waiting.empty()
second = read_second(beside, most) if beside else None
playing = bool(st.session_state.get("play"))
st.fragment(view, run_every=PLAY_SECONDS if playing else None)(chosen, readings, second, playing)
show_problem(chosen)
