"""The tree of a chosen problem as a page draws it and as a file holds it."""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.escaping import one_line
from analyses.drawing.tree.figure import Reading, legend_figure, tree_figure
from analyses.drawing.tree.layout import TreeLayout
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import control_figure
from analyses.report import export
from analyses.report.bundles import bundle
from workbench.choices.problem_sets import problems_hash
from workbench.choices.selection import Selection, dark, show_drawn
from workbench.computed.readings import Readings, ValuesAt
from workbench.computed.values_table import table_of_all
from workbench.widgets.downloads import offer, pictures

TREE_WIDTH = 710
"""Pixels below which the names of a tree run into each other."""


def show_legend() -> None:
    """What the marks are, below trees that were drawn without their legends."""
    drawn = legend_figure(dark=dark())
    alt = "What the marks of both trees are"
    show_drawn(drawn, "legend", alt, config={"displayModeBar": False})


def stem_of(chosen: Selection) -> str:
    """Model and problem, as files that are downloaded are named."""
    return _file_name(f"{chosen.model.name}-{chosen.label}")


def reading_of(chosen: Selection, k: int, opening: str, at: ValuesAt) -> Reading:
    """Where the values after k thoughts come from, in words."""
    name = one_line(chosen.problem.root_name)
    forced = f"{name} is a" if k == 0 and opening == "entity" else "Every"
    return Reading(chosen.model.name, k, forced, at.off_graph, chosen.model.card().get("max_thoughts") != 0)


Side = tuple[Selection, Readings]
"""One model's reading of the problem."""


def offer_files(sides: Sequence[Side], k: int, opening: str, layout: TreeLayout, draw: Callable[[], go.Figure]) -> None:
    """Downloads. Nothing is drawn until its button is pressed; pictures are for white paper in any theme.

    `draw` draws the first side's tree; tables and the zip hold all sides.
    """
    stem = stem_of(sides[0][0])
    table = lambda: export.csv(_values_of(sides))  # noqa: E731
    everything = partial(everything_of, sides, opening, layout)
    offers = [("Values as CSV", f"{stem}.csv", table), *pictures(draw, f"{stem}-k{k}", "Picture as ")]
    offer([*offers, ("Everything as zip", f"{stem}.zip", everything)], "")


def everything_of(sides: Sequence[Side], opening: str, layout: TreeLayout) -> bytes:
    """The problem, the values of all k, the answers, and of every model the tree after every number of thoughts."""
    figures, words = {}, []
    for index, (chosen, readings) in enumerate(sides):
        named = "" if index == 0 else f"-{_file_name(chosen.model.name)}"
        told, without = readings.answers, readings.at(0, opening)
        own = {"model": chosen.model.name, "k": told.ks, "words": told.text[0], "correct": told.correct[0]}
        words.append(pd.DataFrame(own))
        control = reading_of(chosen, 0, opening, without)
        for k in readings.values.ks:
            at = readings.at(k, opening)
            reading = reading_of(chosen, k, opening, at)
            figures[f"tree-k{k}{named}"] = tree_figure(
                chosen.problem, at.value, reading, layout=layout, trace_path=True
            )
            figures[f"beside-no-thought-k{k}{named}"] = control_figure(
                chosen.problem, at.value, without.value, reading, control
            )
        figures[f"values-by-thought{named}"] = value_curves(chosen.problem, readings.by_k(opening), 1)
    first = sides[0][0]
    about = {
        "models": {chosen.model.name: chosen.model.card().get("model_sha256") for chosen, _ in sides},
        "problem": first.label,
        "problem_sha256": problems_hash([first.problem]),
        "opening": opening,
    }
    problem = {"problem.json": json.dumps(first.problem.to_json(), indent=1)}
    return bundle(about, {"values": _values_of(sides), "answers": pd.concat(words)}, figures, problem)


def _values_of(sides: Sequence[Side]) -> pd.DataFrame:
    return pd.concat(table_of_all(readings, chosen.model.name, chosen.label) for chosen, readings in sides)


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
