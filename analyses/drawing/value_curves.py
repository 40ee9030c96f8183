"""How the values of one problem's nodes move with the thoughts: a line a node, against k.

Drawn are the nodes whose value is noticeable after some thought, and always those that the question marks. Where a node
is a candidate its mark is filled.
"""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from analyses.drawing.escaping import for_plotly, one_line, truncated
from analyses.drawing.palette import DARK, FONT, LIGHT
from coconut_core.problems.problem import GraphProblem

NOTICED_FROM = 0.05
"""Nodes whose value is never as large have no curve."""
MOST_CURVES = 9
"""Nodes that have one, those with the largest values first."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def value_curves(
    problem: GraphProblem, values: Float[np.ndarray, "k node"], k: int, *, dark: bool = False
) -> go.Figure:
    """Raw values by k = 0, 1, ...; `k` is the one that the page shows and is marked by a line."""
    palette = DARK if dark else LIGHT
    value = np.nan_to_num(values[:, : len(problem.names)])
    always = {node: getattr(palette, mark) for node, mark in problem.marks.items()}
    others = [node for node in np.argsort(-value.max(0)).tolist() if value[:, node].max() >= NOTICED_FROM]
    shown = [*always, *(node for node in others if node not in always)][:MOST_CURVES]
    ks = list(range(len(value)))
    candidates = [problem.candidates(at) for at in ks]
    traces = []
    for index, node in enumerate(shown):
        # Six dashes in one colour, then the same in another: no two lines look alike.
        colour = always.get(node, palette.scale[3] if index < len(DASHES) else palette.line)
        symbols = ["circle" if node in candidates[at] else "circle-open" for at in ks]
        traces.append(
            {
                "type": "scatter",
                "x": ks,
                "y": value[:, node].tolist(),
                "mode": "lines+markers",
                "line": {"color": colour, "width": 2.5 if node in always else 1.5, "dash": DASHES[index % len(DASHES)]},
                "marker": {"symbol": symbols, "size": 9, "color": colour},
                "name": for_plotly(truncated(one_line(problem.names[node]), 16)),
                "hovertemplate": "k = %{x}: %{y:.4g}",
            }
        )
    axis = {"gridcolor": palette.fainter, "zeroline": False, "fixedrange": True}
    line = {"color": palette.faint, "dash": "dot"}
    layout = {
        "template": "none",
        "height": 300,
        "margin": {"l": 60, "r": 20, "t": 50, "b": 50},
        "paper_bgcolor": palette.paper,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": palette.ink},
        "title": {
            "text": "<b>Values by thought</b> (filled: candidate)",
            "x": 0,
            "pad": {"l": 4},
            "font": {"size": 15},
        },
        "xaxis": {
            **axis,
            "title": {"text": "thoughts k", "font": {"size": 12}},
            "dtick": 1,
            "range": [-0.2, ks[-1] + 0.2],
        },
        "yaxis": {**axis, "title": {"text": "raw p(name)", "font": {"size": 12}}, "range": [-0.03, 1.03]},
        "shapes": [{"type": "line", "x0": k, "x1": k, "yref": "paper", "y0": 0, "y1": 1, "line": line}],
        "legend": {"font": {"size": 12}},
        "dragmode": False,
    }
    # Plain JSON, made of all at once, takes a tenth of the time of a figure that is added to.
    return go.Figure(data=traces, layout=layout)
