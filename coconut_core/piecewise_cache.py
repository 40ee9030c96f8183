"""A key/value cache that grows by pieces and lets autograd keep the pieces alone.

Attention reads the keys of a question and of all its thoughts as one tensor, which is joined anew for every thought.
Autograd would keep each of these for the backward pass: with six thoughts seven copies of the question's keys and
values in every layer. What is kept here are the pieces, each once; the whole is joined again when a gradient needs it.
Without gradients there is nothing to keep, and only the last whole is held.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import Cache
from transformers.cache_utils import DynamicLayer

Piece = Float[Tensor, "batch head column d_head"]
Whole = Float[Tensor, "batch head all d_head"]


class PiecewiseLayer(DynamicLayer):
    """Keys and values of one layer, in the pieces in which they were computed."""

    def __init__(self) -> None:
        super().__init__()
        self.key_pieces: tuple[Tensor, ...] = ()
        self.value_pieces: tuple[Tensor, ...] = ()
        self.joined: dict[int, tuple[Tensor, tuple[Tensor, ...]]] = {}
        """What was joined last, by address, with its pieces."""

    def update(self, key_states: Piece, value_states: Piece, *_: object, **__: object) -> tuple[Whole, Whole]:
        """Append a piece; returns all keys and values."""
        self.is_initialized = True
        self.key_pieces, keys = _append(self.key_pieces, key_states)
        self.value_pieces, values = _append(self.value_pieces, value_states)
        pairs = ((keys, self.key_pieces), (values, self.value_pieces))
        self.joined = {whole.data_ptr(): (whole, pieces) for whole, pieces in pairs if len(pieces) > 1}
        return keys, values

    def get_seq_length(self) -> int:
        return sum(piece.shape[-2] for piece in self.key_pieces)


class PiecewiseCache(Cache):
    """The caches of all layers. Extending a fork leaves the original as it was."""

    def __init__(self, layers: int):
        super().__init__(layers=[PiecewiseLayer() for _ in range(layers)])

    def fork(self) -> "PiecewiseCache":
        """A cache to extend; its tensors are shared, and never written into."""
        forked = copy.copy(self)
        forked.layers = [copy.copy(layer) for layer in self.layers]
        return forked

    @contextmanager
    def keeping_pieces(self) -> Iterator[None]:
        """Within it, autograd keeps pieces where a layer of this cache joined them."""
        if not torch.is_grad_enabled() or not self.get_seq_length():
            yield
            return
        with torch.autograd.graph.saved_tensors_hooks(self._pack, _unpack):
            yield
        for layer in self.layers:
            layer.joined = {}

    def _pack(self, saved: Tensor) -> Tensor | tuple[Tensor, ...]:
        for layer in self.layers:
            whole, pieces = layer.joined.get(saved.data_ptr(), (None, ()))
            if whole is not None and whole.shape == saved.shape and whole.stride() == saved.stride():
                return tuple(piece.detach() for piece in pieces)
        return saved.detach()


def _append(pieces: tuple[Tensor, ...], piece: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    """The longer pieces, and all of them as one tensor."""
    if not pieces:
        return (piece,), piece
    whole = torch.cat([*pieces, piece], dim=-2)
    return ((*pieces, piece) if torch.is_grad_enabled() else (whole,)), whole


def _unpack(kept: Tensor | tuple[Tensor, ...]) -> Tensor:
    return torch.cat(kept, dim=-2) if isinstance(kept, tuple) else kept
