"""Marks of the instruments: what each says of the known models, what is true, and, beside them, of trained ones.

An instrument is right where it says what is true of a known model, wrong where it says the contrary, and open where it
says that it cannot be told. Of a trained model nobody knows what is true: how far to believe an
instrument there, its marks in the same row say.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import framed
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.exam import thresholds
from analyses.exam.instruments import INSTRUMENTS, QUESTIONS, Instrument
from analyses.exam.reading import OPEN, Reading
from analyses.readings.study import Study
from coconut_core.checkpoints import Checkpoint
from coconut_core.known.algorithms import KNOWN
from coconut_core.problems.problem import Problem

MARKS = {"right": "✓", "wrong": "✗", "open": "?", "": ""}
SHORT = {OPEN: "open"}
COLOURS = {"wrong": "#f3b79a", "open": "#f2e3b3", "": "#eceff3", "right": "#b9d5ea"}


@dataclass(frozen=True)
class Exam:
    """Every reading."""

    table: pd.DataFrame
    """One row an instrument and model: question, found, n, share and its interval, what was said, what is true ("" for
    a model whose algorithm is not known) and the mark; and what the control found, where a reading has to exceed it."""

    def frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def figure(self) -> go.Figure:
        """A cell an instrument and model: what was said, the share it found, and the mark."""
        cells = {(row.instrument, row.model): row for row in self.table.itertuples()}
        models = list(dict.fromkeys(self.table["model"]))
        lines: list[tuple[str, Instrument | None]] = []
        for question, title in QUESTIONS.items():
            lines.append((f"<b>{title}</b>", None))
            lines += [(each.title, each) for each in INSTRUMENTS if each.question == question]

        def each_cell(shown: Callable[[Any], Any], empty: Any = "") -> list[list[Any]]:
            """Cells, line by line; nothing on the lines of questions, or where a model was not read."""
            found = [[cells.get((each.name, model)) if each else None for model in models] for _, each in lines]
            return [[empty if cell is None else shown(cell) for cell in row] for row in found]

        figure = go.Figure(
            go.Heatmap(
                z=each_cell(lambda cell: list(COLOURS).index(cell.mark), None),
                x=[_in_lines(model) for model in models],
                y=[title for title, _ in lines],
                text=each_cell(lambda cell: f"{SHORT.get(cell.said, cell.said)} ({cell.share:.0%}) {MARKS[cell.mark]}"),
                texttemplate="%{text}",
                textfont={"size": 12, "color": LIGHT.ink},
                customdata=each_cell(lambda cell: f"{cell.low:.0%} to {cell.high:.0%}, n = {cell.n}"),
                hovertemplate="%{y}, %{x}: %{text}<br>%{customdata}<extra></extra>",
                colorscale=[[at / (len(COLOURS) - 1), colour] for at, colour in enumerate(COLOURS.values())],
                zmin=0,
                zmax=len(COLOURS) - 1,
                showscale=False,
                hoverongaps=False,
                xgap=4,
                ygap=4,
            )
        )
        framed(
            figure,
            "The exam of the instruments",
            f"yes where the interval of the share of problems in brackets lies above {thresholds.LEAST_SHARE:.0%}, no "
            "where below · ✓ true, ✗ false, ? open; unmarked: nobody knows",
            height=160 + 30 * len(lines),
            left=300,
            right=20,
            bottom=20,
        )
        figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", showline=False)
        figure.update_xaxes(side="top", showgrid=False, ticks="", showline=False, tickangle=0, tickfont={"size": 12})
        figure.update_layout(margin={"t": 130})
        return figure

    def caption(self) -> str:
        """How many marks are right, and every one that is not."""
        marked = self.table[self.table["mark"] != ""]
        right = int((marked["mark"] == "right").sum())
        others = [
            f"{row.instrument} on {row.model} said {row.said}, which is {'open' if row.mark == 'open' else 'false'}"
            for row in marked[marked["mark"] != "right"].itertuples()
        ]
        return f"{right} of {len(marked)} marks are right{': but ' if others else ''}{'; '.join(others)}."


def examine(
    models: Sequence[tuple[str, Checkpoint]],
    problems: Sequence[Problem],
    progress: Callable[[str, float], None] = lambda what, share: None,
) -> Exam:
    """Every instrument on every model, a known one by the name of its checkpoint's card.

    `progress` is called with what is being read and the share that is done. `InputError` for a model without slots.
    """
    rows, done = [], 0
    for name, checkpoint in models:
        study = Study([(name, checkpoint)], problems)
        study.with_slots()
        known = checkpoint.card.get("known")
        for instrument in INSTRUMENTS:
            progress(f"{instrument.name} of {name}", done / (len(models) * len(INSTRUMENTS)))
            rows.append(_row(name, instrument, instrument.read(study), truth(instrument, known)))
            done += 1
    return Exam(pd.DataFrame(rows))


def truth(instrument: Instrument, known: str | None) -> str:
    """What is true of a known model, "yes" or "no"; "" of another."""
    if known not in KNOWN:
        return ""
    return "yes" if getattr(KNOWN[known], instrument.question) else "no"


def _in_lines(name: str, longest: int = 14) -> str:
    """A model's name in lines of at most `longest` characters where its underscores allow."""
    lines = [""]
    for part in re.findall("[^_]*_?", for_plotly(name)):
        if lines[-1] and len(lines[-1]) + len(part) > longest:
            lines.append("")
        lines[-1] += part
    return f"<b>{'<br>'.join(lines)}</b>"


def _row(model: str, instrument: Instrument, reading: Reading, true: str) -> dict[str, object]:
    low, high = reading.interval
    found = {"found": reading.found, "n": reading.n, "share": reading.share, "low": low, "high": high}
    mark = "" if not true else "right" if reading.said == true else "open" if reading.said == OPEN else "wrong"
    if (other := reading.beyond) is not None:
        found |= {"control_found": other.found, "control_n": other.n}
    judged = {"said": reading.said, "true": true, "mark": mark}
    return {"instrument": instrument.name, "question": instrument.question, "model": model, **found, **judged}
