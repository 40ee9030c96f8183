"""Figures as PNG, SVG or HTML and tables as CSV: the bytes of a download or of a file.

PNG and SVG are drawn by kaleido, in a Chrome or Chromium that is installed on the machine. Where either is missing,
`image_fault` says which and what to do. HTML, and the camera in the tool bar of a figure, need neither.
"""

import os
import shutil
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from analyses.report import tables
from coconut_core.errors import InputError

IMAGE_WIDTH = 1100
"""Width of exported pictures, in pixels before scaling."""
PNG_SCALE = 2
_DRAWING = threading.RLock()
"""One thread draws at a time: the browser returns pictures in order, without saying which request each answers."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


@cache
def image_fault() -> str | None:
    """Why PNG and SVG cannot be drawn on this machine, and the remedy; None if they can."""
    if find_spec("kaleido") is None:
        return "PNG and SVG need kaleido: pip install kaleido, or use the camera in the figure's tool bar."
    chosen = os.environ.get("BROWSER_PATH", "")
    if Path(chosen).is_file() or any(map(shutil.which, _BROWSERS)) or _known_to_kaleido():
        return None
    return (
        "PNG and SVG need Chrome or Chromium: install it or set BROWSER_PATH, or use the camera in the "
        "figure's tool bar."
    )


@contextmanager
def one_browser() -> Iterator[None]:
    """Within the block all pictures are drawn by one browser: starting one takes ten times as long as drawing."""
    if image_fault() is not None:
        yield
        return
    import kaleido

    with _DRAWING:
        kaleido.start_sync_server(silence_warnings=True)
        try:
            with warnings.catch_warnings():
                # plotly warns that a running browser ignores its options; none of them is set here.
                warnings.filterwarnings("ignore", message="The kopts argument is ignored")
                yield
        finally:
            kaleido.stop_sync_server(silence_warnings=True)


def image(figure: go.Figure, form: Literal["png", "svg"], width: int = IMAGE_WIDTH) -> bytes:
    """The figure as a picture that is `width` pixels wide, or twice that for a PNG, so that it is sharp in print.

    `InputError` if it cannot be drawn.
    """
    if fault := image_fault():
        raise InputError(fault)
    try:
        with _DRAWING:
            return figure.to_image(format=form, width=width, scale=PNG_SCALE if form == "png" else 1)
    except (RuntimeError, OSError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"The browser that draws PNG and SVG failed ({reason}); use the camera in the figure's tool bar."
        ) from error


def html(figure: go.Figure) -> bytes:
    """The figure as one page that needs no network: plotly itself (about 5 MB) is part of it."""
    return figure.to_html(include_plotlyjs=True, config={"displaylogo": False}).encode()


def csv(frame: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV."""
    return tables.csv(frame).encode()


def _known_to_kaleido() -> bool:
    """Whether kaleido finds a browser that is not on the PATH, as on macOS and Windows, or its own download."""
    try:
        from choreographer.browsers.chromium import Chromium

        return Chromium.find_browser(skip_local=False) is not None
    except Exception:  # this function is not a documented one; where it fails, the PATH decides
        return False
