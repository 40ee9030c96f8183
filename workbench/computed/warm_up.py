"""What a cold server does once: everything that pages import is imported, torch and what needs it last of all.

Two sessions that import the same libraries at once can see each other's half-made modules, so each import has its turn.
Nothing heavier than the standard library is imported here at first, so that a page can ask whether it has to wait.
"""

import gc
import sys
import threading
from importlib import import_module
from pkgutil import iter_modules

PARTS = ("workbench.choices", "workbench.computed", "workbench.widgets")
"""The app's own packages."""
BESIDES = ("analyses.figures.trainings.training_history",)
"""What pages import besides, and none of the app's packages does."""
NEEDED = (
    *("coconut_core.checkpoints", "coconut_core.edits.thinking", "coconut_core.thoughts"),
    *("analyses.readings.problem_readings", "analyses.readings.changed_thoughts", "analyses.readings.answer_choices"),
    *("analyses.readings.reasoning_process", "analyses.figures.causal.edited_answers"),
)
"""What pages need that show a model, and all that they import later without a lock."""

OPENING = threading.Lock()
"""Held while a session imports what pages need to open, and draws for the first time."""
IMPORTING = threading.Lock()
"""Held while modules that need torch are imported."""


def is_cold() -> bool:
    """Whether torch has still to be imported: a page can show something meanwhile."""
    return "analyses.readings.values" not in sys.modules


def import_pages() -> None:
    """Import what any page imports at its start; hold `OPENING` meanwhile."""
    for part in PARTS:
        for module in iter_modules(import_module(part).__path__, f"{part}."):
            import_module(module.name)
    for name in BESIDES:
        import_module(name)


def warm_up() -> None:
    """Import what every model needs, unless that was done before."""
    with IMPORTING:
        cold = is_cold()
        for module in NEEDED:
            import_module(module)

        if cold:
            # Streamlit collects garbage after every run; the million objects of these modules never become garbage.
            gc.freeze()
