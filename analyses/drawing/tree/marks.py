"""The marks of a scene (`scene.py`), drawn from back to front (`figure.py` puts them together).

Every kind of mark is one plotly trace, named after what it shows, so that a page or a test finds it by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from analyses.drawing.escaping import for_plotly, truncated
from analyses.drawing.palette import Palette
from analyses.drawing.tree.layout import LINE, NAME, RING, SEAT
from analyses.drawing.tree.scene import Scene, drawn_name
from analyses.drawing.tree.styles import State, edge_line, outline, ring, seat

CHARACTER = 7.4
"""Width of a character of a node's name, in pixels, on the safe side."""


@dataclass(frozen=True)
class Canvas:
    """Marks as plain plotly JSON: made of all at once, a figure takes a fifth of the time."""

    traces: list[dict] = field(default_factory=list)
    shapes: list[dict] = field(default_factory=list)
    annotations: list[dict] = field(default_factory=list)

    def add_scatter(self, **trace) -> None:
        self.traces.append({"type": "scatter", **trace})

    def add_shape(self, **shape) -> None:
        self.shapes.append(shape)

    def add_annotation(self, **annotation) -> None:
        self.annotations.append(annotation)


def draw_rows(canvas: Canvas, scene: Scene) -> None:
    """The band of the candidates' row, and the rows' names on the left."""
    layout, palette = scene.layout, scene.palette
    for depth, row in enumerate(layout.rows):
        if not row:
            continue
        y = layout.y[row[0]]
        scored = bool(scene.candidates & set(row))
        canvas.add_shape(
            type="rect",
            xref="paper",
            x0=0,
            x1=1,
            y0=y + SEAT + 10,
            y1=y - SEAT - NAME - (LINE if layout.crowded else 0) - 3,
            layer="below",
            line={"width": 0},
            fillcolor=palette.band if scored else "rgba(0,0,0,0)",
        )
        steps = "start" if depth == 0 else "1 step" if depth == 1 else f"{depth} steps"
        _name_row(canvas, y, f"<b>{steps}</b>" if scored else steps, palette.ink if scored else palette.muted)
    if layout.apart:
        y = layout.y[layout.apart[0]]
        _name_row(canvas, y, "not<br>reachable", palette.muted)
        line = {"color": palette.fainter, "width": 1, "dash": "dash"}
        rim = y + SEAT + RING + 9
        canvas.add_shape(type="line", xref="paper", x0=0, x1=1, y0=rim, y1=rim, layer="below", line=line)


def draw_edges(canvas: Canvas, scene: Scene) -> None:
    """Tree edges dark, the others faint and curved; an arrowhead at the end of every edge."""
    for kind in ("other", "tree"):
        edges = [edge for edge in scene.layout.edges if edge.kind == kind]
        line = edge_line(kind, scene.palette)
        canvas.add_scatter(
            x=[x for edge in edges for x in (*edge.x, None)],
            y=[y for edge in edges for y in (*edge.y, None)],
            mode="lines",
            name=f"{kind} edges",
            customdata=[part for edge in edges for part in (*[[edge.parent, edge.child]] * len(edge.x), None)],
            line={**line, "shape": "linear" if kind == "tree" else "spline"},
            hoverinfo="skip",
            showlegend=False,
        )
        # A head takes its direction from the point before it, which is itself of no size.
        canvas.add_scatter(
            x=[x for edge in edges for x in edge.x[-2:]],
            y=[y for edge in edges for y in edge.y[-2:]],
            mode="markers",
            name=f"{kind} arrowheads",
            marker={
                "symbol": "arrow",
                "angleref": "previous",
                "size": [0, 8] * len(edges),
                "color": line["color"],
                "line": {"width": 0},
                "opacity": 1,
            },
            hoverinfo="skip",
            showlegend=False,
        )


