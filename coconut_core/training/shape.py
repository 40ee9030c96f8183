"""The sizes of the model that a run trains: those of one from scratch, and those that a loaded one grows to."""

from dataclasses import dataclass
from typing import Literal

from coconut_core.errors import InputError
from coconut_core.training.limits import MOST_OF_SHAPE, require, require_at_most, require_size


@dataclass(frozen=True)
class ModelShape:
    """A language model made from scratch, with random weights and a word-level vocabulary."""

    family: Literal["llama", "gpt2"] = "llama"
    layers: int = 4
    width: int = 128
    heads: int = 4
    feed_forward: int = 256
    initial_std: float = 0.02
    rotary_base: float = 10_000.0
    """Llama only: base of the rotary frequencies."""
    offset_heads: tuple[int, ...] = ()
    """Llama only: heads of the first layer that start out attending this many tokens back (`offset_heads.py`)."""
    positions: int = 1024
    """Longest text; GPT-2 only: learned positions."""

    def __post_init__(self) -> None:
        sizes = ("layers", "width", "heads", "feed_forward", "initial_std", "rotary_base", "positions")
        require(self, "model.", sizes, lambda value: value > 0, "is not above zero; give a positive number")
        require_at_most(self, "model.", MOST_OF_SHAPE)
        if self.width % self.heads:
            raise InputError(f"model.heads: {self.heads} does not divide the width {self.width}; give one that does.")
        if self.family == "llama" and self.width // self.heads % 2:
            raise InputError(f"model.heads: heads of {self.width // self.heads} numbers cannot rotate; give even ones.")
        if self.family == "gpt2" and self.offset_heads:
            raise InputError("model.offset_heads: GPT-2 has no rotary positions to set them by; use family: llama.")
        require_size(self)


@dataclass(frozen=True)
class Growth:
    """Sizes that a loaded model grows to; one that is None stays as it is. `growth.py` says how."""

    layers: int | None = None
    """In all: more than the model has."""
    width: int | None = None
    """Of the residual stream: a multiple of the model's. Heads and feed-forward units become as many times more."""

    def __post_init__(self) -> None:
        if self.layers is None and self.width is None:
            raise InputError("grow: has neither layers nor width; give one of them, or leave grow out.")
        require(
            self, "grow.", ("layers", "width"), lambda value: value > 0, "is not above zero; give a positive number"
        )
        require_at_most(self, "grow.", {name: MOST_OF_SHAPE[name] for name in ("layers", "width")})
