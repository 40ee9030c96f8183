"""Tables, figures and texts as one zip, with a manifest that says what they show and lists the files."""

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from analyses.report import export
from analyses.report.result_files import PLOTLY, page_of


def bundle(
    about: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, go.Figure],
    texts: Mapping[str, str],
) -> bytes:
    """The bytes of a zip: `tables` as CSV, `figures` as HTML and, where a browser can draw them, as PNG and SVG.

    Keys of `tables` and `figures` are file names without an ending, those of `texts` are whole file names. `about` is
    what `manifest.json` says of the content. The HTML pages share one copy of plotly and need no network.
    """
    files: dict[str, bytes] = {name: text.encode() for name, text in texts.items()}
    if figures:
        files[PLOTLY] = get_plotlyjs().encode()
    files |= {f"{name}.csv": export.csv(table) for name, table in tables.items()}
    with export.one_browser():
        for name, figure in figures.items():
            files[f"{name}.html"] = page_of(figure, name)
            if export.image_fault() is None:
                files[f"{name}.png"] = export.image(figure, "png")
                files[f"{name}.svg"] = export.image(figure, "svg")
    manifest = {**about, "code_version": version("coconut-workbench"), "files": sorted(files)}
    files["manifest.json"] = json.dumps(manifest, indent=2).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(name, content)
    return buffer.getvalue()
