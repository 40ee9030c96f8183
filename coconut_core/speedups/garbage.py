"""Python's garbage collector, set for processes that import torch."""

import atexit
import gc
from functools import cache

ALLOCATIONS = 50_000
"""Objects made before the youngest are looked at again; the usual 700 are reached a thousand times in the imports."""


@cache
def collect_rarely() -> None:
    """Let the collector run rarely; called again, it does nothing.

    Importing torch and transformers makes 400,000 objects that live as long as the process. By default Python collects
    a thousand times while they are made and walks all of them at the end, together a third of the time that such a
    process takes to start and to end. No memory waits for a collection: thoughts, values and training steps leave no
    reference cycles behind.
    """
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)
