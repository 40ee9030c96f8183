"""What a cold server does once: torch, and what needs it, are imported, which takes seconds.

Nothing heavier than the standard library is imported here at first, so that a page can ask whether it has to wait.
"""

import gc
import sys
import threading
from importlib import import_module

NEEDED = ("coconut_core.checkpoints", "analyses.readings.problem_readings", "analyses.readings.changed_thoughts")
"""What every page needs that shows a model."""

IMPORTING = threading.Lock()
"""Held while modules that need torch are imported: two sessions at once would see each other's half-made modules."""


def is_cold() -> bool:
    """Whether torch has still to be imported: a page can show something meanwhile."""
    return "analyses.readings.values" not in sys.modules


def warm_up() -> None:
    """Import what every model needs, unless that was done before."""
    with IMPORTING:
        cold = is_cold()
        for module in NEEDED:
            import_module(module)

        if cold:
            # Streamlit collects garbage after every run; the million objects of these modules never become garbage.
            gc.freeze()
