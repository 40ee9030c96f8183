"""The search tree of a chosen problem, as every page draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analyses.drawing.escaping import for_markdown, one_line
from analyses.drawing.tree.figure import Reading, description, legend_figure, tree_figure, tree_layout
from analyses.drawing.tree.layout import TreeLayout
from analyses.drawing.tree.paths import Paths
from analyses.drawing.tree.scene import WRITTEN_FROM, shortest_path_to
from analyses.readings.masses import ValuesAt
from workbench.choices.selection import Selection
from workbench.widgets.figures import dark, show_drawn
from workbench.widgets.playing import touch

if TYPE_CHECKING:
    from analyses.readings.problem_readings import ProblemReadings

TREE_WIDTH = 710
"""Pixels below which the names of a tree run into each other."""
CAMERA = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
"""The tool bar of a figure that has downloads of its own below it."""
NO_NODE = "no node"
PATH_TO = "to"
"""Key of the widget that chooses the node whose path is drawn."""


@dataclass(frozen=True)
class Side:
    """One model's reading of the chosen problem."""

    chosen: Selection
    readings: "ProblemReadings"

    def text(self, k: int) -> str:
        """What the model wrote after k thoughts."""
        answers = self.readings.answers
        return answers.text[0][answers.ks.index(k)]

    def written(self, k: int) -> tuple[tuple[str, str], ...]:
        """(parent, child) names of the steps that the model wrote after k thoughts; () where none can be read."""
        from analyses.readings.reasoning_process import written_chain

        return tuple(written_chain(self.chosen.problem, self.text(k), k) or ())


def reading_of(chosen: Selection, k: int, opening: str) -> Reading:
    """Where the values after k thoughts come from, in words."""
    forced = one_line(chosen.task.opening(chosen.problem, k, opening))
    return Reading(chosen.model.name, k, forced, thinks=chosen.model.card().get("max_thoughts") != 0)


def layout_of(chosen: Selection) -> TreeLayout:
    """The problem's layout, kept for the session: it is the same for every k."""
    kept = st.session_state.get("layout")
    if kept is None or kept[0] != chosen.problem:
        kept = st.session_state["layout"] = (chosen.problem, tree_layout(chosen.problem))
    return kept[1]


def show_tree(
    side: Side,
    k: int,
    opening: str,
    key: str,
    *,
    trace_path: bool = True,
    chain: bool = True,
    legend: bool = False,
    clickable: bool = False,
    written_from: float = WRITTEN_FROM,
) -> Callable[[], go.Figure]:
    """One model's tree after k thoughts; returns how to draw it for white paper.

    With `trace_path` the correct path is drawn, with `chain` the steps that the model wrote. Where the tree is
    `clickable`, the path to the node that was clicked is drawn too and put into words below.
    """
    chosen, layout = side.chosen, layout_of(side.chosen)
    at, reading = side.readings.at(k, opening), reading_of(side.chosen, k, opening)
    clicked = _node_of(chosen, st.session_state.get(PATH_TO)) if clickable else None
    # A download is drawn later and elsewhere, so all that it depends on is settled here.
    paths = Paths(trace_path, clicked, side.written(k) if chain else ())
    draw = partial(tree_figure, chosen.problem, at, reading, layout=layout, paths=paths, written_from=written_from)
    alt = description(chosen.problem, at, reading, layout=layout)
    clicks = {"on_select": partial(_choose_clicked, chosen, key), "selection_mode": "points"} if clickable else {}
    show_drawn(draw(legend=legend, dark=dark()), key, alt, config=CAMERA, **clicks)
    if clicked is not None:
        names = [chosen.problem.names[node] for node in shortest_path_to(chosen.problem, clicked)]
        path = " → ".join(map(one_line, names)) or "cannot be reached from the start"
        st.markdown(for_markdown(f"{chosen.problem.names[clicked]}: {path} · value {at.value[clicked]:.4g}"))
    elif clickable:
        st.caption("Click a node, or choose it above, to see its path from the start.")
    return draw


def show_tree_without_values(chosen: Selection, k: int, opening: str) -> None:
    """The tree for the seconds in which torch is imported, once a server."""
    nothing = ValuesAt(np.zeros(len(chosen.problem.names)), candidate_mass=0.0, other_mass=0.0, off_graph=1.0)
    reading = reading_of(chosen, k, opening)
    figure = tree_figure(chosen.problem, nothing, reading, layout=layout_of(chosen), dark=dark())
    figure.update_layout(title_subtitle_text="values follow as soon as the model is loaded")
    show_drawn(figure, "waiting", "The search tree, without values yet", config=CAMERA)


def show_legend(chosen: Selection) -> None:
    """What the marks are, below trees that were drawn without their legends."""
    alt, marks = "What the marks of both trees are", chosen.problem.marks.values()
    show_drawn(legend_figure(marks, dark=dark()), "legend", alt, config={"displayModeBar": False})


def _choose_clicked(chosen: Selection, key: str) -> None:
    """Let the path lead to the node that was clicked."""
    points = (st.session_state.get(key) or {"selection": {"points": []}})["selection"]["points"]
    nodes = [point["customdata"][0] for point in points if point.get("customdata")]
    if nodes and nodes[0] < len(chosen.problem.names):
        st.session_state[PATH_TO] = chosen.problem.names[int(nodes[0])]
    touch()


def _node_of(chosen: Selection, name: str | None) -> int | None:
    """The node of a name, if the problem has it."""
    return chosen.problem.names.index(name) if name in chosen.problem.names else None
