"""Two readings of one tree as a third: where values rose and where they fell.

The disc of a node is the difference of its values: its area grows with the size of the difference, its colour runs from
the one hue (fallen) over the paper to the other (risen). Beside it stand both values, ".53 → .08".
"""

import numpy as np

from analyses.drawing.tree.figure import Reading, drawn_tree
from analyses.drawing.tree.layout import SEAT, TreeLayout
from analyses.drawing.tree.marks import written_value
from analyses.drawing.tree.paths import Paths
from analyses.readings.masses import ValuesAt
from coconut_core.problems.problem import GraphProblem

DIVERGING = {
    False: [(0.0, "#b2410c"), (0.25, "#e39a6b"), (0.5, "#f1f1ef"), (0.75, "#6ba4d4"), (1.0, "#083a75")],
    True: [(0.0, "#ff9457"), (0.25, "#9a5b37"), (0.5, "#20252e"), (0.75, "#3a76ad"), (1.0, "#9cccf3")],
}
"""Of differences from -1 to 1, on light and on dark paper."""


def drawn_difference(
    problem: GraphProblem,
    before: ValuesAt,
    after: ValuesAt,
    reading: Reading,
    *,
    layout: TreeLayout,
    paths: Paths,
    dark: bool = False,
    written_from: float,
) -> dict:
    """The tree of `after` as plain JSON, with the differences to `before` in place of its values."""
    drawn = drawn_tree(problem, after, reading, layout=layout, paths=paths, dark=dark)
    old, new = (np.clip(np.nan_to_num(each.value), 0, 1) for each in (before, after))
    nodes, difference = list(layout.nodes), new - old
    marks = {trace["name"]: trace for trace in drawn["data"]}
    marks["values"]["marker"] |= {
        "size": [(2 * SEAT - 3) * float(abs(difference[node])) ** 0.5 for node in nodes],
        "color": [float(difference[node]) for node in nodes],
        "cmin": -1,
        "colorscale": DIVERGING[dark],
    }
    marks["values"]["marker"]["colorbar"] |= {
        "tickvals": [-1, -0.5, 0, 0.5, 1],
        "title": {"text": "change of the implicit value: raw p(name)"},
    }
    marks["written values"]["text"] = [
        f"{written_value(old[node])} → {written_value(new[node])}" if abs(difference[node]) >= written_from else ""
        for node in nodes
    ]
    marks["nodes"]["hovertext"] = [
        f"<b>{text.split('<b>')[1].split('</b>')[0]}</b><br>{old[node]:.4g} → {new[node]:.4g} ({difference[node]:+.4g})"
        for text, node in zip(marks["nodes"]["hovertext"], nodes, strict=True)
    ]
    return drawn
