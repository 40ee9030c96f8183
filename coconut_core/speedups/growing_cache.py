"""A key/value cache that grows in place, also under autograd.

Attention reads the keys of a question and of all its thoughts as one tensor. Joined anew for every thought, with six
thoughts they would be copied, and kept for the backward pass, seven times in every layer. Here each piece is written
once, behind those before it, into memory with room for more; what attention reads is a view from the first column to
the last written. A write touches no column that an earlier view shows, so that autograd may rely on all of them.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import FunctionCtx
from transformers import Cache, DynamicCache, PreTrainedConfig
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer, LinearAttentionLayer

Piece = Float[Tensor, "batch head column d_head"]
Whole = Float[Tensor, "batch head all d_head"]


def takes_growing_cache(config: PreTrainedConfig) -> bool:
    """Whether the library caches keys and values of such a model layer by layer, all of them or those of a window.

    Others share them between layers, or compress them.
    """
    known = (DynamicLayer, DynamicSlidingWindowLayer)
    return all(type(layer) in known for layer in DynamicCache(config=config).layers)


def is_recurrent(config: PreTrainedConfig) -> bool:
    """Whether some layer keeps a state instead of keys and values: it sees columns in their order, not as a tree."""
    return any(isinstance(layer, LinearAttentionLayer) for layer in DynamicCache(config=config).layers)


@dataclass
class _Memory:
    """Columns of memory, of which the first `taken` are written. Caches that were forked share it."""

    columns: Tensor
    taken: int = 0

    @classmethod
    def beginning_with(cls, whole: Tensor | None, piece: Piece, room: int | None) -> "_Memory":
        """New memory for both and for `room` more columns; for a quarter more where nothing is known."""
        written = 0 if whole is None else whole.shape[-2]
        needed = written + piece.shape[-2]
        *rows, _, size = piece.shape
        memory = cls(piece.new_empty(*rows, needed + (needed // 4 if room is None else room), size), written)
        if whole is not None:
            memory.columns[..., :written, :] = whole.detach()
        return memory

    @classmethod
    def of_rows(cls, whole: Whole, which: Int[Tensor, "row"]) -> "_Memory":
        """New memory with some rows of what was written, and room for a quarter more columns."""
        _, heads, written, size = whole.shape
        memory = cls(whole.new_empty(len(which), heads, written + written // 4, size), written)
        torch.index_select(whole, 0, which, out=memory.columns[..., :written, :])
        return memory

    def takes(self, piece: Piece, written: int) -> bool:
        """Whether `piece` may be written after the first `written` columns: no other fork was there before."""
        free = self.taken == written and written + piece.shape[-2] <= self.columns.shape[-2]
        return free and (torch.is_inference_mode_enabled() or not self.columns.is_inference())

    def append(self, piece: Piece) -> Whole:
        stop = self.taken + piece.shape[-2]
        self.columns[..., self.taken : stop, :] = piece
        self.taken = stop
        # `data` has a version counter of its own: to autograd, a later write does not change what this view shows.
        return self.columns.data[..., :stop, :]


class _Append(torch.autograd.Function):
    """A piece behind the whole before it. The gradient of the longer whole falls apart into those of the two."""

    @staticmethod
    def forward(ctx: FunctionCtx, whole: Tensor | None, piece: Piece, memory: _Memory) -> Whole:
        ctx.written = memory.taken
        return memory.append(piece)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Whole) -> tuple[Tensor | None, Piece, None]:
        before = gradient[..., : ctx.written, :] if ctx.needs_input_grad[0] else None
        return before, gradient[..., ctx.written :, :], None


class KeysStored(Exception):
    """Leaves a layer early, once its keys and values are in the cache: what it would compute from them is not read."""


class GrowingLayer(DynamicLayer):
    """Keys and values of one layer."""

    def __init__(self, room: int | None) -> None:
        super().__init__()
        self.room = room
        self.leave_with_keys = False
        """Whether the next update ends with `KeysStored`; the one after it adds nothing (`last_layer.py`)."""
        self.left_with_keys = False
        self.change: Callable[[Piece, Piece], tuple[Piece, Piece]] | None = None
        """Given the keys and values that are about to be stored, those that are stored instead."""
        self.memories: tuple[_Memory | None, _Memory | None] = (None, None)

    # Compiled code does not allow that what it is given shares memory, so that it leaves this to Python.
    @torch.compiler.disable
    def update(self, key_states: Piece, value_states: Piece, *_: object, **__: object) -> tuple[Whole, Whole]:
        """Append a piece; returns all keys and values."""
        self.is_initialized = True
        if self.left_with_keys:
            self.left_with_keys = False
            return self.keys, self.values
        if self.change is not None:
            key_states, value_states = self.change(key_states, value_states)
        key_states, value_states = (_as_attended(piece) for piece in (key_states, value_states))
        of_keys, of_values = self.memories
        self.keys, of_keys = self._append(self.keys, key_states, of_keys)
        self.values, of_values = self._append(self.values, value_states, of_values)
        self.memories = (of_keys, of_values)
        if self.leave_with_keys:
            self.leave_with_keys, self.left_with_keys = False, True
            raise KeysStored
        return self.keys, self.values

    def _append(self, whole: Tensor | None, piece: Piece, memory: _Memory | None) -> tuple[Whole, _Memory]:
        written = 0 if whole is None else whole.shape[-2]
        if memory is None or not memory.takes(piece, written):
            memory = _Memory.beginning_with(whole, piece, self.room if whole is None else None)
        return _Append.apply(whole, piece, memory), memory


def _as_attended(piece: Piece) -> Piece:
    """In the numbers that attention computes in: under autocast it would cast the whole, and copy it, every time."""
    kind = piece.device.type
    return piece.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else piece


class GrowingCache(Cache):
    """The caches of all layers. Extending a fork leaves the original as it was.

    `room` is the number of columns that are to follow the first piece, where it is known.
    """

    def __init__(self, layers: int, room: int | None = None):
        super().__init__(layers=[GrowingLayer(room) for _ in range(layers)])

    def fork(self) -> "GrowingCache":
        """A cache to extend; what is written is shared, and never written over."""
        forked = copy.copy(self)
        forked.layers = [copy.copy(layer) for layer in self.layers]
        return forked

    def rows(self, which: Int[Tensor, "row"]) -> "GrowingCache":
        """A copy with these rows of the batch, in their order; a row may be taken several times."""
        taken = self.fork()
        for layer in taken.layers:
            layer.memories = tuple(_Memory.of_rows(whole, which) for whole in (layer.keys, layer.values))
            layer.keys, layer.values = (each.columns[..., : each.taken, :] for each in layer.memories)
        return taken
