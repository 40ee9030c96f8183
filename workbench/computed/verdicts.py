"""The verdict on a model, on a page. The server keeps what was read, by the content of model and problems."""

from typing import TYPE_CHECKING

import streamlit as st

from coconut_core.bundled import artifacts
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import ProblemSet
from workbench.computed.readings import loaded
from workbench.computed.studies import Progress
from workbench.computed.warm_up import IMPORTING, warm_up

if TYPE_CHECKING:
    from analyses.exam.exam import Exam
    from analyses.verdict.verdict import Row, Verdict

MOST_KEPT = 64
"""Models and sets whose readings the server keeps."""


def exam() -> "Exam":
    """The marks of the instruments, from the artifacts; `InputError` where they are missing."""
    warm_up()
    with IMPORTING:
        from analyses.exam.exam import Exam
        from analyses.verdict.files import exam_table

    return Exam(exam_table(artifacts() / "exam" / "exam.csv").fillna({"true": "", "mark": ""}))


def definition_of_instruments() -> str:
    """What each of them looks for."""
    with IMPORTING:
        from analyses.exam import instruments

    return instruments.__doc__ or ""


def is_read(folder: ModelFolder, problems: ProblemSet, count: int) -> bool:
    """Whether the verdict on a model and the first `count` problems is there without further work."""
    with IMPORTING:
        from analyses.exam.instruments import INSTRUMENTS
        from analyses.verdict.verdict import AMOUNTS

    return len(_rows(folder, problems, count)) == len(INSTRUMENTS) + len(AMOUNTS)


def verdict(
    folder: ModelFolder, problems: ProblemSet, count: int, marks: "Exam", progress: Progress = lambda what, share: None
) -> "Verdict":
    """What every instrument says of the model, by the marks of the exam; what was read before is taken as it is."""
    with IMPORTING:
        from analyses.verdict.verdict import judge

    rows = _rows(folder, problems, count)

    def keep(row: "Row") -> None:
        rows[row["model"], row["instrument"]] = row

    asked = problems.problems[:count]
    return judge([(folder.name, loaded(folder))], asked, marks.table, kept=rows, keep=keep, progress=progress)


def _rows(folder: ModelFolder, problems: ProblemSet, count: int) -> dict[tuple[str, str], "Row"]:
    """The readings that are kept, by model and instrument: to be added to."""
    kept, key = _kept(), (folder.name, folder.fingerprint, problems.sha256, count)
    if key not in kept and len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
    return kept.setdefault(key, {})


@st.cache_resource(show_spinner=False)
def _kept() -> dict[tuple[str, str, str, int], dict[tuple[str, str], "Row"]]:
    return {}
