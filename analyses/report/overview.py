"""The page over several reports: what each is of, what its models reach, and where its figures are.

    coconut reports artifacts/figures

It lists every folder below it that `coconut figures` filled, in the order of the tasks' registry.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analyses.report.page import TEMPLATES
from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.problems.registry import TASKS

OVERVIEW = "index.html"


@dataclass(frozen=True)
class Entry:
    """One report."""

    folder: str
    title: str
    """Of its task, or its folder's name."""
    about: str
    """Its models and problems."""
    figures: tuple[tuple[str, str], ...]
    """(name, title) of those that were made."""
    left_out: tuple[tuple[str, str], ...]
    """(title, reason) of those that were not."""
    accuracy: tuple[tuple[str, str, str, str], ...]
    """Rows of its Table 1: model, accuracy with its interval, n, the paper's accuracy."""


def write_overview(folder: Path) -> Path:
    """Write the page into `folder`; `InputError` where no folder below it holds a report."""
    entries = [entry for path in sorted(folder.glob("*/manifest.json")) if (entry := _entry(path)) is not None]
    if not entries:
        raise InputError(
            f"{folder}: no folder below it holds a report; make one with coconut figures --out {folder}/NAME."
        )
    titles = [task.title for task in TASKS.values()]
    entries.sort(key=lambda entry: (titles.index(entry.title) if entry.title in titles else len(titles), entry.folder))
    text = TEMPLATES.get_template("overview.html.j2").render(entries=entries)
    write_atomically(folder / OVERVIEW, text)
    return folder / OVERVIEW


def _entry(path: Path) -> Entry | None:
    """What a manifest says; None for one that is not of a report."""
    try:
        manifest = json.loads(path.read_text())
        figures = manifest["figures"]
        models, data = manifest["made_from"]["models"], manifest["made_from"]["data"]
        task = TASKS.get(manifest.get("task"))
        about = f"{', '.join(model['name'] for model in models)} on {data['problems']:,} problems of {data['file']}"
        left_out = tuple((each["title"], each["left_out"]) for each in figures.values() if "left_out" in each)
        made = tuple((name, each["title"]) for name, each in figures.items() if "left_out" not in each)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    title = path.parent.name if task is None else task.title
    return Entry(path.parent.name, title, about, made, left_out, _accuracy(path.parent / "table_1.csv"))


def _accuracy(table: Path) -> tuple[tuple[str, str, str, str], ...]:
    if not table.is_file():
        return ()
    rows = []
    for _, row in pd.read_csv(table).iterrows():
        share = f"{row['accuracy']:.1%} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        paper = f"{row['paper_accuracy']:.1%}" if row["paper_accuracy"] > 0 else ""
        rows.append((row["label"].strip(), share, f"{row['n']:,}", paper))
    return tuple(rows)
