"""Bounds of what a run may ask for: nothing that would fill the memory or count for hours before anything is seen."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coconut_core.errors import InputError

MOST = {
    "batch_size_training": 1 << 16,
    "gradient_accumulation_steps": 1 << 16,
    "questions_per_text": 1 << 10,
    "stages_per_sample": 1 << 10,
    "validation_problems": 100_000,
}
"""Of what is in memory, or counted through, at one time."""
MOST_OF_SHAPE = {"layers": 1 << 8, "width": 1 << 15, "heads": 1 << 10, "feed_forward": 1 << 20, "positions": 1 << 20}
"""Of the sizes of a model from scratch."""
LARGEST_MODEL = 1 << 30
"""Numbers of a model from scratch: 4 GiB of weights, as much of gradients and of each moment of the optimiser."""


def require(part: Any, prefix: str, names: Sequence[str], holds: Callable[[Any], bool], otherwise: str) -> None:
    """Refuse the first of the fields `names` that is not finite or does not hold; one that is None is not set."""
    for name in names:
        value = getattr(part, name)
        if value is not None and not (math.isfinite(value) and holds(value)):
            raise InputError(f"{prefix}{name}: {value} {otherwise}.")


def require_at_most(part: Any, prefix: str, most: Mapping[str, int]) -> None:
    """Refuse the first of the fields that is larger than `most` says; one that is None is not set."""
    for name, limit in most.items():
        if (value := getattr(part, name)) is not None and value > limit:
            raise InputError(f"{prefix}{name}: {value} is too large; give at most {limit}.")


def require_size(shape: Any) -> None:
    """Refuse a `ModelShape` that is larger in the whole than `LARGEST_MODEL`, its vocabulary not counted."""
    matrices = 3 if shape.family == "llama" else 2
    layer = 4 * shape.width**2 + matrices * shape.width * shape.feed_forward
    numbers = shape.layers * layer + (shape.width * shape.positions if shape.family == "gpt2" else 0)
    if numbers > LARGEST_MODEL:
        raise InputError(
            f"model.layers: a model of {numbers:,} numbers is larger than the {LARGEST_MODEL:,} that one from scratch "
            "may have; give a smaller shape."
        )
