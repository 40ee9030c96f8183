"""The line at the top of pages: a model, a problem from a set, drawn at random or pasted, a model to compare with.

A file that is uploaded becomes a set of problems, which a link can name.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analyses.drawing.escaping import for_markdown
from coconut_core.bundled import artifacts
from coconut_core.errors import InputError
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import DEFAULT, TASKS
from coconut_core.problems.task import Task
from coconut_core.training.fields import world_of_training
from workbench.choices.links import is_said, take_from_link
from workbench.choices.model_shelf import ModelFolder, absent_folder
from workbench.choices.problem_sets import (
    LARGEST_SEED,
    is_upload,
    lost_upload,
    problem_set,
    problem_sets,
    sets_of_link,
    upload_set,
)
from workbench.choices.problem_sources import (
    LONGEST_TEXT,
    UPLOAD_MEGABYTES,
    drawable,
    index_of_good_example,
    pasted_problem,
)
from workbench.choices.selection import Selection, choose_other, no_models, reset_with, shelf, usable_models

_FAULT = "fault of the upload"
SET_KEYS = ("set", "population", "browse", "asked")
"""Widgets that choose a set of problems, on one page or another."""
PARTS = ("model", "problem", "second", "upload")
SOURCES = {"set": "from a set", "random": "random", "text": "pasted text"}


def draw(parts: Collection[str]) -> DeltaGenerator:
    """Draw the line with those of `PARTS` that the page needs; pages take what was chosen from `selection`.

    Returns the line, which has room for more.
    """
    asked = {key: st.query_params[key] for key in SET_KEYS if key in st.query_params}
    sets_of_link(asked.values())
    if lost := lost_upload():
        is_said(key for key, name in asked.items() if name == lost)
        st.warning(for_markdown(f"“{lost}” is no longer here: upload the file again."), icon=":material/warning:")
    model, problem, second = None, None, None
    label, fault, hint = "", None, None
    folders = shelf()
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    with line:
        if "model" in parts and folders:
            model = _choose_model(folders)
        if "problem" in parts:
            problem, label, fault, hint = _choose_problem(model)
        if "upload" in parts:
            with st.popover("Upload problems", icon=":material/upload:"):
                _upload()
        if "second" in parts and model:
            others = [folder for folder in usable_models() if folder != model]
            with st.container(width=200):
                second = choose_other("Compare with", "second", others) if others else None
    if model is None:
        fault, hint = None, no_models()
    elif model.fault:
        fault = model.fault
    st.session_state["selection"] = Selection(model, problem, label, fault, hint, second)
    return line


def _choose_model(folders: Sequence[ModelFolder]) -> ModelFolder | None:
    named = {folder.name: folder for folder in folders}
    # A folder that a link names, or that was chosen, and that is gone stays chosen: no other takes its place unasked.
    asked = str(st.session_state.get("model", st.query_params.get("model", folders[0].name)))[:100]
    if asked not in named:
        named[asked] = absent_folder(asked)
    faults = [folder.fault for folder in named.values() if folder.fault]
    left_out = "  \n".join(["These folders cannot be used:", *map(for_markdown, faults)]) if faults else None
    name = st.selectbox("Model", list(named), key="model", bind="query-params", width=200, help=left_out)
    return named.get(name)


def _choose_problem(model: ModelFolder | None) -> tuple[Problem | None, str, str | None, str | None]:
    """(problem, label, fault, hint) from the way that is chosen."""
    place = st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content")
    ways: dict[str, Callable] = {"random": _choose_random, "text": _paste}
    with st.popover("Problems", icon=":material/quiz:"):
        source = st.radio("Problem", list(SOURCES), format_func=SOURCES.get, key="source", bind="query-params")
        more = st.container()
    try:
        return ways.get(source, _choose_from_set)(model, place, more)
    except InputError as error:
        return None, "", str(error), None
    finally:
        place.button(
            "Random", key="any", on_click=_reseed, icon=":material/casino:", help="A fresh problem, drawn at random."
        )


def _choose_from_set(model: ModelFolder | None, place: DeltaGenerator, more: DeltaGenerator):
    sets = problem_sets()
    with more:
        if not sets:
            _upload()
            folder = artifacts() / "problems"
            hint = f"There are no problems in {folder}. Draw a random one, paste a question or upload a file."
            return None, "", None, hint
        if not is_upload(st.query_params.get("set", "")):  # one that is gone has been told of
            usual = _usual_set(sets, _task_of(model))
            reset_with(_task_of(model).name, "set", usual)
            take_from_link("set", {each: each for each in sets}, usual)
        else:
            usual = sets[0]
        name = st.selectbox("Set", sets, sets.index(usual), key="set", bind="query-params")
        _upload()
    chosen = problem_set(name)
    first, choices = index_of_good_example(chosen.problems), list(chosen.labelled)
    take_from_link("problem", {str(number): label for number, label in enumerate(choices)}, choices[first])
    with place:
        st.button(
            "",
            key="previous",
            icon=":material/chevron_left:",
            help="Previous problem",
            on_click=_step,
            args=(choices, -1),
        )
        label = st.selectbox("Question", choices, index=first, key="problem", bind="query-params", width=300)
        st.button(
            "", key="next", icon=":material/chevron_right:", help="Next problem", on_click=_step, args=(choices, 1)
        )
    return drawable(chosen.labelled[label]), f"{name} {label.split()[0]}", None, None


def _usual_set(sets: Sequence[str], task: Task) -> str:
    """The first set that asks what a model of this task was trained to answer; the first of all where there is none."""
    for name in sets:
        with suppress(InputError):  # what is wrong with a file is said once it is chosen
            if problem_set(name).task is task:
                return name
    return sets[0]


def _step(choices: Sequence[str], by: int) -> None:
    """Choose the problem `by` places further on in its set, round and round."""
    at = choices.index(st.session_state["problem"])
    st.session_state["problem"] = choices[(at + by) % len(choices)]


def _choose_random(model: ModelFolder | None, place: DeltaGenerator, more: DeltaGenerator):
    """A fresh problem of the kind that the model was trained on last."""
    seed = place.number_input(
        "Seed", min_value=0, max_value=LARGEST_SEED, value=0, step=1, key="seed", bind="query-params", width=180
    )
    task = _task_of(model)
    settings, world = world_of_training(task, model.card() if model else {})
    more.caption(for_markdown(f"Drawn {world}. The seed stands in the link."))
    return task.sample(settings, 1, int(seed))[0], f"random {seed}", None, None


def _task_of(model: ModelFolder | None) -> Task:
    return model.task if model else TASKS[DEFAULT]


def _reseed() -> None:
    st.session_state["source"] = "random"
    st.session_state["seed"] = int(np.random.default_rng().integers(LARGEST_SEED + 1))


def _paste(model: ModelFolder | None, place: DeltaGenerator, more: DeltaGenerator):
    task = _task_of(model)
    example = task.example or TASKS[DEFAULT].example
    text = more.text_area(
        "Question, or one JSON record",
        key="text",
        bind="query-params",
        height=220,
        max_chars=LONGEST_TEXT,
        placeholder=example,
        help="In the words of the model's task; the graph is read from the text. Ctrl+Enter applies it.",
    )
    if not (text or "").strip():
        hint = f"Paste a question under “Problems”, worded like this one: {example}"
        return None, "", None, hint
    return pasted_problem(text, task), "pasted", None, None


def _upload() -> None:
    st.file_uploader(
        "Upload problems: JSON in the official format",
        type=["json"],
        max_upload_size=UPLOAD_MEGABYTES,
        key="upload",
        on_change=_take_upload,
        help="A problem, or a list of them, with the fields of a task's official files: question, steps and "
        "answer, and those that describe the graph where there is one.",
    )
    if fault := st.session_state.get(_FAULT):
        st.error(for_markdown(fault), icon=":material/error:")


def _take_upload() -> None:
    """Choose what was uploaded wherever this page chooses a set, or keep what is wrong with it until it is shown."""
    file = st.session_state["upload"]
    st.session_state[_FAULT] = None
    if file is None:
        return
    try:
        name = upload_set(file.name, file.getvalue())
    except InputError as error:
        st.session_state[_FAULT] = str(error)
        return
    st.session_state.update({key: name for key in SET_KEYS if key in st.session_state} | {"set": name})
