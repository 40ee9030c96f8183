"""The collector of garbage, told what kind of process this is."""

import atexit
import gc
from functools import cache

ALLOCATIONS = 50_000
"""Of objects, before the youngest are looked at again; Python's own 700 come a thousand times during the imports."""


@cache
def collect_rarely() -> None:
    """Once in a process that imports torch and transformers: 400,000 objects, which nearly all live as long as it does.

    Python collects a thousand times while they are made and walks all of them at the end, together a third of the time
    that such a process takes to start and to end. Memory doesn't wait for a collection: thoughts, values and training
    steps leave no cycles behind.
    """
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)
