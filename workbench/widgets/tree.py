"""The search trees of a chosen problem, as every page draws them: one a model, after every number of thoughts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from analyses.drawing.escaping import one_line, truncated
from analyses.drawing.palette import DARK, LIGHT
from analyses.drawing.tree.difference import drawn_difference
from analyses.drawing.tree.figure import Reading, description, drawn_tree, tree_layout
from analyses.drawing.tree.layout import TreeLayout
from analyses.drawing.tree.paths import Paths
from analyses.drawing.tree.scene import WRITTEN_FROM
from analyses.readings.masses import ValuesAt
from workbench.choices.selection import Selection
from workbench.widgets.figures import dark
from workbench.widgets.tree_view import Answered, AxisRow, TreeData

if TYPE_CHECKING:
    from analyses.readings.problem_readings import ProblemReadings

CAMERA = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
"""The tool bar of a figure that has downloads of its own below it."""
LONGEST_ANSWER = 200
"""Characters of an answer that are shown; one of a model that does not stop would push the tree off the page."""
WAYS = {
    "correct path": "by a shortest path",
    "longer path": "by a longer path",
    "hallucination": "with an invented edge",
    "wrong target": "by a path to another node",
    "correct label": "the answer alone",
    "incorrect label": "the answer alone",
}
"""How each class of the paper's figure 5 gets to its answer."""


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


@dataclass(frozen=True)
class Look:
    """What is drawn beside the values, for every k."""

    opening: str
    """Name of what is forced at k = 0."""
    correct: bool = False
    """The correct path."""
    written: bool = True
    """The steps that the model wrote."""
    to: int | None = None
    """A path to this node."""
    written_from: float = WRITTEN_FROM
    """Values from here on stand beside their nodes."""

    def paths(self, side: Side, k: int) -> Paths:
        return Paths(self.correct, self.to, side.written(k) if self.written else ())


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


def tree_of(side: Side, look: Look) -> TreeData:
    """One model's tree after every number of thoughts."""
    chosen, layout, drawn, words = side.chosen, layout_of(side.chosen), [], []
    for k in side.readings.values.ks:
        at, reading = side.readings.at(k, look.opening), reading_of(chosen, k, look.opening)
        given = {"layout": layout, "dark": dark(), "written_from": look.written_from}
        drawn.append(drawn_tree(chosen.problem, at, reading, paths=look.paths(side, k), **given))
        words.append(description(chosen.problem, at, reading, layout=layout))
    return TreeData.of(drawn, words, chosen.problem.names)


def difference_of(before: Side, after: Side, look: Look) -> TreeData:
    """Where the values of `after` lie above and below those of `before`. Nodes are known by name; one that is new had
    the value 0."""
    chosen, layout, drawn, words = after.chosen, layout_of(after.chosen), [], []
    number = {name: node for node, name in enumerate(before.chosen.problem.names)}
    for k in after.readings.values.ks:
        old, new = (side.readings.at(k, look.opening) for side in (before, after))
        known = [old.value[number[name]] if name in number else 0.0 for name in chosen.problem.names]
        old = replace(old, value=np.array(known))
        reading = reading_of(chosen, k, look.opening)
        given = {"layout": layout, "dark": dark(), "written_from": look.written_from}
        drawn.append(drawn_difference(chosen.problem, old, new, reading, paths=look.paths(after, k), **given))
        words.append(f"Differences of the values after {reading.thoughts}; the table has the numbers.")
    return TreeData.of(drawn, words, chosen.problem.names)


def tree_without_values(chosen: Selection, ks: Sequence[int]) -> TreeData:
    """The tree for the seconds in which torch is imported, once a server."""
    nothing = ValuesAt(np.zeros(len(chosen.problem.names)), candidate_mass=0.0, other_mass=0.0, off_graph=1.0)
    drawn = []
    for k in ks:
        reading = reading_of(chosen, k, chosen.usual_opening)
        drawn.append(drawn_tree(chosen.problem, nothing, reading, layout=layout_of(chosen), dark=dark()))
        drawn[-1]["layout"]["title"]["subtitle"]["text"] = "values follow as soon as the model is loaded"
    return TreeData.of(drawn, ["The search tree, without values yet"] * len(drawn), chosen.problem.names)


def answered_by_k(side: Side, opening: str, who: str = "the model") -> list[Answered]:
    """What a model, `who`, says after every number of thoughts, right or wrong, and how it gets there (figure 5)."""
    from analyses.readings.reasoning_process import reasoning_process

    problem, answers, said = side.chosen.problem, side.readings.answers, []
    for at, k in enumerate(answers.ks):
        thoughts, text = reading_of(side.chosen, k, opening).thoughts, side.text(k)
        words = truncated(one_line(text), LONGEST_ANSWER) or "nothing"
        way = WAYS[reasoning_process(problem, text, k)]
        said.append(Answered(f"After {thoughts} {who} says: ", words, bool(answers.correct[0, at]), way))
    return said


def answer_rows(side: Side, name: str = "") -> list[AxisRow]:
    """p(target) and, where there is one, p(distractor) at the answer's place, by k; `name` tells models apart."""
    palette = DARK if dark() else LIGHT
    marks = [("target", palette.target), ("distractor", palette.distractor)]
    columns = side.readings.offered.T.tolist()
    return [AxisRow(f"p({mark}){name}", colour, column) for (mark, colour), column in zip(marks, columns, strict=False)]
