"""Populations on a page: studies of chosen models and problems. The server keeps what they read, by content."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from analyses.figures.problem_map import IN_THE_END
from coconut_core.errors import InputError
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import ProblemSet
from workbench.computed.readings import loaded
from workbench.computed.share_done import ShareDone
from workbench.computed.warm_up import IMPORTING, warm_up

if TYPE_CHECKING:
    from analyses.figures.method_table import MethodTable
    from analyses.figures.registry import Figure
    from analyses.readings.study import Cache, Study

Progress = Callable[[str, float], None]
"""Is called with what is being computed, and how much of it is done, 0 to 1."""
_POPULATIONS = "populations"
KEPT_POPULATIONS = 3
"""Populations that a session comes back to with the figures that it has asked for, to download them together."""
KEPT_READINGS = 96
"""Readings and results that the server keeps for all sessions."""
OWN_WORK = {True: 1.0, False: 20.0}
"""About how long a figure takes besides its answers and values, in times of the values, and one without any."""
LIST = ("answers", "last answers", "values")
"""What the table of problems asks for, of the model alone."""


@dataclass(frozen=True)
class Population:
    """Chosen models and problems, and which figures a session has asked for."""

    study: "Study"
    problems: ProblemSet
    numbers: tuple[int, ...]
    """Of the problems in their set."""
    key: tuple[str, tuple[tuple[str, str], ...], bool]
    """Problems, files of the models, and whether an untrained one is among them."""
    asked: list[str] = field(default_factory=list)
    """Names of the figures, in the order in which they were first asked for."""

    def expect(self, done: ShareDone, name: str | None) -> None:
        """Count on what a figure and the table of problems have to compute, or, without a name, last answers alone."""
        study, (chosen, files, _) = self.study, self.key
        work = study.work(LIST if name else LIST[1:2], study.subjects[:1])
        read = _figures()[name].readings if name else ()
        work |= study.work(read, study.subjects)
        work = {
            f"{what} of {subject}": weight
            for (what, subject), weight in work.items()
            if _reading_key(chosen, what, subject, dict(files)) not in _cache()
        }
        own = 0.0 if not name or (self.key, name) in _cache() else OWN_WORK[bool({*read} & {"answers", "values"})]
        done.expect(work, own)

    def figure(self, name: str) -> Any:
        """The result of one figure."""
        found = _cache()((self.key, name), lambda: _figures()[name].compute(self.study))
        if name not in self.asked:
            self.asked.append(name)
        return found

    def figures(self) -> dict[str, Any]:
        """The results of all figures that were asked for, by name."""
        return {name: self.figure(name) for name in self.asked}

    def table(self) -> pd.DataFrame:
        """One row a problem: what it is, whether the model is right by k and in the end, and the candidate mass."""
        study, model = self.study, self.study.model
        answers, last, masses = study.answers(model), study.final_answers(model), study.values(model).masses
        table = self.problems.table.iloc[list(self.numbers)].reset_index(drop=True)
        for at, k in enumerate(answers.ks):
            table[f"right, k = {k}"] = answers.correct[:, at]
        table[IN_THE_END] = last.correct[:, 0]
        for k in (1, 2):
            table[f"candidate mass, k = {k}"] = masses.candidate[:, masses.ks.index(k)]
        return table


def population_of(
    folders: Sequence[ModelFolder],
    problems: ProblemSet,
    numbers: tuple[int, ...],
    progress: Progress,
    *,
    with_untrained: bool = True,
    figure: str | None = None,
    done: ShareDone | None = None,
) -> Population:
    """The models in `folders`, the first under study, on the problems of these numbers.

    `progress` hears of one share for all that `figure` has to compute; `done` is that of what went before.

    Sessions share what is read while files and problems are the same. A widget that is used while something is being
    computed ends the computation at the next call of `progress`.
    """
    models = [(folder.name, loaded(folder)) for folder in folders]
    chosen = f"{problems.sha256} {numbers}"
    files = {folder.name: folder.fingerprint for folder in folders}
    key = (chosen, tuple(files.items()), with_untrained)
    kept: list[Population] = st.session_state.setdefault(_POPULATIONS, [])
    population = next((each for each in kept if each.key == key), None)
    if population is None:
        with IMPORTING:
            from analyses.readings.study import Study

        def cache(reading: tuple[str, str], compute: Callable[[], Any]) -> Any:
            return _cache()(_reading_key(chosen, *reading, files), compute)

        asked = [problems.problems[number] for number in numbers]
        study = Study(models, asked, cache=cache, with_untrained=with_untrained)
        population = Population(study, problems, numbers, key)
    st.session_state[_POPULATIONS] = [*(each for each in kept if each is not population), population][
        -KEPT_POPULATIONS:
    ]
    share = done or ShareDone()
    population.expect(share, figure)
    population.study.progress = lambda what, part: progress(what, share.after(what, part))
    return population


def _reading_key(chosen: str, what: str, name: str, files: Mapping[str, str]) -> Hashable:
    """What a reading is kept by. The untrained model has the shape of the first one, and nothing else of the others."""
    return (chosen, what, name, files.get(name, next(iter(files.values()))))


def table_of_runs(
    folders: Sequence[ModelFolder], problems: ProblemSet, count: int, progress: Progress
) -> tuple["MethodTable", list[str]]:
    """The paper's Table 1 of the models in `folders`, on the first `count` problems, and what is wrong with the models
    that it leaves out because they cannot answer. The others are compared with the first.

    Sessions share what a model answers while its files and the problems are the same. `InputError` if no model can
    answer.
    """
    warm_up()
    with IMPORTING:
        from analyses.figures.method_table import answered, controls, table_of

    asked, entries, faults, first = problems.problems[:count], [], [], None
    parts = len(folders) + 1
    for index, folder in enumerate(folders):
        done = partial(_advance, progress, f"answers of {folder.name}", index, parts, len(asked))
        try:
            compute = partial(answered, folder.name, loaded(folder), asked, done)
            entries += _cache()(("table 1", problems.sha256, count, folder.name, folder.fingerprint), compute)
        except InputError as error:
            faults.append(str(error))
        else:
            first = first or folder
    if first is None:
        raise InputError(" ".join(faults))
    done = partial(_advance, progress, "answers of the controls", len(folders), parts, len(asked))
    compute = partial(controls, loaded(first), asked, done)
    entries += _cache()(("controls of table 1", problems.sha256, count, first.fingerprint), compute)
    return table_of(entries, asked), faults


def figure_titles() -> dict[str, str]:
    """Titles of the figures and tables of the report, by name."""
    return {name: figure.title for name, figure in _figures().items()}


def asks_for_answers(name: str) -> bool:
    """Whether a figure needs the answers of all models, which an untrained one is slow to give."""
    return any("answers" in reading for reading in _figures()[name].readings)


def figure_definition(name: str) -> str:
    """What a figure of the report shows, and how it is computed."""
    return _figures()[name].definition


@st.cache_resource(show_spinner=False)
def _cache() -> "Cache":
    """What was read and computed of models and sets of problems, for all sessions; what was used longest ago goes."""
    with IMPORTING:
        from analyses.readings.study import Cache

    return Cache(KEPT_READINGS)


def _advance(progress: Progress, what: str, part: int, parts: int, problems: int, done: int) -> None:
    """Report how much of all parts is done when this one has `done` of its problems behind it."""
    progress(what, (part + done / problems) / parts)


def _figures() -> dict[str, "Figure"]:
    warm_up()
    with IMPORTING:
        from analyses.figures.registry import FIGURES

    return {figure.name: figure for figure in FIGURES}
