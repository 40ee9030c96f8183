"""Figures on a page: in its theme, drawn once."""

from copy import deepcopy
from typing import TYPE_CHECKING, Any
from zlib import crc32

import streamlit as st

from analyses.drawing.palette import darkened

if TYPE_CHECKING:
    import plotly.graph_objects as go

UNSELECTED = 0.45
"""Opacity of the marks that were not clicked."""


def dark() -> bool:
    """Whether the page is shown in a dark theme."""
    return st.context.theme.type == "dark"


def show_figure(figure: "go.Figure", key: str, alt: str, **look: Any) -> Any:
    """A figure of an analysis in the page's theme; downloads keep the original, for white paper."""
    return show_drawn(darkened(figure) if dark() else deepcopy(figure), key, alt, **look)


def show_drawn(figure: "go.Figure", key: str, alt: str, **look: Any) -> Any:
    """A figure made for this page alone, in its colours; it is drawn once.

    Streamlit hands every figure to the browser's plotly twice. The second time costs as much as the first unless the
    figure names a revision of its data, here a hash of it; has no template, which plotly takes for another each time;
    and answers to clicks from the first.
    """
    figure.layout.template = None
    if look.get("selection_mode") == "points":
        figure.layout.update(clickmode="event+select", dragmode="pan")
        # Plotly's own 0.2 leaves nothing of a point on dark paper.
        figure.update_traces({"unselected": {"marker": {"opacity": UNSELECTED}}}, selector={"type": "scatter"})
    figure.layout.datarevision = crc32(figure.to_json().encode())
    return st.plotly_chart(figure, theme=None, key=key, alt=alt, **look)
