"""Gradient checkpointing (arXiv 1604.06174) with a cache: the inside of a layer is computed again for its gradient.

Autograd keeps what goes into a layer, and its keys and values, which later columns attend to anyway. The library's own
gradient checkpointing turns the cache off, without which thoughts would be encoded with their question again and again.
Here a layer writes its keys and values into a copy of its cache that ends with it, and hands them over with its states.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from coconut_core.speedups.growing_cache import GrowingCache, GrowingLayer, Piece, Whole


def recompute_layers(lm: PreTrainedModel) -> None:
    """From now on passes under autograd keep no more of a layer than what goes into it and its keys and values.

    A layer that is left early (`last_layer.py`) is computed as before: next to nothing is kept of it.
    """
    layers = next(part for part in lm.base_model.children() if isinstance(part, nn.ModuleList))
    for index, layer in enumerate(layers):
        layer.forward = _recomputed(layer.forward, index)


class _Columns:
    """The cache of one layer while it is computed: what was there, and the piece that it adds."""

    def __init__(self, keys: Whole | None, values: Whole | None):
        self.before = (keys, values)
        self.piece: tuple[Piece, Piece] | None = None

    def update(self, keys: Piece, values: Piece, *_: object, **__: object) -> tuple[Whole, Whole]:
        self.piece = (keys, values)
        if self.before[0] is None:
            return self.piece
        # The memory of a cache may be of fewer digits than what a layer computes, and is then what all is read in.
        whole = (torch.cat([old, new.to(old.dtype)], -2) for old, new in zip(self.before, self.piece, strict=True))
        return tuple(whole)


def _recomputed(forward: Callable[..., Tensor], index: int) -> Callable[..., Tensor]:
    @wraps(forward)  # whose names of arguments others look up as well
    def recomputed(*args: Any, **kwargs: Any) -> Tensor:
        named = signature(forward).bind(*args, **kwargs).arguments
        named |= named.pop("kwargs", {})
        name = next((key for key, value in named.items() if isinstance(value, GrowingCache)), None)
        own: GrowingLayer | None = named[name].layers[index] if name else None
        if own is None or not torch.is_grad_enabled() or own.leave_with_keys or own.left_with_keys:
            return forward(*args, **kwargs)

        def inside(states: Tensor, keys: Whole | None, values: Whole | None) -> tuple[Tensor, Piece, Piece]:
            columns = _Columns(keys, values)
            return forward(**{**named, "hidden_states": states, name: columns}), *columns.piece

        states, keys, values = checkpoint(inside, named["hidden_states"], own.keys, own.values, use_reentrant=False)
        own.update(keys, values)
        return states

    return recomputed
