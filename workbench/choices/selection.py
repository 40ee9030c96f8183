"""What all pages share: the chosen model and problem, and the link that brings them back.

Every choice is a widget whose key stands in the address bar (`bind="query-params"`), so a link reproduces a view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.bundled import artifacts
from coconut_core.errors import InputError
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import DEFAULT, task_of
from coconut_core.problems.task import Task
from workbench.choices.model_places import offered_places
from workbench.choices.model_shelf import ModelFolder, absent_folder, model_folder, model_folders

NOTHING = "nothing"
UNTRAINED = "untrained"
"""Name of the control with random weights, which no folder can have."""
_ADDED = "added folders"


@dataclass(frozen=True)
class Selection:
    """What was chosen at the top of the page, or what to do where nothing could be."""

    model: ModelFolder | None
    problem: Problem | None
    label: str
    """The problem's name in files that are downloaded."""
    fault: str | None = None
    """One sentence about bad input, with the remedy."""
    hint: str | None = None
    """What to do next, where nothing is wrong but nothing is chosen."""
    second: ModelFolder | None = None
    """The model to compare with."""

    @property
    def task(self) -> Task:
        """The task of the chosen problem."""
        return task_of([self.problem])

    @property
    def usual_opening(self) -> str:
        """Name of what is forced at k = 0 where nothing else is chosen."""
        return next(iter(self.task.openings))


def shelf() -> tuple[ModelFolder, ...]:
    """The model folders that there are: the bundled ones and those that the app was started with, usable ones first and
    of these the usual task's, then those added in this session.

    Of two of one name, the one that the app was started with is there.
    """
    named = {folder.name: folder for folder in model_folders(artifacts() / "models")}
    for place in offered_places():  # which may hold other folders too
        named |= {folder.name: folder for folder in model_folders(place) if (folder.path / "coconut.json").is_file()}
    added = tuple(model_folder(path) for path in st.session_state.get(_ADDED, ()))
    return (*sorted(named.values(), key=lambda each: (each.fault is not None, each.task.name != DEFAULT)), *added)


def usable_models() -> list[ModelFolder]:
    """Those of `shelf` with nothing wrong, as far as can be seen without loading them."""
    return [folder for folder in shelf() if folder.fault is None]


def add_folder(path: Path) -> ModelFolder:
    """Offer a model's folder on every page, for as long as the session lasts; `InputError` if it cannot be used."""
    folder = model_folder(path)
    if folder.fault:
        raise InputError(folder.fault)
    if folder.name in [UNTRAINED, *(other.name for other in shelf())]:
        raise InputError(f"{folder.name}: there is a model of this name already; rename the folder and add it again.")
    st.session_state.setdefault(_ADDED, []).append(folder.path)
    return folder


def no_models() -> str:
    """What to do where there is no model."""
    return (
        f"There is no model in {artifacts() / 'models'}. Train one there (coconut train "
        f"configs/{DEFAULT}_laptop.yaml --set save_path={artifacts() / 'models'}) or copy a checkpoint "
        "folder there, then reload this page."
    )


def choose_other(label: str, key: str, others: Sequence[ModelFolder], first: str = NOTHING) -> ModelFolder | None:
    """One of the models in `others` to stand beside the chosen one, or none; `first` is chosen at first."""
    named = {folder.name: folder for folder in others}
    names = [NOTHING, *named]
    asked = st.session_state.get(key, st.query_params.get(key, NOTHING))
    if asked not in names:
        there = {folder.name: folder for folder in shelf()}
        if fault := there.get(asked, absent_folder(str(asked)[:100])).fault:
            st.warning(for_markdown(fault), icon=":material/warning:")
    return named.get(st.selectbox(label, names, names.index(first), key=key, bind="query-params"))


def selection() -> Selection:
    """What was chosen in this run."""
    return st.session_state["selection"]


def selection_or_stop(drawn: str | None = None) -> Selection:
    """The chosen model and problem; where one is missing, say why and what to do, and end the page there.

    `drawn` names what the page shows if that needs a problem with a graph, which not every task has.
    """
    chosen = selection()
    _stop_at(chosen.fault, chosen.hint)
    if chosen.problem is None:
        st.stop()
    if drawn:
        graph_or_stop(chosen.task, drawn)
    return chosen


def graph_or_stop(task: Task, drawn: str) -> None:
    """End the page with one sentence where the problems of `task` have no graph, which `drawn` needs."""
    try:
        task.require_graph(drawn)
    except InputError as error:
        _stop_at(None, str(error))


def model_or_stop() -> ModelFolder:
    """The chosen model, for pages that ask nothing of the chosen problem; where there is none, the page ends there."""
    model = selection().model
    _stop_at(model.fault if model else None, None if model else no_models())
    assert model is not None
    return model


def _stop_at(fault: str | None, hint: str | None) -> None:
    if fault:
        st.error(for_markdown(fault), icon=":material/error:")
    elif hint:
        st.info(for_markdown(hint), icon=":material/lightbulb:")
    if fault or hint:
        st.stop()


def reset_with(owner: str, key: str, value: Any) -> None:
    """Give a widget, before it is drawn, this value where another `owner`, a problem or a set, was chosen since."""
    kept = f"{key} of"
    if st.session_state.get(kept, owner) != owner:
        st.session_state[key] = value
    st.session_state[kept] = owner
