"""Colours of the figures, for light and dark pages: distinct for colour-blind readers and in grey print.

The value scale is one hue whose lightness runs one way, away from the paper: a greater value is always
further from the background. Marks that differ in colour differ in line style or shape too (`tree/styles.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import plotly.graph_objects as go

FONT = "Source Sans, Source Sans Pro, Arial, Helvetica, sans-serif"


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, as #rrggbb."""

    paper: str
    ink: str
    muted: str
    """Text of nodes that are not candidates; still 4.5 : 1 against the paper."""
    line: str
    """Tree edges."""
    faint: str
    """Other edges, and outlines of nodes that were candidates earlier."""
    fainter: str
    """Outlines of nodes that are not reached yet, and separators."""
    band: str
    """Background of the row of candidates."""
    target: str
    distractor: str
    control: str
    """Marks of the control without thoughts."""
    chosen: str
    """The path to a node that a reader chose."""
    invented: str
    """Steps that a model wrote and the graph lacks."""
    scale: tuple[str, ...]
    """Value 0 to value 1, evenly spaced."""

    @property
    def colorscale(self) -> list[tuple[float, str]]:
        """The value scale in plotly's form."""
        return [(i / (len(self.scale) - 1), colour) for i, colour in enumerate(self.scale)]


LIGHT = Palette(
    paper="#ffffff",
    ink="#111827",
    muted="#5f6875",
    line="#3f4a59",
    faint="#9aa4b1",
    fainter="#bcc4cd",
    band="#eef2f6",
    target="#00795a",
    distractor="#c2410c",
    control="#a3399b",
    chosen="#7b3fc9",
    invented="#c00d2e",
    scale=("#d3e4f3", "#a2c8e6", "#5f9fd0", "#2a6fb0", "#083a75"),
)
DARK = Palette(
    paper="#0e1117",
    ink="#f3f5f8",
    muted="#a3acb8",
    line="#b4bdc9",
    faint="#6b7583",
    fainter="#4a5361",
    band="#1a202b",
    target="#35d0a3",
    distractor="#ff9457",
    control="#e792e0",
    chosen="#c29bff",
    invented="#ff6f7d",
    scale=("#1d3b5e", "#28598f", "#3f85c4", "#7db9e6", "#c8e2f8"),
)

CELLS = {"#b9d5ea": "#1f4a73", "#f3b79a": "#7a3b1c", "#f2e3b3": "#5c4c17", "#eceff3": "#2b323c"}
"""Cells of a table that is drawn, with words in them."""
ACCENTS = {"#7a5c00": "#e0b83f", "#f0a27a": "#a8552c", "#f7d3c0": "#5f3a2a", **CELLS}
"""Colours of charts beyond the palette, on white and on dark paper."""


def darkened(figure: go.Figure) -> go.Figure:
    """The same figure for dark paper: every colour of the light palette gives way to its dark counterpart."""
    dark = dict(ACCENTS)
    for field in fields(Palette):
        light, other = getattr(LIGHT, field.name), getattr(DARK, field.name)
        dark |= dict(zip(light, other, strict=True)) if field.name == "scale" else {light: other}
    return go.Figure(_recoloured(figure.to_plotly_json(), dark))


def _recoloured(part: Any, colours: Mapping[str, str]) -> Any:
    """A part of a figure's JSON, with each of `colours` replaced wherever it stands in a text."""
    if isinstance(part, Mapping):
        return {key: _recoloured(value, colours) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_recoloured(value, colours) for value in part]
    if isinstance(part, str) and "#" in part:
        return re.sub("|".join(colours), lambda found: colours[found[0]], part)
    return part


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
