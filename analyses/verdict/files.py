"""A verdict as files, and its readings kept from run to run.

`verdict.json` holds every reading with what it was made from: the hash of the model's folder, of the problems, and of
the code. A run reads only what is missing or was made from something else, so that an interrupted run continues where
it stopped.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.report import export
from analyses.report.report import code_of, folder_hash
from analyses.report.result_files import write_result
from analyses.verdict import verdict as verdicts
from analyses.verdict.page import page
from analyses.verdict.verdict import Row, Verdict, judge
from coconut_core.bundled import artifacts, model_folder, problem_file
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.files import sha256, write_atomically
from coconut_core.problems.registry import load_problems, task_of

COLUMNS = {"model", "instrument", "found", "n", "control_found", "control_n", "mark"}
"""What a verdict needs of the exam's table."""


def make_verdict(
    models: Sequence[Path],
    data: Path,
    out: Path | None = None,
    *,
    controls: Sequence[Path] = (),
    first: int | None = None,
    exam: Path | None = None,
    command: str = "",
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Verdict:
    """The verdict on models, folders or bundled names, with its files in the folder `out`; without files if None.

    The problems are the `first` ones of the file or bundled set `data`. `exam` is the table with the marks, the bundled
    one if None. `command` is recorded as it is given. `InputError` names a file that cannot be read.
    """
    marks = exam_table(exam or artifacts() / "exam" / "exam.csv")
    data, models, controls = problem_file(data), [*map(model_folder, models)], [*map(model_folder, controls)]
    problems = load_problems(data)[:first]
    task = task_of(problems)
    loaded, beside = ([(path.name, load_model(path)) for path in paths] for paths in (models, controls))
    shared = {"data": sha256(data), "problems": len(problems), "code": code_of(verdicts.__name__, task)}
    made_from = {path.name: {"model": folder_hash(path), **shared} for path in (*models, *controls)}
    rows = [row for row in (_earlier(out) if out else ()) if row.get("made_from") == made_from.get(row["model"])]
    kept: dict[tuple[str, str], Row] = {
        (row["model"], row["instrument"]): {name: value for name, value in row.items() if name != "made_from"}
        for row in rows
    }

    def keep(row: Row) -> None:
        rows.append({**_there(row), "made_from": made_from[row["model"]]})
        if out is not None:
            _write(out, {"command": command, "readings": rows})

    result = judge(loaded, problems, marks, controls=beside, kept=kept, keep=keep, progress=progress)
    if out is None:
        return result
    about = (
        f"The first {len(problems)} problems of {data.name}, {task.describe(problems)}; of known models, the exam's."
    )
    readings = [
        {**row, "made_from": made_from[row["model"]]} if row["model"] in made_from else row
        for row in _records(result.readings)
    ]
    answers = _records(result.answers)
    _write(out, {"command": command, "problems": about, "answers": answers, "readings": readings})
    write_atomically(out / "readings.csv", export.csv(result.readings))
    write_result(result, out, "verdict")
    write_atomically(out / "index.html", page(result, about, command))
    return result


def exam_table(path: Path) -> pd.DataFrame:
    """The table of the exam; `InputError` where it is missing or is another one."""
    if not path.is_file():
        raise InputError(f"{path}: is missing; make it with `coconut exam`, and name it with --exam.")
    try:
        table = pd.read_csv(path, keep_default_na=True)
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: is not a table that can be read; make it again with `coconut exam`.") from error
    if missing := sorted(COLUMNS - set(table.columns)):
        raise InputError(f"{path}: lacks the column {missing[0]}; make it again with `coconut exam`.")
    return table


def _earlier(out: Path) -> list[dict[str, Any]]:
    """The readings that earlier runs left in `out`; none without a file that can be read."""
    try:
        rows = json.loads((out / "verdict.json").read_text())["readings"]
        return [row for row in rows if {"model", "instrument", "made_from"} <= row.keys()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _write(out: Path, content: dict[str, Any]) -> None:
    write_atomically(out / "verdict.json", json.dumps(content, indent=1) + "\n")


def _records(frame: pd.DataFrame) -> list[Row]:
    return [_there(row) for row in frame.to_dict("records")]


def _there(row: Row) -> Row:
    """A row without the numbers that it has not: JSON knows no NaN."""
    return {name: value for name, value in row.items() if not pd.isna(value)}
