"""What a page shows of a model and a problem, computed once however many sessions ask.

Readings are cached by content: the files of the model's folder and the problem's JSON, so that a retrained model is
seen and a problem is never computed twice.
"""

import gc
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from jaxtyping import Float

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import SamplerSettings
from workbench.choices.model_shelf import ModelFolder
from workbench.choices.problem_sources import random_problem

if TYPE_CHECKING:
    from analyses.figures.one_problem.lens import Lens
    from analyses.figures.one_problem.thought_space import ThoughtSpace
    from analyses.readings.values import NodeValues
    from coconut_core.generation import Answers
    from coconut_core.model import CoconutModel

LEAST = 6
"""Thoughts that every model is asked for, the paper's number, also where it has fewer."""
SMALL_MODEL = 50_000_000
"""Bytes of weights below which one thread is as fast as many, and many stall each other on a busy machine."""
IMPORTING = threading.Lock()
"""Held while modules that need torch are imported: two sessions at once would see each other's half-made modules."""


@dataclass(frozen=True)
class Readings:
    """Everything a page shows of one problem and model, for all k at once."""

    values: "NodeValues"
    """With "NAME is a" forced at k = 0."""
    every: "NodeValues"
    """The control: k = 0 alone, with "Every" forced."""
    answers: "Answers"

    def at(self, k: int, opening: str) -> "ValuesAt":
        """Values and masses after k thoughts; `opening` ("entity" or "every") matters at k = 0 alone."""
        read = self.every if k == 0 and opening == "every" else self.values
        index = read.ks.index(k)
        return ValuesAt(
            value=read.value[0, index],
            candidate_mass=float(read.candidate_mass[0, index]),
            other_mass=float(read.other_mass[0, index]),
            off_graph=float(read.off_graph[0, index]),
        )

    def by_k(self, opening: str) -> Float[np.ndarray, "k node"]:
        """Values after every number of thoughts, k = 0 after `opening`."""
        return np.stack([self.at(k, opening).value for k in self.values.ks])


@dataclass(frozen=True)
class ValuesAt:
    """Raw values after one number of thoughts, and where the probability lies; the three masses sum to 1."""

    value: Float[np.ndarray, " node"]
    candidate_mass: float
    other_mass: float
    off_graph: float


def readings_of(
    folder: ModelFolder, problem: ProsqaProblem, most: int, change: str = "none", positions: tuple[int, ...] = ()
) -> Readings:
    """Values and answers for k = 0..`most`, where wanted with a change of thoughts (`analyses/interventions.py`)."""
    return _readings(str(folder.path), folder.fingerprint, json.dumps(problem.to_json()), most, change, positions)


def most_thoughts(*folders: ModelFolder) -> int:
    """Thoughts up to which these models are looked at together."""
    return max(LEAST, *(folder.most_thoughts for folder in folders))


def loaded(folder: ModelFolder) -> "CoconutModel":
    """The model of a folder, shared by all sessions; `InputError` if it cannot be loaded."""
    return _model(str(folder.path), folder.fingerprint)


def lens_of(folder: ModelFolder, problem: ProsqaProblem) -> "Lens":
    """The problem's thoughts, layer by layer."""
    return _lens(str(folder.path), folder.fingerprint, json.dumps(problem.to_json()), most_thoughts(folder))


def thought_space_of(folder: ModelFolder, problem: ProsqaProblem) -> "ThoughtSpace":
    """Where the problem's thoughts lie."""
    return _thought_space(str(folder.path), folder.fingerprint, json.dumps(problem.to_json()), most_thoughts(folder))


@st.cache_resource(max_entries=8, show_spinner="Loading the model …")
def _model(path: str, fingerprint: str):
    with IMPORTING:
        import torch

        import analyses.readings.values  # noqa: F401
        from coconut_core.checkpoints import load_model

        # Streamlit collects garbage after every run; the million objects of these modules are none.
        gc.freeze()

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
def _readings(path: str, fingerprint: str, record: str, most: int, change: str, positions: tuple[int, ...]) -> Readings:
    model = _model(path, fingerprint)
    from analyses.readings.values import node_values
    from coconut_core.generation import answers

    problem, edit, ks = ProsqaProblem.from_json(json.loads(record)), None, range(most + 1)
    removed = positions if change == "remove" else ()
    if change not in ("none", "remove"):
        from analyses.figures.interventions import edited
        from coconut_core.stopping import thought_states

        states = thought_states(model, [donor()], most)
        edit = edited(change, positions, states)
    values = node_values(model, [problem], ks=ks, edit=edit, removed=removed)
    every = node_values(model, [problem], ks=(0,), opening="every")
    found = Readings(values, every, answers(model, [problem], ks=ks, edit=edit, removed=removed))
    for array in (values.value, values.nested, every.value, every.nested):
        array.flags.writeable = False  # the cache hands the same object to every session
    return found


@st.cache_resource(max_entries=64, show_spinner="Reading the layers …")
def _lens(path: str, fingerprint: str, record: str, count: int) -> "Lens":
    model = _model(path, fingerprint)
    with IMPORTING:
        from analyses.figures.one_problem.lens import lens

    return lens(model, ProsqaProblem.from_json(json.loads(record)), count)


@st.cache_resource(max_entries=64, show_spinner="Reading the thoughts …")
def _thought_space(path: str, fingerprint: str, record: str, count: int) -> "ThoughtSpace":
    model = _model(path, fingerprint)
    with IMPORTING:
        from analyses.figures.one_problem.thought_space import thought_space

    return thought_space(model, ProsqaProblem.from_json(json.loads(record)), _others(12), count)


def donor() -> ProsqaProblem:
    """The problem whose thoughts are put in the place of another's."""
    return _others(1)[0]


def _others(count: int) -> list[ProsqaProblem]:
    """Other problems to compare with: always the same ones, so that a link shows the same picture."""
    return [random_problem(SamplerSettings(nodes=(8, 14), hops={2: 0.5, 3: 0.5}), seed) for seed in range(count)]
