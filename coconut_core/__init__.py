"""Coconut models: continuous thoughts over any Hugging Face causal language model (arXiv 2412.06769).

    from coconut_core import load_model, load_problems

    loaded = load_model("prosqa_laptop")  # a Checkpoint: .model, .card, .stop_classifier
    problems = load_problems("laptop")

To learn what Coconut is, read `definition.py`; then `model.py`, which computes the same, fast. Names that are imported
from here are loaded when they are first used, so that importing the package costs next to nothing.

Names of axes, used by every shape annotation in the project:

    batch      rows of one computation; a row is one text of facts with one or more questions about it
    column     places of a row's token tree, in the order in which they were computed (`columns.py`)
    thought    continuous thoughts of one question, thought 1 first
    slot       places between question and answer into which thoughts, or what stands for them, are fed
    d_model    width of the language model
    vocab      entries of the vocabulary
    problem    problems of a set
    k          numbers of thoughts that were read, 0 first
    node       nodes of a problem's graph, padded to the largest graph of the set
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coconut_core.checkpoints import Checkpoint, load_model
    from coconut_core.edits.record import Edit
    from coconut_core.generation import answers
    from coconut_core.methods import METHODS
    from coconut_core.model import CoconutModel
    from coconut_core.problems.registry import TASKS, load_problems
    from coconut_core.thoughts import thought_states

__all__ = [
    "METHODS",
    "TASKS",
    "Checkpoint",
    "CoconutModel",
    "Edit",
    "answers",
    "load_model",
    "load_problems",
    "thought_states",
]
_HOMES = {
    "METHODS": "coconut_core.methods",
    "TASKS": "coconut_core.problems.registry",
    "Checkpoint": "coconut_core.checkpoints",
    "CoconutModel": "coconut_core.model",
    "Edit": "coconut_core.edits.record",
    "answers": "coconut_core.generation",
    "load_model": "coconut_core.checkpoints",
    "load_problems": "coconut_core.problems.registry",
    "thought_states": "coconut_core.thoughts",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
