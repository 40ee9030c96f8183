"""A verdict: every instrument on every model, its control and its marks, and the answers that follow (`rules.py`).

Readings and answers are two tables. Every number of an answer's sentence stands in the row of the reading that it
names, so that both can be computed again from the tables alone. Known models stand beside the others with the readings
of the exam, which are of its problems.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import framed
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.exam.frontiers import branches
from analyses.exam.instruments import INSTRUMENTS, Instrument
from analyses.exam.reading import OPEN, Reading
from analyses.readings.intervals import bootstrap_mean, wilson
from analyses.readings.study import Study
from analyses.verdict.rules import ASKED, NO_THOUGHTS, RULES_OF_THUMB, answer_of, questions_of, votes
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.known.algorithms import KNOWN
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of

AMOUNTS = ("accuracy", "accuracy_alone", "branches")
"""Numbers beside the readings, which answer no question: right answers after all thoughts and after none, and the
effective number of branches that the value finds where the frontier holds most of the mass."""
TEXTS = ["title", "said", "control", "left_out"]
COLOURS = {"yes": "#b9d5ea", "no": "#f3b79a", OPEN: "#f2e3b3", NO_THOUGHTS: "#eceff3"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Readings and the answers that follow from them."""

    readings: pd.DataFrame
    """One row a model and instrument or amount: role (model, control or known), question, title, n, found, share and
    its interval, the interval that is judged and its threshold, what is said, the control's share, the marks on known
    models, and whether the instrument votes; or why it was left out."""
    answers: pd.DataFrame
    """One row a model and question: the answer, its sentence, and the instrument whose number stands in it."""

    def frame(self) -> pd.DataFrame:
        """The answers, each with the number of the instrument that it names."""
        numbers = ["model", "instrument", "share", "low", "high", "n", "control_share", "marks"]
        return self.answers.merge(self.readings[numbers], how="left", on=["model", "instrument"])

    def figure(self) -> go.Figure:
        """A cell a question and model: the answer, and the share that it rests on."""
        table = self.frame()
        models = list(dict.fromkeys(table["model"]))
        cells = {(row.question, row.model): row for row in table.itertuples()}

        def each_cell(shown: Callable[[Any], Any]) -> list[list[Any]]:
            return [[shown(cells[question, model]) for model in models] for question in ASKED]

        figure = go.Figure(
            go.Heatmap(
                z=each_cell(lambda cell: list(COLOURS).index(cell.answer if cell.answer in COLOURS else _colour(cell))),
                x=[f"<b>{for_plotly(model).replace('_', '_<br>', 2)}</b>" for model in models],
                y=list(ASKED.values()),
                text=each_cell(lambda cell: _in_cell(cell.answer, cell.share)),
                customdata=each_cell(lambda cell: for_plotly(cell.sentence)),
                texttemplate="%{text}",
                textfont={"size": 11, "color": LIGHT.ink},
                hovertemplate="%{customdata}<extra></extra>",
                colorscale=[[at / (len(COLOURS) - 1), colour] for at, colour in enumerate(COLOURS.values())],
                zmin=0,
                zmax=len(COLOURS) - 1,
                showscale=False,
                xgap=4,
                ygap=4,
            )
        )
        framed(
            figure,
            "The verdict",
            "what those instruments say that are right on every known model; in brackets the share that it rests on",
            height=190 + 50 * len(ASKED),
            left=290,
            right=20,
            bottom=20,
        )
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", showline=False)
        figure.update_xaxes(side="top", showgrid=False, ticks="", showline=False, tickangle=0, tickfont={"size": 11})
        figure.update_layout(margin={"t": 150})
        return figure

    def caption(self) -> str:
        """Every answer of the first model."""
        first = self.answers["model"].iloc[0]
        return f"{first}: {' '.join(self.answers[self.answers['model'] == first]['sentence'])}"


