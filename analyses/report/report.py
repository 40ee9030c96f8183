"""All figures and tables of the paper, and those beyond it, from one study: files, a manifest and one page.

    coconut figures --model M --control M2 --control M3 --data D --out artifacts/figures

Every result is written as CSV and HTML, and as PNG and SVG where a browser is there to draw them. `manifest.json` says
of each what it was made from, down to the modules that compute it; a second run makes only what has changed since, and
one that was interrupted goes on where it was. `index.html` is the report: self-contained, with definitions and
captions. `values.csv.gz` and `answers.csv.gz` are the rows behind the figures.
"""

import base64
import hashlib
import html
import json
import re
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs
from tqdm.auto import tqdm

from analyses.figures.graph_statistics import world_of
from analyses.figures.registry import FIGURES, Figure
from analyses.readings.study import Study
from analyses.report import export, study_rows
from analyses.report.code_hash import code_hash
from analyses.report.result_files import figure_of, write_result
from analyses.report.study_rows import ROWS, packed
from coconut_core.checkpoints import load_model
from coconut_core.encoding import Problem
from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.problems.questions import load_questions, task_of

OFFICIAL_WORLD = " (official ProsQA: 14 to 28 nodes, 3 to 6 hops)"


def make_report(
    models: Sequence[Path],
    data: Path,
    out: Path,
    *,
    sweep: Sequence[Path] = (),
    first: int | None = None,
    only: Sequence[str] = (),
    command: str = "",
    progress: bool = True,
) -> dict[str, Any]:
    """Make what is missing or out of date in `out`, then its page; returns the manifest.

    `models` are folders, the one under study first; those of `sweep` are for figure 3 alone. `only` names figures to
    make; the others are left as they are. A figure that the study cannot give, such as thoughts of a model without
    any, is listed with the reason.
    """
    known = [figure.name for figure in FIGURES]
    if wrong := [name for name in only if name not in known]:
        raise InputError(f"--only: {wrong[0]!r} is no figure; give one of {', '.join(known)}.")
    problems = load_questions(data)[:first]
    graphs = task_of(problems) == "prosqa"
    loaded, swept = ([(path.name, load_model(path)) for path in paths] for paths in (models, sweep))
    roles = ["model", *["control"] * (len(models) - 1), *["sweep"] * len(sweep)]
    made_from = {
        "models": [
            {"role": role, "name": path.name, "sha256": _folder_hash(path)}
            for role, path in zip(roles, (*models, *sweep), strict=True)
        ],
        "data": {"file": data.name, "sha256": sha256(data), "problems": len(problems)},
        "versions": {name: version(name) for name in ("coconut-workbench", "torch", "transformers", "plotly")},
    }
    manifest = _manifest(out, made_from, command)
    manifest["definitions"] = {figure.name: figure.definition for figure in FIGURES}
    wanted = [figure for figure in FIGURES if not only or figure.name in only]
    with tqdm(wanted, desc="figures", disable=not progress) as bar, export.one_browser():

        def told(what: str, share: float) -> None:
            bar.set_postfix_str(f"{what}, {share:.0%}")

        study = Study(loaded, problems, sweep=swept, report=told)
        for figure in bar:
            bar.set_postfix_str(figure.name)
            of = {**made_from, "code": _code_of(figure.module)}
            if not _up_to_date(manifest["figures"].get(figure.name), of, out):
                manifest["figures"][figure.name] = {**_make(figure, study, out), "made_from": of}
                write_atomically(out / "manifest.json", json.dumps(manifest, indent=2) + "\n")
        of = {**made_from, "code": _code_of(study_rows.__name__)}
        if graphs and not only and not (manifest["rows"] == of and all((out / name).is_file() for name in ROWS)):
            bar.set_postfix_str("rows")
            for name, rows in ROWS.items():
                write_atomically(out / name, packed(rows(study)))
            manifest["rows"] = of
    write_atomically(out / "index.html", _page(manifest, problems, out))
    write_atomically(out / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    return manifest


def _make(figure: Figure, study: Study, out: Path) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        if figure.graphs and task_of(study.problems) != "prosqa":
            raise InputError("it needs problems with graphs, as ProsQA's are.")
        result = figure.compute(study)
    except InputError as error:
        return {"title": figure.title, "left_out": str(error)}
    files = write_result(result, out, figure.name)
    caption = result.caption()
    seconds = round(time.perf_counter() - start, 2)
    return {"title": figure.title, "caption": caption, "seconds": seconds, "files": [path.name for path in files]}


def _manifest(out: Path, made_from: dict, command: str) -> dict[str, Any]:
    """What the folder says of its figures, with the head of this run."""
    figures, rows = {}, None
    try:
        before = json.loads((out / "manifest.json").read_text())
        figures, rows = before["figures"], before.get("rows")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # no manifest, or none that can be used: everything is made anew
    return {"command": command, "made_from": made_from, "rows": rows, "figures": figures}


def _folder_hash(folder: Path) -> str:
    """Of everything that a model is loaded from; how its training went is no part of it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".jsonl")
    return hashlib.sha256("\n".join(f"{path.name} {sha256(path)}" for path in files).encode()).hexdigest()


def _code_of(module: str) -> str:
    """Hash of the code that computes, loads and writes."""
    return code_hash(module, load_model.__module__, write_result.__module__)


def _up_to_date(entry: dict | None, made_from: dict, out: Path) -> bool:
    if not isinstance(entry, dict) or entry.get("made_from") != made_from:
        return False
    files = entry.get("files", [])
    drawable = export.image_fault() is None and "left_out" not in entry
    if drawable and not any(name.endswith(".png") for name in files):
        return False
    return all((out / name).is_file() for name in files)


def _page(manifest: dict[str, Any], problems: Sequence[Problem], out: Path) -> str:
    """The report: plotly once, then every figure with its caption, its definition and a link to its table."""
    parts, contents = [], []
    for figure in FIGURES:
        entry = manifest["figures"].get(figure.name)
        if entry is None:
            continue
        title = html.escape(figure.title)
        contents.append(f'<li><a href="#{figure.name}">{title}</a></li>')
        if "left_out" in entry:
            reason = html.escape(entry["left_out"])
            parts.append(f'<section id="{figure.name}"><h2>{title}</h2><p>Left out: {reason}</p></section>')
            continue
        definition = "".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n\s*\n", figure.definition))
        parts.append(
            f'<section id="{figure.name}"><h2>{title}</h2>{_drawn(out, figure.name, entry["caption"])}'
            f'<p class="caption">{html.escape(entry["caption"])} <a href="{figure.name}.csv">CSV</a>'
            f"{_origin(entry.get('made_from'), figure.module, manifest)}</p>"
            f"<details><summary>Definition</summary>{definition}</details></section>"
        )
    models = _named(manifest["made_from"])
    data = manifest["made_from"]["data"]
    return _PAGE.format(
        plotly=get_plotlyjs(),
        contents="".join(contents),
        rows=_rows(manifest, out),
        parts="\n".join(parts),
        about=html.escape(
            f"Models: {models} (the first under study). Problems: the first {len(problems)} of {data['file']}, "
            f"{world_of(problems)}{OFFICIAL_WORLD if task_of(problems) == 'prosqa' else ''}. "
            f"Command: {manifest['command']}"
        ),
    )


def _drawn(out: Path, name: str, caption: str) -> str:
    """The figure; its picture where only that is in the folder, as in a clone, and else how to make it."""
    if (out / f"{name}.html").is_file():
        return figure_of(out / f"{name}.html")
    if (picture := out / f"{name}.png").is_file():
        content = base64.b64encode(picture.read_bytes()).decode()
        return f'<img alt="{html.escape(caption)}" src="data:image/png;base64,{content}">'
    return f"<p>It is not in this folder: <code>--only {name}</code> makes it.</p>"


def _rows(manifest: dict, out: Path) -> str:
    """Where the rows behind the figures are, if they are there."""
    if not all((out / name).is_file() for name in ROWS):
        return ""
    links = ", ".join(f'<a href="{name}">{name}</a>' for name in ROWS)
    return f"The rows behind the figures: {links}.{_origin(manifest['rows'], study_rows.__name__, manifest)}"


def _origin(made: dict | None, module: str, manifest: dict) -> str:
    """What something was made from, where that is not what the head of the page says, or not the code of now."""
    now = {**manifest["made_from"], "code": _code_of(module)}
    if made == now:
        return ""
    try:
        told = f"{_named(made)} on the first {made['data']['problems']} problems of {made['data']['file']}"
        told += "" if made["code"] == now["code"] else ", by other code, whose definition may have been another one"
    except (KeyError, TypeError):
        told = "other files"
    return html.escape(f" (Made earlier, of {told}.)")


def _named(made: dict) -> str:
    return ", ".join(model["name"] for model in made["models"])


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Coconut Workbench: figures</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 "Source Sans", Arial, sans-serif; color: #111827; }}
body {{ max-width: 1140px; margin: 2em auto; padding: 0 1em; }}
section {{ margin: 3em 0; break-inside: avoid; }}
h2 {{ font-size: 1.2em; }}
.caption {{ max-width: 75ch; }}
details {{ color: #5f6875; max-width: 75ch; }}
ul {{ columns: 2; }}
img {{ max-width: 100%; }}
@media print {{ .modebar, summary {{ display: none; }} body {{ margin: 0; }}
  details::details-content {{ content-visibility: visible; block-size: auto; }} }}
</style><script>{plotly}</script></head><body>
<h1>Figures</h1><p>{about}</p>
<p>Values are raw probabilities. Controls are the same readings of other models, and of one with random weights.
{rows}</p>
<ul>{contents}</ul>
{parts}
</body></html>
"""
