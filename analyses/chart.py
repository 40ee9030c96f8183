"""The frame of every figure that is no tree: one look on a page, in a report and in print.

Marks that differ in colour differ in shape or line style too. Titles say what is shown, subtitles the definition.
"""

from typing import Any

import plotly.graph_objects as go

from analyses.palette import FONT, LIGHT

SIZE = 13


def chart(
    title: str, subtitle: str = "", *, height: int = 420, left: int = 80, right: int = 40, bottom: int = 70
) -> go.Figure:
    """An empty figure with a title, a line below it, and plain axes."""
    text = f"<b>{title}</b>" + (
        f"<br><span style='font-size:12px;color:{LIGHT.muted}'>{subtitle}</span>" if subtitle else ""
    )
    axis = {
        "gridcolor": LIGHT.fainter,
        "linecolor": LIGHT.faint,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": LIGHT.faint,
        "title": {"font": {"size": SIZE}, "standoff": 12},
    }
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": left, "r": right, "t": 74, "b": bottom},
            "paper_bgcolor": LIGHT.paper,
            "plot_bgcolor": LIGHT.paper,
            "font": {"family": FONT, "size": SIZE, "color": LIGHT.ink},
            "title": {
                "text": text,
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "pad": {"l": 14},
                "font": {"size": 16},
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 12}},
            "xaxis": axis,
            "yaxis": axis,
            "hovermode": "closest",
        }
    )


def note(figure: go.Figure, text: str, **place: Any) -> None:
    """A few words in the figure."""
    figure.add_annotation(text=text, showarrow=False, font={"size": 12, "color": LIGHT.muted}, **place)
