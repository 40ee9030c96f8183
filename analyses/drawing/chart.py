"""The look of every figure that is not a tree: the same on a page, in a report and in print.

Marks that differ in colour differ in shape or line style too. Titles say what is shown, subtitles the definition.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.palette import FONT, LIGHT

SIZE = 13
FEWEST_PROBLEMS = 10
"""Problems that a point or a curve stands for, below which it is not drawn; the table has it all the same."""
LEAST_MASS = 0.05
"""Mean mass of the candidates below which their shares are not drawn; the table has them all the same."""
AXIS = {
    "gridcolor": LIGHT.fainter,
    "linecolor": LIGHT.faint,
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": LIGHT.faint,
    "title": {"font": {"size": SIZE}, "standoff": 10},
}


def chart(title: str, subtitle: str = "", **frame: int) -> go.Figure:
    """An empty figure with a title, a line below it that gives the definition, and plain axes."""
    return framed(go.Figure(), title, subtitle, **frame)


def framed(
    figure: go.Figure,
    title: str,
    subtitle: str = "",
    *,
    height: int = 420,
    left: int = 70,
    right: int = 40,
    bottom: int = 60,
    legend: int = 0,
) -> go.Figure:
    """`figure` with the common look, its size in pixels; `legend` is how many lines the legend above it takes."""
    small = f"<br><span style='font-size:12px;color:{LIGHT.muted}'>{subtitle}</span>" if subtitle else ""
    panel_titles = bool(figure.layout.annotations)
    top = 72 + 22 * legend + 20 * panel_titles
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": left, "r": right, "t": top, "b": bottom},
        paper_bgcolor=LIGHT.paper,
        plot_bgcolor=LIGHT.paper,
        font={"family": FONT, "size": SIZE, "color": LIGHT.ink},
        title={
            "text": f"<b>{title}</b>{small}",
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1 - 30 / height,
            "yref": "container",
            "yanchor": "middle",
            "pad": {"l": 14},
            "font": {"size": 16},
        },
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1 - 58 / height,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 12},
        },
        hovermode="closest",
    )
    figure.update_xaxes(AXIS)
    figure.update_yaxes(AXIS)
    figure.update_annotations(font={"size": 12, "color": LIGHT.ink})
    return figure


def drawn_from(problems: int) -> int:
    """Problems that a point must stand for to be drawn: `FEWEST_PROBLEMS`, or all where there are fewer."""
    return min(FEWEST_PROBLEMS, problems)


def note(figure: go.Figure, text: str, **place: Any) -> None:
    """A few words in the figure."""
    figure.add_annotation(text=text, showarrow=False, font={"size": 12, "color": LIGHT.muted}, **place)


STYLES = (
    (LIGHT.scale[4], "solid", "circle"),
    (LIGHT.distractor, "dash", "square"),
    (LIGHT.target, "dashdot", "diamond"),
    (LIGHT.control, "longdash", "triangle-up"),
    (LIGHT.scale[2], "dot", "cross"),
    ("#7a5c00", "longdashdot", "x"),
    (LIGHT.muted, "dot", "star"),
)
"""Colour, dash and marker of the first, second, ... subject, distinct in grey too."""


def style(index: int, label: str = "") -> dict[str, Any]:
    """Line and marker of the subject at `index`: the first one bold, an untrained one muted."""
    colour, dash, symbol = STYLES[-1] if label == "Untrained" else STYLES[min(index, len(STYLES) - 2)]
    line = {"color": colour, "dash": dash, "width": 2.5 if index == 0 else 1.5}
    return {"mode": "lines+markers", "line": line, "marker": {"symbol": symbol, "size": 8, "color": colour}}


def class_style(index: int, name: str, size: int) -> dict[str, Any]:
    """Line, marker and legend entry of the class at `index`, which panels share; `size` in pixels."""
    colour, dash, symbol = STYLES[index]
    look = {"line": {"color": colour, "dash": dash}, "marker": {"symbol": symbol, "size": size, "color": colour}}
    return {"mode": "lines+markers", "name": name, "legendgroup": name, **look}


def error_bars(frame: pd.DataFrame, y: str, low: str = "low", high: str = "high", **look: Any) -> dict[str, Any]:
    """Error bars around column `y` of a frame that reach from its column `low` to its column `high`."""
    return {"array": frame[high] - frame[y], "arrayminus": frame[y] - frame[low], **look}


def by_k(
    figure: go.Figure,
    frame: pd.DataFrame,
    y: str,
    *,
    subjects: Sequence[str] = (),
    row: int | None = None,
    col: int | None = None,
    legend: bool = True,
) -> None:
    """Draw column `y` of a frame with columns subject, k, low and high against k, a line for each subject.

    `subjects` are all that the figure shows, so that each looks the same in every panel. The intervals of the first
    subject are drawn; those of the others are in the table.
    """
    subjects = subjects or list(dict.fromkeys(frame["subject"]))
    for index, subject in enumerate(subjects):
        line = frame[(frame["subject"] == subject) & frame[y].notna()]
        bars = None
        if index == 0 and {"low", "high"} <= set(line):
            bars = error_bars(line, y, width=3, thickness=1.2)
        figure.add_scatter(
            x=line["k"],
            y=line[y],
            error_y=bars,
            name=subject,
            legendgroup=subject,
            showlegend=legend,
            **style(index, subject),
            row=row,
            col=col,
        )
