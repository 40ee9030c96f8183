"""The search tree as a drawing: one problem, one number of thoughts k (paper, Figure 7).

Every node has a seat, a circle of fixed size; the disc in it is the node's value: area and colour grow with
it, on a fixed scale from 0 (no disc) to 1 (the seat is full). Rows are the problem's depth, so the candidates after k
thoughts are one row. Places come from `layout.py` and never depend on k: with k only fills, sizes and outlines change.
"""

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from analyses.drawing.escaping import for_plotly, one_line, truncated
from analyses.drawing.palette import DARK, FONT, LIGHT, Palette
from analyses.drawing.tree.layout import LINE, NAME, RING, SEAT, WIDTH, TreeLayout, lay_out
from analyses.drawing.tree.marks import (
    CHARACTER,
    Canvas,
    draw_edges,
    draw_legend,
    draw_nodes,
    draw_rows,
    draw_texts,
)
from analyses.drawing.tree.paths import Paths, draw_paths, draw_written
from analyses.drawing.tree.scene import WRITTEN_FROM, Scene, drawn_name
from analyses.readings.masses import ValuesAt
from coconut_core.problems.graph import heights
from coconut_core.problems.problem import GraphProblem

LOW_MASS = 0.5
"""Below this candidate mass the values say little: the model expects something else to be said."""
LONGEST_TITLE_NAME = 24
"""Characters of a name in the title."""
LONGEST_TITLE_QUESTION = 96
"""Characters of what is asked; a choice between names of that length has fewer."""
LEGEND = 66
"""Pixels of the legend, in three lines where the page is narrow."""
SCALE = 58
"""Pixels of the scale below the tree."""
LYING_LEFT = {"orientation": "h", "xref": "container", "yref": "container", "x": 0.0, "xanchor": "left"}
"""Where scale and legend stand: below the tree, from the picture's left edge on."""
NO_PATHS = Paths()
MARGIN = {"l": 70, "r": 32, "t": 70, "autoexpand": False}


@dataclass(frozen=True)
class Reading:
    """What the picture says beside the values: where they come from and how they were read."""

    model: str
    k: int
    opening: str
    """Words that were forced after the thoughts, such as "Every"."""
    thinks: bool = True
    """Whether the model has thoughts at all."""

    @property
    def thoughts(self) -> str:
        return "no thought" if self.k == 0 or not self.thinks else "1 thought" if self.k == 1 else f"{self.k} thoughts"


def tree_layout(problem: GraphProblem) -> TreeLayout:
    """Places of a problem's nodes and edges, with the marked nodes always among them."""
    widths = {node: CHARACTER * len(drawn_name(name)) for node, name in enumerate(problem.names)}
    return lay_out(problem.graph, problem.root, problem.depth, tuple(problem.marks), widths)


def tree_figure(
    problem: GraphProblem,
    values: ValuesAt,
    reading: Reading,
    *,
    layout: TreeLayout | None = None,
    paths: Paths = NO_PATHS,
    legend: bool = True,
    dark: bool = False,
    written_from: float = WRITTEN_FROM,
) -> go.Figure:
    """The tree of `problem` with the values of its nodes after `reading.k` thoughts.

    `values` are raw probabilities in 0..1, node by node, and the masses that the subtitle gives, NaN where unknown.
    `paths` are traced over it; `legend` says what the marks are. Values from `written_from` on stand beside their
    nodes. The number of rows fixes the height, the page the width.
    """
    look = {"paths": paths, "legend": legend, "dark": dark, "written_from": written_from}
    return go.Figure(drawn_tree(problem, values, reading, layout=layout, **look))


def drawn_tree(
    problem: GraphProblem,
    values: ValuesAt,
    reading: Reading,
    *,
    layout: TreeLayout | None = None,
    paths: Paths = NO_PATHS,
    legend: bool = True,
    dark: bool = False,
    written_from: float = WRITTEN_FROM,
) -> dict:
    """`tree_figure` as plain JSON, "data" and "layout": what a page draws itself, one for every k."""
    scene = replace(_scene(problem, values, reading, layout, dark), written_from=written_from)
    canvas = Canvas()
    draw_rows(canvas, scene)
    draw_paths(canvas, scene, paths)
    draw_edges(canvas, scene)
    draw_written(canvas, scene, paths)
    draw_nodes(canvas, scene, _hover(scene))
    draw_texts(canvas, scene)
    if legend:
        draw_legend(canvas, scene.palette, paths.legend(problem, scene.palette), problem.marks.values())
    foot = SCALE + (LEGEND if legend else 0)
    for trace in canvas.traces:
        trace["cliponaxis"] = False
        if trace["name"] == "values":
            trace["marker"] |= {"showscale": True, "colorbar": _colour_bar(scene, reading, foot)}
    layout = _frame(scene, reading, foot) | {"shapes": canvas.shapes, "annotations": canvas.annotations}
    return {"data": canvas.traces, "layout": layout}


def description(
    problem: GraphProblem,
    values: ValuesAt,
    reading: Reading,
    *,
    layout: TreeLayout | None = None,
) -> str:
    """The picture in words, for readers who do not see it."""
    scene = _scene(problem, values, reading, layout, False)
    marks = ", ".join(f"{mark} {one_line(problem.names[node])}" for node, mark in problem.marks.items())
    highest = ", ".join(f"{one_line(problem.names[n])} {scene.value[n]:.2f}" for n in scene.ranked[:3])
    return (
        f"Search tree of {one_line(problem.root_name)}, {marks}; {reading.thoughts}, "
        f"{len(scene.candidates)} candidates, candidate mass {values.candidate_mass:.2f}"
        + (f"; highest values: {highest}." if highest else ".")
    )


