"""All problems as points: where the model is right and wrong, by properties of the problem or masses of its values."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import chart
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT

MAPPED = (
    "candidate mass, k = 1",
    "candidate mass, k = 2",
    "hops",
    "nodes",
    "edges",
    "children of the root",
    "nodes at depth 2",
)
"""Columns of the table of problems that may be an axis."""
IN_THE_END = "right in the end"
"""The column that says whether the model is right after as many thoughts as it was trained to end with."""


def problem_map(table: pd.DataFrame, x: str, y: str) -> go.Figure:
    """`y` against `x` of every problem, marked by whether the answer after the model's last thought is right.

    Along an axis of counts points are moved a little, so that problems of equal counts do not hide each other. The
    custom data of a point starts with the problem's number.
    """
    note = "answers after all thoughts of the model · click a point to open its tree"
    figure = chart("Every problem", note, height=400, legend=1)
    question = table["question"].map(for_plotly)
    shifts = np.random.default_rng(0).uniform(-0.22, 0.22, (2, len(table)))
    places = [table[name] + (0 if "mass" in name else shift) for name, shift in zip((x, y), shifts, strict=True)]
    for right, colour, symbol in ((True, LIGHT.scale[3], "circle"), (False, LIGHT.distractor, "x")):
        of = (table[IN_THE_END] == right).to_numpy()
        figure.add_scatter(
            x=places[0][of],
            y=places[1][of],
            mode="markers",
            name=f"{'right' if right else 'wrong'} ({int(of.sum())})",
            marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.75},
            customdata=table.loc[of, ["problem", "question", x, y]].assign(question=question[of]).to_numpy(),
            hovertemplate="problem %{customdata[0]}: %{customdata[1]}<br>"
            + f"{x} %{{customdata[2]}}<br>{y} %{{customdata[3]}}<extra></extra>",
        )
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=y)
    return figure
