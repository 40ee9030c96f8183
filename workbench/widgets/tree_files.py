"""The search tree of a chosen problem as files: tables, pictures, and everything as one zip."""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.tree.figure import tree_figure
from analyses.drawing.tree.paths import Paths
from analyses.drawing.value_curves import value_curves
from analyses.drawing.values_beside_control import values_beside_control
from analyses.report import export
from analyses.report.bundles import bundle
from workbench.choices.problem_sets import problems_hash
from workbench.choices.selection import Selection
from workbench.computed.values_table import table_of_all
from workbench.widgets.downloads import offer
from workbench.widgets.tree import Side, layout_of, reading_of


def stem_of(chosen: Selection) -> str:
    """Model and problem, as files that are downloaded are named."""
    return _file_name(f"{chosen.model.name}-{chosen.label}")


def offer_files(sides: Sequence[Side], k: int, opening: str, draw: Callable[[], go.Figure]) -> None:
    """Downloads. Nothing is drawn until its button is pressed; PNG and SVG of what is seen, the browser makes itself.

    `draw` draws the first side's tree, for white paper in any theme; tables and the zip hold all sides.
    """
    stem, everything = stem_of(sides[0].chosen), partial(everything_of, sides, opening, layout_of(sides[0].chosen))
    offers = [("Values as CSV", f"{stem}.csv", lambda: export.csv(_values_of(sides)))]
    offers.append(("Picture as HTML", f"{stem}-k{k}.html", lambda: export.html(draw())))
    offer([*offers, ("Everything as zip", f"{stem}.zip", everything)], "")


def everything_of(sides: Sequence[Side], opening: str, layout) -> bytes:
    """The problem, the values of all k, the answers, and of every model the tree after every number of thoughts."""
    figures, words = {}, []
    for index, side in enumerate(sides):
        chosen, readings, problem = side.chosen, side.readings, side.chosen.problem
        of_model = "" if index == 0 else f"-{_file_name(chosen.model.name)}"
        answers, without, control = readings.answers, readings.at(0, opening), reading_of(chosen, 0, opening)
        own = {"model": chosen.model.name, "k": answers.ks, "words": answers.text[0], "correct": answers.correct[0]}
        words.append(pd.DataFrame(own))
        for k in readings.values.ks:
            at, reading = readings.at(k, opening), reading_of(chosen, k, opening)
            paths = Paths(correct=True, written=side.written(k))
            figures[f"tree-k{k}{of_model}"] = tree_figure(problem, at, reading, layout=layout, paths=paths)
            figures[f"beside-no-thought-k{k}{of_model}"] = values_beside_control(
                problem, at.value, without.value, reading, control
            )
        figures[f"values-by-thought{of_model}"] = value_curves(problem, readings.by_k(opening), 1)
    first = sides[0].chosen
    about = {
        "models": {side.chosen.model.name: side.chosen.model.card().get("model_sha256") for side in sides},
        "problem": first.label,
        "problem_sha256": problems_hash([first.problem]),
        "opening": opening,
    }
    texts = {"problem.json": json.dumps(first.problem.to_json(), indent=1)}
    return bundle(about, {"values": _values_of(sides), "answers": pd.concat(words)}, figures, texts)


def _values_of(sides: Sequence[Side]) -> pd.DataFrame:
    return pd.concat(table_of_all(each.readings, each.chosen.model.name, each.chosen.label) for each in sides)


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
