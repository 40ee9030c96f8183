"""Values after k thoughts beside the control: those with no thought at all, of the same model and problem.

A value function that thoughts have nothing to do with would show the two marks of a row at the same place.
"""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from analyses.drawing.escaping import for_plotly, one_line, truncated
from analyses.drawing.palette import DARK, FONT, LIGHT
from analyses.drawing.tree.figure import Reading
from coconut_core.problems.problem import GraphProblem

SHOWN_FROM = 0.02
"""Nodes that are not candidates are shown where either value is at least this."""
MOST_NODES_BESIDE = 14
"""Nodes that are compared, one a row."""


def values_beside_control(
    problem: GraphProblem,
    values_k: Float[np.ndarray, " node"],
    values_0: Float[np.ndarray, " node"],
    reading: Reading,
    control: Reading,
    *,
    dark: bool = False,
) -> go.Figure:
    """One row a node: the value after `reading.k` thoughts (disc) and after none (ring), on a scale of 0 to 1.

    Rows are the candidates by value, then other nodes that got noticeable probability.
    """
    palette = DARK if dark else LIGHT
    candidates = problem.candidates(reading.k)
    correct = problem.correct
    value, without = (np.nan_to_num(values[: len(problem.names)]) for values in (values_k, values_0))
    shown = [n for n in range(len(problem.names)) if n in candidates or max(value[n], without[n]) >= SHOWN_FROM]
    shown = sorted(shown, key=lambda node: (node not in candidates, -value[node], -without[node]))[:MOST_NODES_BESIDE]
    names = {node: for_plotly(truncated(one_line(problem.names[node]), 16)) for node in shown}
    labels = [
        (f"<b>{names[node]}</b>" if node in candidates else names[node]) + (" ✓" if node in correct else " ·")
        for node in shown
    ]
    rows = list(range(len(shown)))
    traces = [
        {
            "x": [x for node in shown for x in (without[node], value[node], None)],
            "y": [y for row in rows for y in (row, row, None)],
            "mode": "lines",
            "line": {"color": palette.faint, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for name, read, values, marker in (
        ("control", control, without, _ring(palette)),
        ("values", reading, value, _disc(palette)),
    ):
        traces.append(
            {
                "x": [float(values[node]) for node in shown],
                "y": rows,
                "mode": "markers",
                "name": f"{read.thoughts}, “{for_plotly(read.opening)}”",
                "meta": name,
                "marker": marker,
                "hovertext": [f"{names[node]}: {values[node]:.4g}" for node in shown],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )
    height = 150 + 26 * max(len(shown), 3)
    layout = {
        "template": "none",  # every colour and line is set here
        "height": height,
        "margin": {"l": 108, "r": 18, "t": 84, "b": 62, "autoexpand": False},
        "paper_bgcolor": palette.paper,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": palette.ink},
        "dragmode": False,
        "hovermode": "closest",
        "title": {
            "text": "<b>Against the control</b>",
            "font": {"size": 15},
            "xref": "container",
            "x": 0,
            "pad": {"l": 4},
            "yref": "container",
            "y": 1 - 18 / height,
            "yanchor": "middle",
        },
        "legend": {
            "orientation": "h",
            "xref": "container",
            "x": 0,
            "yref": "paper",
            "y": 1,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
            "font": {"size": 12},
        },
        "xaxis": {
            "range": [-0.03, 1.03],
            "tickvals": [0, 0.5, 1],
            "title": {"text": "raw p(name)<br>bold: candidate, ✓ reaches the target", "font": {"size": 12}},
            "gridcolor": palette.fainter,
            "zeroline": False,
            "fixedrange": True,
        },
        "yaxis": {
            "range": [max(len(shown), 3) - 0.5, -0.5],
            "tickvals": rows,
            "ticktext": labels,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    }
    return go.Figure(data=traces, layout=layout)


def _disc(palette) -> dict:
    return {"symbol": "circle", "size": 11, "color": palette.scale[3], "opacity": 1}


def _ring(palette) -> dict:
    line = {"color": palette.control, "width": 2}
    return {"symbol": "diamond-open", "size": 11, "color": palette.control, "opacity": 1, "line": line}
