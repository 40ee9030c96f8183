"""Paths over a scene: the correct one, a shortest one to a chosen node, and the chain that the model wrote.

They can be told apart where they run together: the correct path is broad and pale, the chosen one narrow, a step that
was written is its edge in bold, and one that the graph lacks is dashed and bears its names.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import Palette
from analyses.drawing.tree.layout import NAME, RING, SEAT, WIDTH
from analyses.drawing.tree.marks import Canvas
from analyses.drawing.tree.scene import Scene, drawn_name, shortest_path_to
from analyses.drawing.tree.styles import PATHS, chosen_line, invented_line, path_line, written_line
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem

STUB = (40.0, 14.0)
"""Pixels aside and up of a stub, for an invented step from or to a name that is not drawn."""


@dataclass(frozen=True)
class Paths:
    """Which paths are traced."""

    correct: bool = False
    """The problem's own steps."""
    to: int | None = None
    """A shortest path to this node."""
    written: tuple[tuple[str, str], ...] = ()
    """(parent, child) names of the steps that a model wrote."""

    def invented(self, problem: GraphProblem) -> list[tuple[str, str]]:
        """The steps that were written and that the graph lacks."""
        return [step for step in self.written if step not in facts_of(problem)]

    def legend(self, problem: GraphProblem, palette: Palette) -> dict[str, dict]:
        """The line of each kind of path that is traced, by its name."""
        invented = len(self.invented(problem))
        traced = (self.correct, len(self.written) > invented, invented > 0, self.to is not None)
        lines = {name: line(palette) for (name, line), is_there in zip(PATHS.items(), traced, strict=True) if is_there}
        if self.to is not None:
            node = drawn_name(problem.names[self.to])
            lines = {name.replace("a node", node): line for name, line in lines.items()}
        return lines


def facts_of(problem: GraphProblem) -> dict[tuple[str, str], tuple[int, int]]:
    """The edges of a problem by their names."""
    return {(problem.names[parent], problem.names[child]): (parent, child) for parent, child in problem.edges}


def draw_paths(canvas: Canvas, scene: Scene, paths: Paths) -> None:
    """What lies below the edges: the correct path and the path to a node."""
    try:
        correct = scene.problem.path if paths.correct else None
    except InputError:  # the steps of an unsound problem need not be a path; the page says so
        correct = ()
    chosen = None if paths.to is None else shortest_path_to(scene.problem, paths.to)
    for name, nodes, line in (("path", correct, path_line), ("path to a node", chosen, chosen_line)):
        if nodes is not None:
            _trace(canvas, scene, name, zip(nodes, nodes[1:], strict=False), line(scene.palette))


def draw_written(canvas: Canvas, scene: Scene, paths: Paths) -> None:
    """What lies above the edges: the steps that the model wrote, those that the graph lacks with their names."""
    facts = facts_of(scene.problem)
    real = [facts[step] for step in paths.written if step in facts]
    if real:
        _trace(canvas, scene, "written steps", real, written_line(scene.palette))
    for parent, child in dict.fromkeys(paths.invented(scene.problem)):
        _draw_invented(canvas, scene, parent, child)


def _trace(canvas: Canvas, scene: Scene, name: str, steps: Iterable[tuple[int, int]], line: dict) -> None:
    walked = set(steps)
    edges = [edge for edge in scene.layout.edges if (edge.parent, edge.child) in walked]
    canvas.add_scatter(
        x=[x for edge in edges for x in (*edge.x, None)],
        y=[y for edge in edges for y in (*edge.y, None)],
        mode="lines",
        name=name,
        hoverinfo="skip",
        showlegend=False,
        **line,
    )


def _draw_invented(canvas: Canvas, scene: Scene, parent: str, child: str) -> None:
    """A straight dashed line from node to node; a stub from or to a name that is not drawn."""
    x, y = scene.layout.x, scene.layout.y
    number = {name: node for node, name in enumerate(scene.problem.names) if node in x}
    start, end = number.get(parent), number.get(child)
    if start is None and end is None:
        return  # nothing of it is drawn: the page has it in words
    if start is None or end is None or start == end:
        node = end if start is None else start
        side = 1 if x[node] < WIDTH / 2 else -1  # towards the middle of the picture
        near = (x[node] + side * (SEAT + RING), y[node])
        far = (near[0] + side * STUB[0], near[1] + STUB[1])
        ends = (far, near) if start is None else (near, far)
        label = far
    else:
        side = 1 if x[start] + x[end] < WIDTH else -1
        down = y[end] < y[start]
        ends = ((x[start], _rim(scene, start, below=down)), (x[end], _rim(scene, end, below=not down)))
        label = ((x[start] + x[end]) / 2, (ends[0][1] + ends[1][1]) / 2)
    line = invented_line(scene.palette)
    edge = {"color": scene.palette.invented, "line": {"width": 0}}
    canvas.add_scatter(
        x=[at[0] for at in ends],
        y=[at[1] for at in ends],
        mode="lines+markers",
        name="invented step",
        marker={"symbol": "arrow", "angleref": "previous", "size": [0, 11], "opacity": 1, **edge},
        hoverinfo="skip",
        showlegend=False,
        **line,
    )
    canvas.add_annotation(
        text=for_plotly(f"{drawn_name(parent)} → {drawn_name(child)}"),
        x=label[0],
        y=label[1],
        xanchor="left" if side > 0 else "right",
        xshift=6 * side,
        showarrow=False,
        bgcolor=scene.palette.paper,
        borderpad=1,
        font={"size": 12, "color": scene.palette.invented},
    )


def _rim(scene: Scene, node: int, *, below: bool) -> float:
    """Where a line from or to a node ends: at the top of its seat, or below its name."""
    layout = scene.layout
    return layout.y[node] + (-SEAT - layout.drop[node] - NAME - 2 if below else SEAT + RING)
