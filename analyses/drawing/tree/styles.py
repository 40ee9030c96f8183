"""How each kind of mark looks, in the tree and in its legend alike: colour, and line style or shape with it."""

from typing import Literal

from analyses.drawing.palette import Palette
from analyses.drawing.tree.layout import RING, SEAT

State = Literal["candidate", "earlier", "later"]
"""Of a node at some k: scored now, reached in fewer steps, or not reached yet (or never)."""


def outline(state: State, palette: Palette) -> dict:
    return {
        "candidate": {"color": palette.ink, "width": 2.2, "dash": "solid"},
        "earlier": {"color": palette.faint, "width": 1.4, "dash": "solid"},
        "later": {"color": palette.fainter, "width": 1.2, "dash": "dot"},
    }[state]


def seat(state: State, palette: Palette) -> dict:
    return {"size": 15, "color": palette.paper, "opacity": 1, "line": outline(state, palette)}


def ring(mark: str, palette: Palette, size: float = 2 * (SEAT + RING - 1)) -> dict:
    """A solid circle around the target, a dashed square around the distractor."""
    if mark == "target":
        symbol, line = "circle-open", {"color": palette.target, "width": 3, "dash": "solid"}
    else:
        symbol, line = "square-open", {"color": palette.distractor, "width": 2.5, "dash": "5px,3px"}
    return {"symbol": symbol, "size": size, "color": line["color"], "opacity": 1, "line": line}


def edge_line(kind: str, palette: Palette) -> dict:
    tree = kind == "tree"
    return {"color": palette.line if tree else palette.faint, "width": 1.8 if tree else 1.1}


def path_line(palette: Palette) -> dict:
    """The correct path: broad and pale, below the edges."""
    return {"line": {"color": palette.target, "width": 9, "shape": "spline"}, "opacity": 0.45}


def chosen_line(palette: Palette) -> dict:
    """The path to a chosen node: narrower, so that both show where they run together."""
    return {"line": {"color": palette.chosen, "width": 6, "shape": "spline"}, "opacity": 0.85}


def written_line(palette: Palette) -> dict:
    """A step that the model wrote and the graph has: its edge in bold."""
    return {"line": {"color": palette.ink, "width": 3.2, "shape": "spline"}}


def invented_line(palette: Palette) -> dict:
    """A step that the model wrote and the graph lacks."""
    return {"line": {"color": palette.invented, "width": 2.4, "dash": "7px,4px"}}


PATHS = {
    "correct path": path_line,
    "written step": written_line,
    "invented step": invented_line,
    "path to a node": chosen_line,
}
"""The line of every kind of path, as legends name it."""