def _scene(problem: GraphProblem, values: ValuesAt, reading: Reading, layout: TreeLayout | None, dark: bool) -> Scene:
    layout = tree_layout(problem) if layout is None else layout
    return Scene(problem, layout, values, reading.k, DARK if dark else LIGHT)


def _hover(scene: Scene) -> dict[int, str]:
    """What is said of a node under the pointer."""
    problem, layout = scene.problem, scene.layout
    shortest, longest = heights(problem.graph, "shortest"), heights(problem.graph, "longest")
    rank = {n: f"rank {place} of {len(scene.ranked)} candidates" for place, n in enumerate(scene.ranked, 1)}
    return {
        node: "<br>".join(
            [
                f"<b>{for_plotly(truncated(one_line(problem.names[node]), 60))}</b>"
                + (f" ({scene.marked[node][0]})" if node in scene.marked else ""),
                f"value {scene.value[node]:.4g}",
                rank.get(node, f"not a candidate at k = {scene.k}"),
                f"depth {layout.depth[node]}" if node in layout.depth else "not reachable",
                f"height {shortest[node]} (shortest), {longest[node]} (longest)",
                f"reaches the target: {'yes' if node in problem.correct else 'no'}"
                + (", on a shortest path" if node in problem.optimal else ""),
            ]
        )
        for node in layout.nodes
    }


def _bottom(scene: Scene) -> float:
    layout = scene.layout
    return layout.bottom - SEAT - RING - NAME - LINE * (2 if layout.crowded else 1) - 2


def _height(scene: Scene, foot: int) -> int:
    """Height of the whole figure, so that one unit of the vertical axis is one pixel."""
    return round(SEAT + RING + 6 - _bottom(scene)) + MARGIN["t"] + foot


def _frame(scene: Scene, reading: Reading, foot: int) -> dict:
    """Axes in pixels; title and legend outside of the data, at fixed places."""
    problem, palette, height = scene.problem, scene.palette, _height(scene, foot)
    # The sentence is escaped as a whole: not only names may hold markup, but all that a file calls a question.
    asked = problem.asked(lambda node: truncated(one_line(problem.names[node]), LONGEST_TITLE_NAME))
    asked = for_plotly(truncated(one_line(asked), LONGEST_TITLE_QUESTION))
    thinks = reading.thinks or reading.k == 0
    count, values = len(scene.candidates), scene.values
    counted = f"{count} candidate{'' if count == 1 else 's'}"
    low = " (low)" if values.candidate_mass < LOW_MASS else ""
    parts = [f"{counted} with mass {values.candidate_mass:.2f}{low}" if count else "no candidates"]
    parts.append(f"{'other ' if count else ''}nodes {values.other_mass:.2f}")
    if not np.isnan(values.off_graph):
        parts.append(f"other words {values.off_graph:.2f}")
    # Where the page is narrow the line's end is cut; the page names the model elsewhere too.
    subtitle = f"{', '.join(parts)} · model {for_plotly(truncated(reading.model, 36))}"
    return {
        "template": "none",  # every colour and line is set here
        "height": height,
        "margin": {**MARGIN, "b": foot},
        "paper_bgcolor": palette.paper,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": palette.ink},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": palette.paper,
            "bordercolor": palette.faint,
            "font": {"color": palette.ink},
            "align": "left",
        },
        "dragmode": False,
        "title": {
            "text": f"<b>{asked}</b>  k = {reading.k} ({reading.thoughts if thinks else 'a model without thoughts'})",
            "subtitle": {"text": subtitle, "font": {"size": 13, "color": palette.muted}},
            "font": {"size": 17},
            "xref": "container",
            "yref": "container",
            "x": 0.0,
            "xanchor": "left",
            "pad": {"l": 4},
            "y": 1 - 24 / height,
            "yanchor": "middle",
        },
        "legend": _legend(palette, (foot - SCALE) / height),
        "xaxis": {"visible": False, "range": [0, WIDTH], "fixedrange": True},
        "yaxis": {"visible": False, "range": [_bottom(scene), SEAT + RING + 6], "fixedrange": True},
    }


def _legend(palette: Palette, top: float) -> dict:
    return {
        **LYING_LEFT,
        "y": top,
        "yanchor": "top",
        "itemclick": False,
        "itemdoubleclick": False,
        "entrywidth": 76,
        "entrywidthmode": "pixels",
        "font": {"size": 12, "color": palette.ink},
        "bgcolor": "rgba(0,0,0,0)",
    }


def _colour_bar(scene: Scene, reading: Reading, foot: int) -> dict:
    palette = scene.palette
    definition = f"implicit value: raw p(name) after {reading.thoughts} and “{for_plotly(reading.opening)}”"
    return {
        **LYING_LEFT,
        "xpad": 8,
        "y": (foot - 2) / _height(scene, foot),
        "yanchor": "top",
        "ypad": 0,
        "lenmode": "pixels",
        "len": 380,
        "thickness": 10,
        "outlinewidth": 0.5,
        "outlinecolor": palette.faint,
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "tickfont": {"size": 11, "color": palette.ink},
        "title": {"text": definition, "side": "bottom", "font": {"size": 12, "color": palette.ink}},
    }
