"""Download buttons of a result: its table, and its figure in every form that this machine can draw."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analyses import export
from analyses.plain_text import for_markdown


def offer_table(frame: pd.DataFrame, stem: str, label: str) -> None:
    """A button for a table as `stem`.csv."""
    content = export.csv(frame)
    st.download_button(label, content, f"{stem}.csv", "text/csv", on_click="ignore", icon=":material/download:")


def offer_result(result: Any, figure: go.Figure, stem: str) -> None:
    """Buttons for `stem`.csv, .html, .png and .svg; nothing is drawn until one is pressed."""
    offers = [
        ("CSV", "csv", "text/csv", lambda: export.csv(result.frame())),
        ("HTML", "html", "text/html", lambda: export.html(figure)),
    ]
    fault = export.image_fault()
    if fault is None:
        offers.append(("PNG", "png", "image/png", lambda: export.image(figure, "png")))
        offers.append(("SVG", "svg", "image/svg+xml", lambda: export.image(figure, "svg")))
    for column, (label, ending, kind, content) in zip(st.columns(4), offers, strict=False):
        column.download_button(
            label,
            content,
            file_name=f"{stem}.{ending}",
            mime=kind,
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
            key=f"{stem}.{ending}",
        )
    if fault:
        st.caption(for_markdown(fault))
