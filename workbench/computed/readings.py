"""What a page shows of a model and a problem, computed once however many sessions ask.

Readings are cached by content: the files of the model's folder and the problem's JSON, so that a retrained model is
seen and a problem is never computed twice.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analyses.drawing.escaping import for_markdown
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.registry import task_of
from workbench.choices.edits import THOUGHT_EDITS, ThoughtEdit
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sets import problems_hash
from workbench.choices.selection import Selection
from workbench.computed.warm_up import IMPORTING, warm_up

if TYPE_CHECKING:
    from analyses.figures.one_problem.lens import Lens
    from analyses.figures.one_problem.thought_space import ThoughtSpace
    from analyses.readings.problem_readings import ProblemReadings
    from coconut_core.checkpoints import Checkpoint
    from coconut_core.edits.record import Edit
    from coconut_core.model import CoconutModel

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
    folder: ModelFolder, problem: GraphProblem, thoughts: int, edits: tuple[ThoughtEdit, ...] = ()
) -> "ProblemReadings":
    """Values and answers after 0 to `thoughts` thoughts, with `edits` of thoughts if there are any."""
    return _readings(str(folder.path), folder.fingerprint, _key(problem), problem, thoughts, edits)


def readings_or_stop(chosen: Selection, thoughts: int) -> "ProblemReadings":
    """`readings_of` the chosen problem; bad input ends the page with one sentence."""
    assert chosen.model is not None and isinstance(chosen.problem, GraphProblem)
    try:
        return readings_of(chosen.model, chosen.problem, thoughts)
    except InputError as error:
        st.error(for_markdown(str(error)), icon=":material/error:")
        st.stop()


def answer_changes(
    folder: ModelFolder, problem: GraphProblem, thoughts: int
) -> tuple[float, dict[str, dict[int, float]]]:
    """p(answer) after all thoughts, and how much it changes if a single thought is edited: by kind and thought."""
    return _answer_changes(str(folder.path), folder.fingerprint, _key(problem), problem, thoughts)


def known_words(folder: ModelFolder) -> list[str]:
    """What a model with words as tokens can be asked of, in alphabetical order."""
    return sorted(word for word in loaded(folder).model.tokenizer.get_vocab() if word.isalpha() and len(word) > 2)


def lens_of(folder: ModelFolder, problem: Problem) -> "Lens":
    """The problem's thoughts, layer by layer."""
    return _lens(str(folder.path), folder.fingerprint, _key(problem), problem, most_thoughts(folder))


def thought_space_of(folder: ModelFolder, problem: GraphProblem) -> "ThoughtSpace":
    """Where the problem's thoughts lie."""
    return _thought_space(str(folder.path), folder.fingerprint, _key(problem), problem, most_thoughts(folder))


def donor(problem: Problem, seed: int = 0) -> Problem:
    """The problem whose thoughts take the place of those on `problem`; `InputError` if its task has no sampler."""
    task = task_of([problem])
    return task.sample(task.example_settings, 1, seed)[0]


def _others(problem: Problem, count: int) -> list[Problem]:
    """Other problems to compare with: always the same ones, so that a link shows the same picture."""
    return [other for seed in range(count + 1) if (other := donor(problem, seed)) != problem][:count]


def _key(problem: Problem) -> str:
    """What a problem is cached by: tasks may write different problems as the same JSON."""
    return f"{task_of([problem]).name} {problems_hash([problem])}"


@st.cache_resource(max_entries=8, show_spinner="Loading the model …")
def _checkpoint(path: str, fingerprint: str) -> "Checkpoint":
    warm_up()
    import torch

    from coconut_core.checkpoints import load_model

    try:
        weights = Path(path) / "model.safetensors"  # adapters have none of their own, and their base is large
        small = weights.is_file() and weights.stat().st_size < SMALL_MODEL
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
    edits: tuple[ThoughtEdit, ...],
) -> "ProblemReadings":
    model = _checkpoint(path, fingerprint).model
    from analyses.readings.problem_readings import problem_readings

    records = edit_records(model, _problem, thoughts, edits)
    return problem_readings(model, _problem, range(thoughts + 1), edits=records)


def edit_records(model: "CoconutModel", problem: Problem, thoughts: int, edits: Sequence[ThoughtEdit]) -> list["Edit"]:
    """`edits` as readings take them. Each swap has a donor of its own, so that its thought is given as a vector."""
    from coconut_core.edits.record import Edit
    from coconut_core.thoughts import thought_states

    def record(edit: ThoughtEdit) -> Edit:
        if edit.kind != "swap":
            return Edit("fed", edit.kind, thoughts=(edit.position,))
        fed = model.slot_content(thought_states(model, [donor(problem, edit.donor)], thoughts))
        return Edit(
            "fed", "given", thoughts=(edit.position,), given=fed[0, edit.position - 1].detach().double().cpu().numpy()
        )

    return [record(edit) for edit in edits]


@st.cache_resource(max_entries=64, show_spinner="Changing each thought …")
def _answer_changes(
    path: str, fingerprint: str, key: str, _problem: GraphProblem, thoughts: int
) -> tuple[float, dict[str, dict[int, float]]]:
    model = _checkpoint(path, fingerprint).model
    from analyses.readings.answer_choices import answer_probabilities
    from coconut_core.edits.thinking import thinking

    def p_answer(*edits: ThoughtEdit) -> float:
        records = edit_records(model, _problem, thoughts, edits)
        return float(answer_probabilities(*thinking(model, [_problem], thoughts, records)([0]), [thoughts])[0, 0, 0])

    usual, positions = p_answer(), range(1, thoughts + 1)
    grid = {
        kind: {
            # Nothing comes before the first, so that it cannot be fed again.
            at: 0.0 if (kind, at) == ("freeze", 1) else p_answer(ThoughtEdit(at, kind)) - usual
            for at in positions
        }
        for kind in THOUGHT_EDITS
    }
    return usual, grid


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
