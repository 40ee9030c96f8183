"""What all pages share: the chosen model and problem, and the link that brings them back.

Every choice is a widget whose key stands in the address bar (`bind="query-params"`), so a link reproduces a view.
"""

import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import streamlit as st

from analyses.drawing.escaping import for_markdown
from analyses.drawing.palette import darkened
from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from workbench.choices.model_shelf import ModelFolder, absent_folder, model_folder, model_folders
from workbench.computed.readings import Readings, readings_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

NOTHING = "nothing"
_ADDED = "added folders"
UNTRAINED = "untrained"
"""Name of the control with random weights, which no folder can have."""


@dataclass(frozen=True)
class Selection:
    """What was chosen in the sidebar, or what to do where nothing could be."""

    model: ModelFolder | None
    problem: ProsqaProblem | None
    label: str
    """The problem's name in files that are downloaded."""
    fault: str | None = None
    """One sentence about bad input, with the remedy."""
    hint: str | None = None
    """What to do next, where nothing is wrong but nothing is chosen."""


def artifacts() -> Path:
    """Bundled models and problems; COCONUT_ARTIFACTS names another folder."""
    return Path(os.environ.get("COCONUT_ARTIFACTS", Path(__file__).parents[2] / "artifacts"))


def shelf() -> tuple[ModelFolder, ...]:
    """The model folders that there are: those of the project, usable ones first, then those added in this session."""
    added = tuple(model_folder(path) for path in st.session_state.get(_ADDED, ()))
    return (*model_folders(artifacts() / "models"), *added)


def add_folder(path: Path) -> ModelFolder:
    """Offer a model's folder on every page, for as long as the session lasts; `InputError` if it cannot be used."""
    try:
        folder = model_folder(path.expanduser().resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{str(path)[:200]}: is no folder that can be read; give the path of a model's folder."
        ) from error
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
        f"configs/prosqa_laptop.yaml --set save_path={artifacts() / 'models'}) or copy a checkpoint "
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
    """What was chosen in the sidebar of this run."""
    return st.session_state["selection"]


def selection_or_stop() -> Selection:
    """The chosen model and problem; where one is missing, say why and what to do, and end the page there."""
    chosen = selection()
    _stop_at(chosen.fault, chosen.hint)
    if chosen.problem is None:
        st.stop()
    return chosen


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


def readings_or_stop(chosen: Selection, most: int) -> Readings:
    """Values and answers of the chosen problem for k = 0..`most`; bad input ends the page with one sentence."""
    assert chosen.model is not None and chosen.problem is not None
    try:
        return readings_of(chosen.model, chosen.problem, most)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        st.stop()


def reset_with(owner: str, key: str, value: Any) -> None:
    """Give a widget, before it is drawn, this value where another `owner`, a problem or a set, was chosen since."""
    kept = f"{key} of"
    if st.session_state.get(kept, owner) != owner:
        st.session_state[key] = value
    st.session_state[kept] = owner


def at_most(key: str, most: int) -> None:
    """Before a slider is drawn that ends at `most`: what was chosen on another page, or of another model, stays.

    To Streamlit a slider with another end is another one, which begins anew.
    """
    kept = f"{key} ends at"
    if key in st.session_state and (st.session_state[key] > most or st.session_state.get(kept, most) != most):
        st.session_state[key] = min(st.session_state[key], most)
    st.session_state[kept] = most


def dark() -> bool:
    """Whether the page is shown in a dark theme."""
    return st.context.theme.type == "dark"


def working(what: str, stop: Callable[[], None]) -> tuple[Any, Callable[[str, float], None]]:
    """A bar with a button that ends the work: what to empty once it is done, and what hears how much of it is."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, for_markdown(what))
        st.button("Stop", on_click=stop, icon=":material/stop:")
    return place, lambda what, share: bar.progress(share, for_markdown(what))


def show_figure(figure: "go.Figure", key: str, alt: str, **look: Any) -> Any:
    """A figure of an analysis in the page's theme; downloads keep the original, for white paper."""
    return show_drawn(darkened(figure) if dark() else deepcopy(figure), key, alt, **look)


def show_drawn(figure: "go.Figure", key: str, alt: str, **look: Any) -> Any:
    """A figure made for this page alone, in its colours; it is drawn once.

    Streamlit hands every figure to the browser's plotly twice. The second time costs as much as the first unless the
    figure tells a revision of its data, here a hash of it; has no template, which plotly takes for another each time;
    and answers to clicks from the first.
    """
    figure.layout.template = None
    if look.get("selection_mode") == "points":
        figure.layout.update(clickmode="event+select", dragmode="pan")
    figure.layout.datarevision = crc32(figure.to_json().encode())
    return st.plotly_chart(figure, theme=None, key=key, alt=alt, **look)
