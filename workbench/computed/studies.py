"""Populations on a page: studies made of chosen folders and problems, kept while nothing of them changes."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from analyses.figures.problem_map import IN_THE_END
from coconut_core.errors import InputError
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import ProblemSet
from workbench.computed.readings import IMPORTING, loaded

if TYPE_CHECKING:
    from analyses.figures.method_table import MethodTable
    from analyses.readings.study import Memory, Study

_KEPT = "populations"
MOST_KEPT = 3
"""Populations that a session keeps, so that all figures made of one can be downloaded together."""
MOST_READINGS = 96
"""Readings and results that the server keeps for all sessions."""


@dataclass(frozen=True)
class Population:
    """Chosen problems and models, and what has been computed of them."""

    study: "Study"
    problems: ProblemSet
    numbers: tuple[int, ...]
    """Of the problems in their set."""
    key: Hashable
    """Equal for equal files and problems."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Results that this session asked for, by figure."""

    def figure(self, name: str) -> Any:
        """The result of one figure; computed once for all sessions."""
        self.figures[name] = _memory()((self.key, name), lambda: _figures()[name].compute(self.study))
        return self.figures[name]

    def table(self) -> pd.DataFrame:
        """One row a problem: what it is, whether the model is right by k and in the end, and the candidate mass."""
        model = self.study.model
        told, last, masses = self.study.answers(model), self.study.final_answers(model), self.study.values(model).masses
        table = self.problems.table.iloc[list(self.numbers)].reset_index(drop=True)
        for at, k in enumerate(told.ks):
            table[f"right, k = {k}"] = told.correct[:, at]
        table[IN_THE_END] = last.correct[:, 0]
        for k in (1, 2):
            table[f"candidate mass, k = {k}"] = masses.candidate[:, masses.ks.index(k)]
        return table


def population_of(
    folders: Sequence[ModelFolder], problems: ProblemSet, numbers: tuple[int, ...], report: Callable[[str, float], None]
) -> Population:
    """The models in `folders`, the first under study, on the problems of these numbers.

    Readings are shared with all sessions while files and problems are the same; `report` hears what is being computed
    and how much of it is done. A widget that is used meanwhile ends the computation there.
    """
    models = [(folder.name, loaded(folder)) for folder in folders]
    with IMPORTING:
        from analyses.readings.study import Memory, Study

    asked = f"{problems.sha256} {numbers}"
    files = {folder.name: folder.fingerprint for folder in folders}
    key = (asked, tuple(files.items()))
    kept = st.session_state.setdefault(_KEPT, {})
    population = kept.pop(key, None)
    if population is None:
        own = Memory()

        def remember(reading: tuple[str, str], compute: Callable[[], Any]) -> Any:
            what, name = reading
            # The untrained model has the shape of the first one, and only that.
            everywhere = (asked, what, name, files.get(name, folders[0].fingerprint))
            return own(reading, lambda: _memory()(everywhere, compute))

        study = Study(models, [problems.problems[number] for number in numbers], remember=remember)
        population = Population(study, problems, numbers, key)
    kept[key] = population  # the latest last
    while len(kept) > MOST_KEPT:
        kept.pop(next(iter(kept)))
    population.study.report = report
    return population


@st.cache_resource(show_spinner=False)
def _memory() -> "Memory":
    with IMPORTING:
        from analyses.readings.study import Memory

    return Memory(MOST_READINGS)


def table_1(
    folders: Sequence[ModelFolder], problems: ProblemSet, most: int, report: Callable[[str, float], None]
) -> tuple["MethodTable", list[str]]:
    """The paper's Table 1 of the models in `folders`, the first of which the others are compared with, on the first
    `most` problems; and what is wrong with the models that cannot be asked, which it leaves out.

    What a model answers is kept for all sessions while its files and the problems are the same; `report` hears what is
    being computed and how much of it is done. `InputError` if no model can be asked.
    """
    with IMPORTING:
        from analyses.figures.graph_statistics import world_of
        from analyses.figures.method_table import MethodTable, answered, controls

    asked, entries, faults, first = problems.problems[:most], [], [], None
    world = world_of(asked)
    for index, folder in enumerate(folders):
        told = partial(_share, report, f"answers of {folder.name}", index, len(folders) + 1, len(asked))
        try:
            compute = partial(answered, folder.name, loaded(folder), asked, told)
            entries += _memory()(("table 1", problems.sha256, most, folder.name, folder.fingerprint), compute)
        except InputError as error:
            faults.append(str(error))
        else:
            first = first or folder
    if first is None:
        raise InputError(" ".join(faults))
    told = partial(_share, report, "answers of the controls", len(folders), len(folders) + 1, len(asked))
    compute = partial(controls, loaded(first), asked, told)
    entries += _memory()(("controls of table 1", problems.sha256, most, first.fingerprint), compute)
    return MethodTable(tuple(entries), world), faults


def _share(report: Callable[[str, float], None], what: str, index: int, of: int, problems: int, done: int) -> None:
    """Tell how much of all is done where the model of this index has answered `done` of the problems."""
    report(what, (index + done / problems) / of)


def figure_titles(names: Sequence[str]) -> dict[str, str]:
    """Titles of figures of the report, by name."""
    return {name: _figures()[name].title for name in names}


def figure_definition(name: str) -> str:
    return _figures()[name].definition


def _figures() -> dict[str, Any]:
    with IMPORTING:
        from analyses.report.report import FIGURES

    return {figure.name: figure for figure in FIGURES}