def judge(
    models: Sequence[tuple[str, Checkpoint]],
    problems: Sequence[Problem],
    exam: pd.DataFrame,
    *,
    controls: Sequence[tuple[str, Checkpoint]] = (),
    kept: Mapping[tuple[str, str], Row] | None = None,
    keep: Callable[[Row], None] = lambda row: None,
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Verdict:
    """Every instrument on `models` and `controls`; `exam` is the table of `exam.py`, whose known models stand beside.

    `kept` holds rows of an earlier run by model and instrument, which are taken as they are; `keep` is called with each
    new row. `progress` is called with what is being read and the share that is done. `InputError` for problems without
    graphs, or a model that is named like a known one.
    """
    task_of(problems).require_graph("A verdict")
    everything = [*models, *controls]
    known = [name for name in dict.fromkeys(exam["model"]) if name in KNOWN]
    if twice := [name for name, _ in everything if name in known]:
        raise InputError(f"{twice[0]}: stands in every verdict as a known model; leave it out, or rename the folder.")
    marks = marks_of(exam)
    rows, done, whole = [], 0, len(everything) * (len(INSTRUMENTS) + len(AMOUNTS))
    for at, (name, checkpoint) in enumerate(everything):
        study = Study([(name, checkpoint)], problems)
        role = "model" if at < len(models) else "control"
        for what in (*INSTRUMENTS, *AMOUNTS):
            instrument = what if isinstance(what, str) else what.name
            progress(f"{instrument} of {name}", done / whole)
            row = (kept or {}).get((name, instrument))
            if row is None:
                row = _amount(study, what) if isinstance(what, str) else _reading(study, what)
                row = {"model": name, **row}
                keep(row)
            rows.append({**row, "role": role})
            done += 1
    rows += [{**row, "role": "known"} for row in _of_exam(exam, known)]
    for row in rows:
        own = marks.get(row["instrument"], {})
        row["marks"] = f"{list(own.values()).count('right')} of {len(own)}" if own else ""
        row["votes"] = votes(own)
    readings = pd.DataFrame(rows)
    readings[TEXTS] = readings[TEXTS].fillna("")
    return Verdict(readings, pd.DataFrame(_answers(readings.to_dict("records"))))


def marks_of(exam: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The marks of every instrument in the table of the exam, by known model."""
    marked = exam[exam["model"].isin(list(KNOWN))]
    return {name: dict(zip(own["model"], own["mark"], strict=True)) for name, own in marked.groupby("instrument")}


def _answers(rows: Sequence[Row]) -> list[Row]:
    answers = []
    for model in dict.fromkeys(row["model"] for row in rows):
        for question, asked in ASKED.items():
            own = [row for row in rows if row["model"] == model and row["question"] in questions_of(question)]
            found = answer_of(question, own)
            answers.append(
                {"model": model, "role": own[0]["role"], "question": question, "asked": asked, **vars(found)}
            )
    return answers


def _reading(study: Study, instrument: Instrument) -> Row:
    about = {"question": instrument.question, "instrument": instrument.name, "title": instrument.title}
    left_out = "" if study.model.method.has_slots or instrument.question in RULES_OF_THUMB else NO_THOUGHTS
    if not left_out:
        try:
            control = _control_of(instrument.read_control(study), instrument.beside)
            return {**about, **_numbers(instrument.read(study)), **control, "left_out": ""}
        except InputError as error:
            left_out = str(error)
    return {**about, **_numbers(None), **_control_of(None, ""), "left_out": left_out}


def _numbers(reading: Reading | None) -> Row:
    if reading is None:
        numbers = ("found", "share", "low", "high", "judged_low", "judged_high", "threshold")
        return {"n": 0, **dict.fromkeys(numbers, np.nan), "said": ""}
    (low, high), (judged_low, judged_high) = reading.interval, reading.judged
    numbers = {"n": reading.n, "found": reading.found, "share": reading.share, "low": low, "high": high}
    judged = {"judged_low": judged_low, "judged_high": judged_high, "threshold": reading.threshold}
    return {**numbers, **judged, "said": reading.said}


def _control_of(reading: Reading | None, beside: str) -> Row:
    if reading is None:
        return {"control": "", "control_found": np.nan, "control_n": np.nan, "control_share": np.nan}
    found = {"control_found": reading.found, "control_n": reading.n, "control_share": reading.share}
    return {"control": beside, **found}


def _amount(study: Study, name: str) -> Row:
    """One of `AMOUNTS`, as a row of readings that says nothing."""
    about = {"question": "", "instrument": name}
    if name == "branches":
        if not study.model.method.has_slots:
            return {**about, "title": "effective number of branches", **_numbers(None), "left_out": NO_THOUGHTS}
        found = branches(study)
        found = found[~np.isnan(found)]
        low, high = bootstrap_mean(found)
        mean = float(found.mean()) if len(found) else np.nan
        numbers = {"n": len(found), "share": mean, "low": low, "high": high, "left_out": ""}
        return {**about, "title": "effective number of branches", **numbers}
    right = study.all_answers(study.model).correct[:, -1 if name == "accuracy" else 0]
    low, high = wilson(int(right.sum()), len(right))
    numbers = {"n": len(right), "found": int(right.sum()), "share": float(right.mean()), "low": low, "high": high}
    return {**about, "title": "right after all thoughts" if name == "accuracy" else "right at k = 0", **numbers}


def _of_exam(exam: pd.DataFrame, known: Sequence[str]) -> list[Row]:
    """The exam's readings of known models, which have a control where their reading has to exceed it."""
    rows, instruments = [], {each.name: each for each in INSTRUMENTS}
    for row in exam[exam["model"].isin(known)].to_dict("records"):
        instrument = instruments.get(row["instrument"])
        if instrument is not None:
            beyond = Reading(int(row["control_found"]), int(row["control_n"])) if instrument.is_beyond else None
            reading = Reading(int(row["found"]), int(row["n"]), instrument.threshold, beyond)
            about = {"model": row["model"], "question": instrument.question, "instrument": instrument.name}
            control = _control_of(beyond, instrument.beside)
            rows.append({**about, "title": instrument.title, **_numbers(reading), **control, "left_out": ""})
    return rows


def _colour(cell: Any) -> str:
    return "no" if cell.answer == "none" else "yes"


def _in_cell(answer: str, share: float) -> str:
    """An answer in short lines with its number."""
    words = (
        answer.replace("the candidate ", "").replace(" and ", ",<br>").replace("cannot be told", "cannot<br>be told")
    )
    return words if pd.isna(share) else f"{words} ({share:.0%})"
