"""The report of a study: every figure and table of the paper and those beyond it, as files.

    coconut figures --model M --control M2 --control M3 --data D --out artifacts/figures/NAME

Each result is written as CSV and HTML and, where a browser can draw it, as PNG and SVG. `manifest.json` records what
each was made from: models, data, versions of libraries, and a hash of the code that computes it. A run makes only what
is missing or was made from something else, so that an interrupted run continues where it stopped. `index.html` shows
all results (`page.py`); `values.csv.gz` and `answers.csv.gz` are the rows that they are computed from.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from analyses.figures.registry import FIGURES, Figure
from analyses.readings.representation.dictionary import CONFIG, FOLDER, WEIGHTS
from analyses.readings.study import Study
from analyses.report import export, study_rows
from analyses.report.code_hash import code_hash
from analyses.report.page import page
from analyses.report.result_files import write_result
from analyses.report.study_rows import ROWS, packed
from coconut_core.bundled import model_folder, problem_file
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.problems.registry import load_problems, task_of
from coconut_core.problems.task import Task


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
    """Make what is missing or out of date in the folder `out`, then its page; returns the manifest.

    `models` are folders of checkpoints, or names of bundled ones, the model under study first; those of `sweep` are for
    figure 3 alone. The problems are the `first` ones of the file or bundled set `data`, or all. `only` names the
    figures to make; the others stay as they are. A figure that cannot be made of these models and problems is listed in
    the manifest with the reason. `command` is recorded as it is given. `InputError` names an unknown figure, or a file
    that cannot be read.
    """
    known = [figure.name for figure in FIGURES]
    if wrong := [name for name in only if name not in known]:
        raise InputError(f"--only: {wrong[0]!r} is not a figure; give one of {', '.join(known)}.")
    data, models, sweep = problem_file(data), [*map(model_folder, models)], [*map(model_folder, sweep)]
    problems = load_problems(data)[:first]
    task = task_of(problems)
    loaded, swept = ([(path.name, load_model(path)) for path in paths] for paths in (models, sweep))
    roles = ["model", *["control"] * (len(models) - 1), *["sweep"] * len(sweep)]
    inputs = {
        "models": [
            {"role": role, "name": path.name, "sha256": folder_hash(path)}
            for role, path in zip(roles, (*models, *sweep), strict=True)
        ],
        "data": {"file": data.name, "sha256": sha256(data), "problems": len(problems)},
        "versions": {name: version(name) for name in ("coconut-workbench", "torch", "transformers", "plotly")},
    }
    current = {figure.name: {**inputs, "code": code_of(figure.module, task)} for figure in FIGURES}
    current["rows"] = {**inputs, "code": code_of(study_rows.__name__, task)}
    manifest = _manifest(out, inputs, task, command)
    wanted = [figure for figure in FIGURES if not only or figure.name in only]
    with tqdm(wanted, desc="figures", disable=not progress) as bar, export.one_browser():

        def show_progress(what: str, share: float) -> None:
            bar.set_postfix_str(f"{what}, {share:.0%}")

        study = Study(loaded, problems, sweep=swept, progress=show_progress)
        for figure in bar:
            bar.set_postfix_str(figure.name)
            made_from = current[figure.name]
            if not _up_to_date(manifest["figures"].get(figure.name), made_from, out):
                manifest["figures"][figure.name] = {**_make(figure, study, out), "made_from": made_from}
                write_atomically(out / "manifest.json", json.dumps(manifest, indent=2) + "\n")
        has_rows = manifest["rows"] == current["rows"] and all((out / name).is_file() for name in ROWS)
        if task.has_graph and not only and not has_rows:
            bar.set_postfix_str("rows")
            for name, rows in ROWS.items():
                write_atomically(out / name, packed(rows(study)))
            manifest["rows"] = current["rows"]
    write_atomically(out / "index.html", page(manifest, current, problems, out))
    write_atomically(out / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    return manifest


def _make(figure: Figure, study: Study, out: Path) -> dict[str, Any]:
    """Write the files of a figure; returns its entry in the manifest, or the reason why it is left out."""
    start = time.perf_counter()
    try:
        if figure.graphs:
            study.task.require_graph("It")
        result = figure.compute(study)
    except InputError as error:
        return {"title": figure.title, "left_out": str(error)}
    files = write_result(result, out, figure.name)
    caption = result.caption()
    seconds = round(time.perf_counter() - start, 2)
    return {"title": figure.title, "caption": caption, "seconds": seconds, "files": [path.name for path in files]}


def _manifest(out: Path, inputs: dict, task: Task, command: str) -> dict[str, Any]:
    """The manifest of this run, with the results that earlier runs left in `out`."""
    figures, rows = {}, None
    try:
        before = json.loads((out / "manifest.json").read_text())
        figures, rows = before["figures"], before.get("rows")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # without a readable manifest everything is made anew
    definitions = {figure.name: figure.definition for figure in FIGURES}
    head = {"task": task.name, "command": command, "made_from": inputs, "rows": rows}
    return {**head, "figures": figures, "definitions": definitions}


def folder_hash(folder: Path) -> str:
    """SHA-256 of every file that a model, and its dictionary, is loaded from; logs of trainings do not count."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".jsonl")
    files += [path for name in (WEIGHTS, CONFIG) if (path := folder / FOLDER / name).is_file()]
    return hashlib.sha256("\n".join(f"{path.name} {sha256(path)}" for path in files).encode()).hexdigest()


def code_of(module: str, task: Task) -> str:
    """Hash of the code that loads models, reads the task's problems, computes with `module` and writes the files."""
    return code_hash(module, load_model.__module__, type(task).__module__, write_result.__module__)


def _up_to_date(entry: dict | None, made_from: dict, out: Path) -> bool:
    """Whether a figure was made from `made_from` and all its files exist, with pictures if they can be drawn now."""
    if not isinstance(entry, dict) or entry.get("made_from") != made_from:
        return False
    files = entry.get("files", [])
    drawable = export.image_fault() is None and "left_out" not in entry
    if drawable and not any(name.endswith(".png") for name in files):
        return False
    return all((out / name).is_file() for name in files)
