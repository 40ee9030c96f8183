"""A result as files: its table as CSV, its figure as HTML and, where there is a browser to draw them, PNG and SVG."""

from pathlib import Path
from typing import Protocol

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from analyses import export
from coconut_core.files import write_atomically

PLOTLY = "plotly.min.js"


class Result(Protocol):
    """What every analysis returns: arrays that know their table and their picture."""

    def frame(self) -> pd.DataFrame: ...

    def figure(self) -> go.Figure: ...


def write_result(result: Result, folder: Path, name: str) -> list[Path]:
    """Write `folder`/`name`.csv, .html, and .png and .svg where this machine can draw them; returns what was written.

    HTML pages share one copy of plotly beside them, and work without a network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure = result.figure()
    files: dict[str, bytes] = {"csv": export.csv(result.frame())}
    files["html"] = figure.to_html(include_plotlyjs=PLOTLY, config={"displaylogo": False}).encode()
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
