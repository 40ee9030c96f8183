"""A result as files: its table as CSV, its figure as HTML and, where a browser can draw it, as PNG and SVG."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from analyses.report import export
from coconut_core.files import write_atomically

PLOTLY = "plotly.min.js"
"""File name of the copy of plotly that all pages of a folder share."""
_START, _STOP = "<!-- figure -->", "<!-- end of figure -->"


@runtime_checkable
class Result(Protocol):
    """What every analysis returns: arrays, with a table of them, a figure and its caption."""

    def frame(self) -> pd.DataFrame: ...

    def figure(self) -> go.Figure: ...

    def caption(self) -> str: ...


def write_result(result: Result, folder: Path, name: str) -> list[Path]:
    """Write `folder`/`name`.csv and .html, and .png and .svg where a browser can draw them; returns the paths.

    The HTML pages of a folder share one copy of plotly, which is written beside them, and need no network.
    `InputError` if a file cannot be written or the browser fails.
    """
    figure = result.figure()
    files: dict[str, bytes] = {"csv": export.csv(result.frame()), "html": page_of(figure, name)}
    if export.image_fault() is None:
        files["png"] = export.image(figure, "png")
        files["svg"] = export.image(figure, "svg")
    if not (folder / PLOTLY).is_file():
        write_atomically(folder / PLOTLY, get_plotlyjs())
    written = []
    for ending, content in files.items():
        written.append(folder / f"{name}.{ending}")
        write_atomically(written[-1], content)
    return written


def page_of(figure: go.Figure, name: str) -> bytes:
    """The figure as an HTML page that loads plotly from the file `PLOTLY` in the same folder."""
    part = figure.to_html(
        full_html=False, include_plotlyjs=False, config={"displaylogo": False}, div_id=f"{name}-figure"
    )
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<script src="{PLOTLY}"></script></head><body>\n{_START}{part}{_STOP}\n</body></html>\n'
    )
    return page.encode()


def figure_of(page: Path) -> str:
    """The HTML of the figure within a page that `write_result` wrote, to be put into another page."""
    return page.read_text().partition(_START)[2].partition(_STOP)[0]
