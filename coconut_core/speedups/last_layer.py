"""The last layer, where the states of few columns are read.

Of a question, later columns see keys and values, and its states are read at one column, its last. In the last layer all
other columns need keys and values, but no attention and no feed-forward block. The layer itself is the library's. It is
called twice: on all columns until it has handed their keys and values over to the cache (it has computed their queries
by then), and after that on those that are read.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from coconut_core.speedups.growing_cache import GrowingCache, KeysStored

_PREPARING = threading.Lock()


def skip_unread_positions(lm: PreTrainedModel) -> None:
    """From now on `lm.base_model(..., read=mask)` computes states only where the mask over its columns is true.

    Such a pass needs a `GrowingCache` and columns that are its first. All other passes are as they were. It may be
    called any number of times, by any thread.
    """
    layer = next(part for part in lm.base_model.children() if isinstance(part, nn.ModuleList))[-1]
    with _PREPARING:
        if not hasattr(layer, "skips_unread_positions"):
            layer.register_forward_pre_hook(_narrow, with_kwargs=True)
            layer.register_forward_hook(_widen, with_kwargs=True)
            layer.skips_unread_positions = True


# Compiled code cannot leave a layer half way, nor know how many columns are read: both hooks stay Python.
@torch.compiler.disable
def _narrow(layer: nn.Module, args: tuple, kwargs: Mapping[str, Any]) -> tuple[tuple, dict[str, Any]] | None:
    """Compute keys and values of all columns; the rest of the layer is left to run on the columns that are read."""
    if (read := kwargs.get("read")) is None:
        return None
    named = signature(layer.forward).bind(*args, **kwargs).arguments
    named |= named.pop("kwargs", {})
    # Most families call it past_key_values, GPT-NeoX layer_past.
    cache = next(value for value in named.values() if isinstance(value, GrowingCache))
    cache.layers[-1].leave_with_keys = True
    with suppress(KeysStored):
        layer.forward(**named)
    named["hidden_states"] = named["hidden_states"][:, read]
    if named.get("attention_mask") is not None:
        named["attention_mask"] = named["attention_mask"][:, :, read]
    if "position_ids" in named:
        named["position_ids"] = named["position_ids"][:, read]
    if "position_embeddings" in named:
        named["position_embeddings"] = tuple(part[:, read] for part in named["position_embeddings"])
    return (), named


@torch.compiler.disable
def _widen(layer: nn.Module, args: tuple, kwargs: Mapping[str, Any], states: Tensor) -> Tensor | None:
    """As wide as other layers' states, as the library expects it: zero in the columns that are not read."""
    if (read := kwargs.get("read")) is None:
        return None
    wide = states.new_zeros(states.shape[0], len(read), states.shape[2])
    wide[:, read] = states
    return wide
