"""What a page says of a model's slots and masses, and the table of the nodes' values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from analyses.drawing.tree.figure import LOW_MASS
from analyses.readings.masses import ValuesAt
from coconut_core.problems.problem import GraphProblem
from workbench.choices.selection import Selection
from workbench.computed.values_table import table_at

if TYPE_CHECKING:
    from workbench.widgets.tree import Side

TABLE_HEIGHT = 250
"""Pixels of the table of nodes."""


def explain_slots(chosen: Selection) -> None:
    """How k is to be read where a model has no thoughts, or several a step."""
    card = chosen.model.card()
    if card.get("thoughts_per_step", 1) != 1:
        st.info(
            f"Every step takes this model {card['thoughts_per_step']} thoughts, but the candidates, as the paper "
            "defines them, are as many steps away as there were thoughts.",
            icon=":material/info:",
        )
    if card.get("max_thoughts") == 0:
        st.info(
            "This model has no thoughts. From k = 1 on "
            f"“{chosen.task.opening(chosen.problem, 1, chosen.usual_opening)}” is forced; "
            "beyond that k only moves the row of candidates.",
            icon=":material/info:",
        )


def warn_of_low_mass(problem: GraphProblem, at: ValuesAt, k: int) -> None:
    """A warning where the masses, which stand above the tree, leave little to read."""
    if not problem.candidates(k):
        st.info(
            f"There are no candidates at k = {k}: no node is that far from the start.",
            icon=":material/info:",
        )
    elif at.candidate_mass < LOW_MASS:
        st.warning(
            "Low candidate mass: the model expects other words here, so do not read the values as a ranking.",
            icon=":material/warning:",
        )


def show_values(sides: Sequence["Side"], k: int, opening: str) -> None:
    """One row a node: its value after k thoughts, beside the control and a second model, and where it stands."""
    number = st.column_config.NumberColumn
    table = table_at(sides[0].readings, k, opening)
    if len(sides) > 1:
        other = sides[1].readings.at(k, opening).value[table["node"]]
        table.insert(2, "second", other)
        table.insert(3, "difference", other - table["value"])
    st.dataframe(
        table,
        hide_index=True,
        height=TABLE_HEIGHT,
        column_config={
            "name": st.column_config.TextColumn("node", pinned=True),
            "value": number("value", format="%.4g", help="Raw probability of the name after k thoughts."),
            "second": number("second", format="%.4g", help="The value of the second model."),
            "difference": number("difference", format="%+.4g", help="The second model's value less the first one's."),
            "no_thought": number("no thought", format="%.4g", help="The control: the value at k = 0."),
            "rank_among_candidates": number("rank among candidates"),
            "reaches_target": "reaches target",
            "on_shortest_path": "on shortest path",
            "height_shortest": number("height (shortest)", help="Shortest distance to a leaf, in edges."),
            "height_longest": number("height (longest)", help="Longest distance to a leaf, in edges."),
            "node": "number",
        },
    )
