"""Download buttons of a result: its table, and its figure in every form that this machine can draw."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.report import export

Offer = tuple[str, str, Callable[[], bytes]]
"""Label of a button, name of the file, what is in it."""
MIME = {
    "csv": "text/csv",
    "html": "text/html",
    "png": "image/png",
    "svg": "image/svg+xml",
    "zip": "application/zip",
}


def offer_table(frame: pd.DataFrame, stem: str, label: str) -> None:
    """A button for a table as `stem`.csv."""
    content = export.csv(frame)
    st.download_button(label, content, f"{stem}.csv", "text/csv", on_click="ignore", icon=":material/download:")


def offer_result(result: Any, figure: go.Figure, stem: str, key: str | None = None) -> None:
    """Buttons for `stem`.csv, .html, .png and .svg; nothing is drawn until one is pressed.

    `key` distinguishes results whose stems may be equal.
    """
    table = ("CSV", f"{stem}.csv", lambda: export.csv(result.frame()))
    offer([table, *pictures(lambda: figure, stem)], f"{key or stem}.")


def pictures(draw: Callable[[], go.Figure], stem: str, prefix: str = "") -> list[Offer]:
    """A figure in every form that this machine can draw, drawn when it is asked for."""
    offers = [(f"{prefix}HTML", f"{stem}.html", lambda: export.html(draw()))]
    if export.image_fault() is None:
        offers.append((f"{prefix}PNG", f"{stem}.png", lambda: export.image(draw(), "png")))
        offers.append((f"{prefix}SVG", f"{stem}.svg", lambda: export.image(draw(), "svg")))
    return offers


def offer_pictures(draw: Callable[[], go.Figure], stem: str, label: str) -> None:
    """A small menu below a figure, with the figure in every form that this machine can draw."""
    with st.popover(label, icon=":material/download:"):
        offer(pictures(draw, stem), f"{stem} ")


def offer_script(script: str) -> None:
    """Behind a button, a script that gives the numbers of this page, to be copied."""
    with st.popover("Python", icon=":material/code:", help="A script that gives the same numbers without the app."):
        st.code(script, language="python", wrap_lines=True)


def offer(offers: Sequence[Offer], key: str) -> None:
    """A row of buttons, keyed by `key` and the ending; below it, why there are no pictures where there are none."""
    with st.container(horizontal=True, gap="small"):
        for label, name, content in offers:
            ending = name.rsplit(".", 1)[-1]
            st.download_button(
                label,
                content,
                file_name=name,
                mime=MIME[ending],
                on_click="ignore",
                icon=":material/download:",
                key=f"{key}{ending}",
            )
    if fault := export.image_fault():
        st.caption(for_markdown(fault))
