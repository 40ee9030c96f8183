"""The page of a report: one HTML file with every result, its caption, its definition and a link to its table.

The page needs no network, as plotly is part of it. `page.html.j2` says how it looks; this module collects what it
shows. A result that an earlier run made from other models, problems or code is marked as such.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from analyses.figures.published import SIZES
from analyses.figures.registry import FIGURES, Figure
from analyses.report.result_files import figure_of
from analyses.report.study_rows import ROWS
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of


def templates(package: str) -> Environment:
    """The templates of pages that lie beside a package's modules; what is filled in is escaped."""
    return Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


TEMPLATES = templates("analyses.report")


@dataclass(frozen=True)
class Section:
    """One result on the page: the reason why it was left out, or everything else."""

    name: str
    """Its files without their endings, and its id on the page."""
    title: str
    left_out: str = ""
    caption: str = ""
    origin: str = ""
    """What it was made from, unless that is what the head of the page says."""
    definition: tuple[str, ...] = ()
    """Paragraphs."""
    figure: str = ""
    """HTML that draws it with plotly; empty where the folder lacks it, as in a clone of the repository."""
    picture: str = ""
    """The PNG in base64, in place of a figure that the folder lacks; empty if it lacks both."""


def page(manifest: Mapping[str, Any], current: Mapping[str, Mapping], problems: Sequence[Problem], folder: Path) -> str:
    """The HTML of the report in `folder`, of all results in `manifest`, in the order of `FIGURES`.

    `current` says what this run would make each figure, and "rows", from: its models, data, versions and code.
    """
    data = manifest["made_from"]["data"]
    task = task_of(problems)
    has_rows = all((folder / name).is_file() for name in ROWS)
    return TEMPLATES.get_template("page.html.j2").render(
        plotly=get_plotlyjs(),
        models=_names(manifest["made_from"]),
        problems=f"the first {len(problems)} of {data['file']}, {task.describe(problems)}",
        published_size=SIZES.get(task.name, ""),
        command=manifest["command"],
        rows=tuple(ROWS) if has_rows else (),
        rows_origin=_origin(manifest["rows"], current["rows"]) if has_rows else "",
        sections=[
            _section(figure, manifest["figures"][figure.name], current[figure.name], folder)
            for figure in FIGURES
            if figure.name in manifest["figures"]
        ],
    )


def _section(figure: Figure, entry: Mapping[str, Any], current: Mapping, folder: Path) -> Section:
    if "left_out" in entry:
        return Section(figure.name, figure.title, left_out=entry["left_out"])
    drawn, picture = folder / f"{figure.name}.html", folder / f"{figure.name}.png"
    has_figure = drawn.is_file()
    return Section(
        figure.name,
        figure.title,
        caption=entry["caption"],
        origin=_origin(entry.get("made_from"), current),
        definition=tuple(re.split(r"\n\s*\n", figure.definition)),
        figure=figure_of(drawn) if has_figure else "",
        picture=base64.b64encode(picture.read_bytes()).decode() if not has_figure and picture.is_file() else "",
    )


def _origin(made_from: Mapping | None, current: Mapping) -> str:
    """What an earlier run made a result from, as a remark; empty if this run would make it from the same."""
    if made_from == current:
        return ""
    try:
        data = made_from["data"]
        origin = f"{_names(made_from)} on the first {data['problems']} problems of {data['file']}"
        if made_from["code"] != current["code"]:
            origin += ", by other code, whose definition may have differed"
    except (KeyError, TypeError):  # an entry that this version of the program did not write
        origin = "other files"
    return f"(Made earlier, of {origin}.)"


def _names(made_from: Mapping[str, Any]) -> str:
    return ", ".join(model["name"] for model in made_from["models"])
