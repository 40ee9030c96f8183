"""A TransformerLens view of a Coconut model: hooks, caches and patching on a text whose slots hold thoughts.

The slots are filled with placeholder tokens and overwritten at the embedding hook, so that everything in
TransformerLens that reads tokens works. The thoughts are frozen: a patch at one does not change those after it. The
view is made of a copy, since a bridge rebuilds the model it is given, and never with `enable_compatibility_mode`,
which would fold the final norm into the weights: a thought is the output of that norm.

    view = bridge(model)
    with thoughts_in_place(view, ids, states):
        logits, cache = view.run_with_cache(ids, attention_mask=mask)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from coconut_core.model import CoconutModel

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def bridge(model: CoconutModel) -> "TransformerBridge":
    """The model's language model as a `TransformerBridge`; the model is left as it is."""
    # Three seconds of imports that only this view needs.
    from transformer_lens.model_bridge.sources import build_bridge_from_module

    lm = deepcopy(model.lm)
    return build_bridge_from_module(lm, type(lm).__name__, hf_config=lm.config)


def with_slots(
    model: CoconutModel, ids: Int[Tensor, "batch column"], mask: Int[Tensor, "batch column"], count: int
) -> tuple[Int[Tensor, "batch longer"], Int[Tensor, "batch longer"]]:
    """Questions followed by `count` placeholder tokens, and their mask."""
    slots = ids.new_full((len(ids), count), model.tokens.thought)
    return torch.cat([ids, slots], 1), torch.cat([mask, torch.ones_like(slots)], 1)


@contextmanager
def thoughts_in_place(
    view: "TransformerBridge",
    ids: Int[Tensor, "batch column"],
    states: Float[Tensor, "batch thought d_model"],
) -> Iterator[None]:
    """Within, the placeholders that `with_slots` put at the end of `ids` are embedded as the thoughts `states`."""

    def overwrite(embedded: Tensor, hook: object) -> Tensor:
        return torch.cat([embedded[:, : ids.shape[1] - states.shape[1]], states.to(embedded)], 1)

    with view.hooks(fwd_hooks=[("embed.hook_out", overwrite)]):
        yield
