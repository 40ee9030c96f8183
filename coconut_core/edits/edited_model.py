"""A model with patches in place: at named columns, what one of its parts computes is replaced on the way.

    patched = EditedModel(model, [Patch("state", 2, addresses, change)])

Everything that reads a `CoconutModel` reads a patched one. It shares the weights of the model, which stays as it is,
but has modules of its own, so that other threads may go on asking the model. Parts, of layer l from 1:

    state    the residual stream after layer l (before the final norm, where it is the last)
    keys     what later columns match their queries with in layer l, turned by their position where positions are rotary
    values   what later columns take over in layer l
    heads    what the heads of layer l write, before it is projected into the residual stream
    mlp      what the feed-forward block of layer l adds to the residual stream

Keys and values are changed on their way into the cache, which is the same for all models. The other parts are found by
the names that the library gives them in the families that this package trains and reads.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel

from coconut_core.columns import Columns, Context
from coconut_core.errors import InputError
from coconut_core.model import Bias, CoconutModel
from coconut_core.speedups.growing_cache import GrowingCache

PARTS = ("state", "keys", "values", "heads", "mlp")
Change = Callable[[Float[Tensor, "found d"], Int[Tensor, "found"], Int[Tensor, "found"]], Float[Tensor, "found d"]]
"""Given what was computed, and of each vector its row and the index of its address, what is to stand there."""


@dataclass(frozen=True, eq=False)
class Patch:
    """A change of one part of one layer."""

    part: str
    """One of `PARTS`."""
    layer: int
    """From 1."""
    addresses: Int[Tensor, "batch target"]
    """The columns, row by row, by their address (`Columns.enter`); one that no column has where a row has
    fewer."""
    change: Change


class EditedModel(CoconutModel):
    """The model with `patches` in place, which are applied in order."""

    def __init__(self, model: CoconutModel, patches: Sequence[Patch]):
        shared = {id(each): each for each in (*model.lm.parameters(), *model.lm.buffers())}
        super().__init__(deepcopy(model.lm, shared), model.tokenizer, model.method)
        self._patches = tuple(patches)
        self._columns: Columns | None = None
        for index, layer in enumerate(layers_of(self.lm), start=1):
            parts = {patch.part for patch in self._patches if patch.layer == index}
            if "state" in parts:
                layer.register_forward_hook(partial(self._after, "state", index))
            if "mlp" in parts:
                layer.mlp.register_forward_hook(partial(self._after, "mlp", index))
            if "heads" in parts:
                projection_of(layer).register_forward_pre_hook(partial(self._before, "heads", index))

    def extend(
        self,
        context: Context | None,
        columns: Columns,
        embeddings: Float[Tensor, "batch column d_model"] | None = None,
        room: int | None = None,
        read: Bool[Tensor, "column"] | None = None,
    ) -> tuple[Float[Tensor, "batch column d_model"], Context]:
        """As of any model, but all columns are computed in every layer: patches may name any of them."""
        return super().extend(context, columns, embeddings, room)

    def _states(
        self,
        columns: Columns,
        embeddings: Float[Tensor, "batch column d_model"],
        bias: Bias | dict[str, Bias],
        cache: GrowingCache | None,
        read: Bool[Tensor, "column"] | None,
    ) -> Float[Tensor, "batch column d_model"]:
        if cache is None:
            kind = self.lm.config.model_type
            raise InputError(f"Nothing that a {kind} model computes can be edited: it keeps no keys and values.")
        self._columns = columns
        for index, layer in enumerate(cache.layers, start=1):
            layer.change = partial(self._stored, index)
        try:
            return super()._states(columns, embeddings, bias, cache, read)
        finally:
            for layer in cache.layers:
                layer.change = None

    def _after(self, part: str, layer: int, module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        return self._patched(part, layer, output)

    def _before(self, part: str, layer: int, module: nn.Module, args: tuple) -> tuple:
        return (self._patched(part, layer, args[0]), *args[1:])

    def _stored(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        return self._by_column("keys", layer, keys), self._by_column("values", layer, values)

    def _by_column(
        self, part: str, layer: int, heads: Float[Tensor, "batch head column d_head"]
    ) -> Float[Tensor, "batch head column d_head"]:
        """Patched, one vector a column: the heads', one after the other."""
        joined = heads.transpose(1, 2)
        return self._patched(part, layer, joined.flatten(2)).unflatten(2, joined.shape[2:]).transpose(1, 2)

    def _patched(
        self, part: str, layer: int, computed: Float[Tensor, "batch column d"]
    ) -> Float[Tensor, "batch column d"]:
        assert self._columns is not None
        for patch in self._patches:
            # Once rows are left behind, only what follows questions and slots is computed, where no patch is.
            if (patch.part, patch.layer) != (part, layer) or len(patch.addresses) != len(computed):
                continue
            here = self._columns.enter[:, :, None] == patch.addresses.to(computed.device)[:, None]
            row, column, target = here.nonzero(as_tuple=True)
            if len(row):
                computed = computed.clone()
                computed[row, column] = patch.change(computed[row, column], row, target)
        return computed


def layers_of(lm: PreTrainedModel) -> nn.ModuleList:
    """The layers of a language model, in order."""
    return next(part for part in lm.base_model.children() if isinstance(part, nn.ModuleList))


def projection_of(layer: nn.Module) -> nn.Module:
    """What projects the heads of a layer into the residual stream; `InputError` for a family without it."""
    for attention, projection in (("self_attn", "o_proj"), ("attn", "c_proj"), ("attention", "dense")):
        if hasattr(layer, attention) and hasattr(getattr(layer, attention), projection):
            return getattr(getattr(layer, attention), projection)
    raise InputError("The heads of this kind of model are not known; edit keys, values or states instead.")


def widths(model: CoconutModel) -> dict[str, tuple[int, int]]:
    """Of each part, how many heads a vector is made of (1 where it has none), and its length."""
    config = model.lm.config
    heads, d_model = config.num_attention_heads, config.hidden_size
    size = getattr(config, "head_dim", None) or d_model // heads
    stored = getattr(config, "num_key_value_heads", None) or heads
    by_head = {"keys": (stored, stored * size), "values": (stored, stored * size), "heads": (heads, heads * size)}
    return {**by_head, "state": (1, d_model), "mlp": (1, d_model), "fed": (1, d_model)}


@torch.inference_mode()
def recorded(
    model: CoconutModel,
    wanted: Sequence[tuple[str, int, Int[Tensor, "batch _"]]],
    run: Callable[[CoconutModel], object],
) -> list[Float[Tensor, "batch _ d"]]:
    """What `run` makes each of the (part, layer, addresses) compute; zero where an address is not reached."""
    found = [torch.zeros(*where.shape, widths(model)[part][1], dtype=model.lm.dtype) for part, _, where in wanted]

    def keep(store: Tensor, computed: Tensor, row: Tensor, target: Tensor) -> Tensor:
        store[row.cpu(), target.cpu()] = computed.cpu()
        return computed

    patches = [Patch(*each, partial(keep, store)) for each, store in zip(wanted, found, strict=True)]
    run(EditedModel(model, patches))
    return found
