"""What a page shows of a model and a problem, computed once however many sessions ask.

Readings are cached by content: the files of the model's folder and the problem's JSON, so that a retrained model is
seen and a problem is never computed twice.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import task_of
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import problems_hash
from workbench.choices.selection import Selection
from workbench.computed.warm_up import IMPORTING, warm_up

if TYPE_CHECKING:
    from analyses.figures.one_problem.lens import Lens
    from analyses.figures.one_problem.thought_space import ThoughtSpace
    from analyses.readings.problem_readings import ProblemReadings
    from coconut_core.checkpoints import Checkpoint

FEWEST_THOUGHTS = 6
"""Thoughts that every model is asked for, the paper's number, also where it has fewer."""
OTHER_PROBLEMS = 12
"""Problems that the thoughts on one problem are compared with."""
SMALL_MODEL = 50_000_000
"""Bytes of weights below which one thread is as fast as many, and many stall each other on a busy machine."""


def most_thoughts(*folders: ModelFolder) -> int:
    """Thoughts up to which these models are looked at together."""
    return max(FEWEST_THOUGHTS, *(folder.max_thoughts for folder in folders))


def loaded(folder: ModelFolder) -> "Checkpoint":
    """The model of a folder, shared by all sessions; `InputError` if it cannot be loaded."""
    return _checkpoint(str(folder.path), folder.fingerprint)


def readings_of(
    folder: ModelFolder, problem: GraphProblem, thoughts: int, change: str = "none", positions: tuple[int, ...] = ()
) -> "ProblemReadings":
    """Values and answers after 0 to `thoughts` thoughts.

    `change` is one of `changed_thoughts.KINDS`, or "none", and `positions` are the thoughts that it changes (from 1).
    """
    return _readings(str(folder.path), folder.fingerprint, _key(problem), problem, thoughts, change, positions)


def readings_or_stop(chosen: Selection, thoughts: int) -> "ProblemReadings":
    """`readings_of` the chosen problem; bad input ends the page with one sentence."""
    assert chosen.model is not None and isinstance(chosen.problem, GraphProblem)
    try:
        return readings_of(chosen.model, chosen.problem, thoughts)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        st.stop()


def lens_of(folder: ModelFolder, problem: Problem) -> "Lens":
    """The problem's thoughts, layer by layer."""
    return _lens(str(folder.path), folder.fingerprint, _key(problem), problem, most_thoughts(folder))


def thought_space_of(folder: ModelFolder, problem: GraphProblem) -> "ThoughtSpace":
    """Where the problem's thoughts lie."""
    return _thought_space(str(folder.path), folder.fingerprint, _key(problem), problem, most_thoughts(folder))


def donor(problem: Problem) -> Problem:
    """The problem whose thoughts take the place of those on `problem`; `InputError` if its task has no sampler."""
    return _others(problem, 1)[0]


def _others(problem: Problem, count: int) -> list[Problem]:
    """Other problems to compare with: always the same ones, so that a link shows the same picture."""
    task = task_of([problem])
    drawn = [task.sample(task.example_settings, 1, seed)[0] for seed in range(count + 1)]
    return [other for other in drawn if other != problem][:count]


def _key(problem: Problem) -> str:
    """What a problem is cached by: tasks may write different problems as the same JSON."""
    return f"{task_of([problem]).name} {problems_hash([problem])}"


@st.cache_resource(max_entries=8, show_spinner="Loading the model …")
def _checkpoint(path: str, fingerprint: str) -> "Checkpoint":
    warm_up()
    import torch

    from coconut_core.checkpoints import load_model

    try:
        small = (Path(path) / "model.safetensors").stat().st_size < SMALL_MODEL
        torch.set_num_threads(1 if small else os.cpu_count() or 1)
        return load_model(Path(path))
    except InputError:
        raise
    except Exception as error:  # whatever is wrong with one folder, the others can still be used
        reason = (str(error).strip() or type(error).__name__).split("\n")[0][:200]
        raise InputError(
            f"{Path(path).name} cannot be loaded ({reason}); copy the folder again or train the model anew."
        ) from error


@st.cache_resource(max_entries=64, show_spinner="Reading the thoughts …")
def _readings(
    path: str,
    fingerprint: str,
    key: str,
    _problem: GraphProblem,
    thoughts: int,
    change: str,
    positions: tuple[int, ...],
) -> "ProblemReadings":
    model = _checkpoint(path, fingerprint).model
    from analyses.readings.changed_thoughts import slot_edits
    from analyses.readings.problem_readings import problem_readings

    edits = [] if change == "none" else slot_edits(change, positions)
    donors = [donor(_problem)] if change == "swap" else None
    return problem_readings(model, _problem, range(thoughts + 1), edits=edits, donors=donors)


@st.cache_resource(max_entries=64, show_spinner="Reading the layers …")
def _lens(path: str, fingerprint: str, key: str, _problem: Problem, count: int) -> "Lens":
    model = _checkpoint(path, fingerprint).model
    with IMPORTING:
        from analyses.figures.one_problem.lens import lens

    return lens(model, _problem, count)


@st.cache_resource(max_entries=64, show_spinner="Reading the thoughts …")
def _thought_space(path: str, fingerprint: str, key: str, _problem: GraphProblem, count: int) -> "ThoughtSpace":
    model = _checkpoint(path, fingerprint).model
    with IMPORTING:
        from analyses.figures.one_problem.thought_space import thought_space

    return thought_space(model, _problem, _others(_problem, OTHER_PROBLEMS), count)