def draw_nodes(canvas: Canvas, scene: Scene, hover: Mapping[int, str]) -> None:
    """Seats, and the discs in them. Both traces hold all nodes, in the layout's order, whatever k is."""
    nodes = scene.layout.nodes
    outlines = [outline(scene.state(node), scene.palette) for node in nodes]
    canvas.add_scatter(
        **scene.places(nodes),
        mode="markers",
        name="nodes",
        customdata=[[node] for node in nodes],
        hovertext=[hover[node] for node in nodes],
        hovertemplate="%{hovertext}<extra></extra>",
        unselected={"marker": {"opacity": 1}},  # a click chooses a node and leaves the others as they are
        marker={
            "size": 2 * SEAT,
            "color": scene.palette.paper,
            "opacity": 1,
            "line": {key: [line[key] for line in outlines] for key in ("color", "width", "dash")},
        },
        showlegend=False,
    )
    canvas.add_scatter(
        **scene.places(nodes),
        mode="markers",
        name="values",
        hoverinfo="skip",
        marker={
            "size": [(2 * SEAT - 3) * scene.value[node] ** 0.5 for node in nodes],
            "color": [scene.value[node] for node in nodes],
            "cmin": 0,
            "cmax": 1,
            "colorscale": scene.palette.colorscale,
            "opacity": 1,
            "line": {"width": 0},
        },
        showlegend=False,
    )
    for node, (name, _) in scene.marked.items():
        canvas.add_scatter(
            **scene.places([node]),
            mode="markers",
            name=name,
            hoverinfo="skip",
            marker=ring(name, scene.palette),
            showlegend=False,
        )


def draw_texts(canvas: Canvas, scene: Scene) -> None:
    """Values beside their nodes, names below, and below these the words target and distractor."""
    layout, palette = scene.layout, scene.palette
    nodes = layout.nodes
    canvas.add_scatter(
        **scene.places(nodes),
        mode="markers+text",
        name="written values",
        text=[written_value(scene.value[node], scene.written_from) for node in nodes],
        textposition="middle right",
        textfont={"size": 12, "color": palette.ink},
        # Invisible markers of the seats' size keep the numbers off the rims, whatever the page's width.
        marker={"size": [2 * (SEAT + RING * (node in scene.marked)) for node in nodes], "opacity": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    most = max(int((layout.slot - 4) * (2 if layout.crowded else 1) / CHARACTER), 2)
    strong = [scene.state(node) == "candidate" for node in nodes]
    names = [for_plotly(truncated(drawn_name(scene.problem.names[node]), most)) for node in nodes]
    canvas.add_scatter(
        x=[layout.x[node] for node in nodes],
        y=[layout.y[node] - SEAT - layout.drop[node] - NAME / 2 - 1 for node in nodes],
        mode="text",
        name="names",
        text=[f"<b>{name}</b>" if bold else name for name, bold in zip(names, strong, strict=True)],
        textfont={"size": 13, "color": [palette.ink if bold else palette.muted for bold in strong]},
        hoverinfo="skip",
        showlegend=False,
    )
    marked = list(scene.marked)
    canvas.add_scatter(
        x=[layout.x[node] for node in marked],
        y=[layout.y[node] - SEAT - layout.drop[node] - NAME - LINE / 2 + 1 for node in marked],
        mode="text",
        name="marks",
        text=[scene.marked[node][0] for node in marked],
        textfont={"size": 12, "color": [scene.marked[node][1] for node in marked]},
        hoverinfo="skip",
        showlegend=False,
    )


def draw_legend(canvas: Canvas, palette: Palette, paths: Mapping[str, dict], marked: Iterable[str]) -> None:
    """One entry a mark, from traces without data: a click in the legend cannot hide anything.

    `marked` are the marks of nodes, such as "target"; `paths` are the lines that are traced, by what they are.
    """
    states: dict[str, State] = {"candidate": "candidate", "reached": "earlier", "not reached": "later"}
    marks = [{"name": text, "marker": seat(state, palette)} for text, state in states.items()]
    marks += [{"name": name, "marker": ring(name, palette, size=13)} for name in marked]
    marks += [{"name": "tree edge", "line": edge_line("tree", palette)}]
    marks += [{"name": "other edge", "line": edge_line("other", palette)}]
    marks += [{"name": name, **line} for name, line in paths.items()]
    for mark in marks:
        mode = "markers" if "marker" in mark else "lines"
        canvas.add_scatter(x=[None], y=[None], mode=mode, hoverinfo="skip", showlegend=True, **mark)


def _name_row(canvas: Canvas, y: float, text: str, colour: str) -> None:
    canvas.add_annotation(
        text=text,
        xref="paper",
        x=0,
        xshift=-10,
        y=y,
        xanchor="right",
        showarrow=False,
        align="right",
        font={"size": 12, "color": colour},
    )


def written_value(value: float, least: float = 0.0) -> str:
    """The value in three characters, or nothing below the threshold."""
    if value < least:
        return ""
    return "1.0" if value >= 0.995 else f"{value:.2f}".removeprefix("0")
