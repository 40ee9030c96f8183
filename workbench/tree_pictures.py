"""The tree of a chosen problem as a page draws it and as a file holds it."""

import json
import re
from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analyses import export
from analyses.plain_text import one_line
from analyses.tree_figure import Reading, legend_figure, tree_figure
from analyses.tree_layout import TreeLayout
from analyses.value_curves import value_curves
from workbench.bundles import bundle
from workbench.downloads import offer, pictures
from workbench.problem_sets import problems_hash
from workbench.readings import KS, Readings, ValuesAt
from workbench.session import Selection, dark
from workbench.values_table import table_of_all

TREE_WIDTH = 710
"""Pixels below which the names of a tree run into each other."""


def show_legend() -> None:
    """What the marks are, below trees that were drawn without their legends."""
    drawn = legend_figure(dark=dark())
    alt = "What the marks of both trees are"
    st.plotly_chart(drawn, theme=None, key="legend", config={"displayModeBar": False}, alt=alt)


def stem_of(chosen: Selection) -> str:
    """Model and problem, as files that are downloaded are named."""
    return re.sub(r"[^\w.-]+", "-", f"{chosen.model.name}-{chosen.label}").strip("-")


def reading_of(chosen: Selection, k: int, opening: str, at: ValuesAt) -> Reading:
    """Where the values after k thoughts come from, in words."""
    name = one_line(chosen.problem.root_name)
    forced = f"{name} is a" if k == 0 and opening == "entity" else "Every"
    return Reading(chosen.model.name, k, forced, at.off_graph)


def offer_files(
    chosen: Selection, readings: Readings, k: int, opening: str, layout: TreeLayout, draw: Callable[[], go.Figure]
) -> None:
    """Downloads. Nothing is drawn until its button is pressed; pictures are for white paper in any theme."""
    stem = stem_of(chosen)
    about = {
        "model": chosen.model.name,
        "weights": chosen.model.card().get("model_sha256"),
        "problem": chosen.label,
        "problem_sha256": problems_hash([chosen.problem]),
        "opening": opening,
    }
    table = lambda: export.csv(table_of_all(readings, chosen.model.name, chosen.label))  # noqa: E731
    everything = partial(everything_of, chosen, readings, about, layout)
    offers = [("Values as CSV", f"{stem}.csv", table), *pictures(draw, f"{stem}-k{k}", "Picture as ")]
    offer([*offers, ("Everything as zip", f"{stem}.zip", everything)], "", columns=5)


def everything_of(chosen: Selection, readings: Readings, about: dict[str, str], layout: TreeLayout) -> bytes:
    """The problem, the values of all k, the answers, and the tree after every number of thoughts."""
    table = table_of_all(readings, chosen.model.name, chosen.label)
    words = pd.DataFrame({"k": KS, "words": readings.answers.text[0], "correct": readings.answers.correct[0]})
    trees = {}
    for k in KS:
        at = readings.at(k, about["opening"])
        reading = reading_of(chosen, k, about["opening"], at)
        trees[f"tree-k{k}"] = tree_figure(chosen.problem, at.value, reading, layout=layout, trace_path=True)
    trees["values-by-thought"] = value_curves(chosen.problem, readings.values.value[0], 1)
    problem = {"problem.json": json.dumps(chosen.problem.to_json(), indent=1)}
    return bundle(about, {"values": table, "answers": words}, trees, problem)
