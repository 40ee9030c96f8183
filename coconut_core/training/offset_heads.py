"""Heads that start out looking a fixed number of tokens back.

To follow "Every terpus is a brimpus" a model needs two layers: one that tells each word which words stand before it,
and one that finds the fact whose subject is asked for. Neither is of use without the other, so a model from scratch
stays on a plateau where it names any of the nodes, for longer the more facts there are. Starting with the first half
done takes the plateau away (artifacts/README.md has the runs). It is an initial value and nothing else: every weight
is trained as before.

A head of the first layer attends `offset` tokens back if its query and key are constants whose rotary phases differ by
`offset` positions. The constants are the biases of the query and key projections; only the fast rotary frequencies,
which tell neighbours apart, are used, and the content part of these heads starts small.
"""

import math
from collections.abc import Sequence

import torch
from transformers import LlamaForCausalLM

from coconut_core.errors import InputError

SLOWEST = 0.05
"""Radians a token: slower frequencies do not tell a token from its neighbour."""
MARGIN = 5.0
"""Attention score of the wanted token over its neighbours."""
CONTENT = 0.2
"""Scale of the content part of the heads' queries and keys, beside which the biases must stand out."""


@torch.no_grad()
def set_offset_heads(lm: LlamaForCausalLM, offsets: Sequence[int]) -> None:
    """Let the first heads of the first layer attend `offsets` tokens back, one head each.

    `InputError` if there are more offsets than heads or if an offset is not positive.
    """
    attention, size = lm.model.layers[0].self_attn, lm.config.head_dim
    if len(offsets) > lm.config.num_attention_heads or min(offsets) < 1:
        raise InputError(
            f"model.offset_heads: {list(offsets)} is not possible; give at most {lm.config.num_attention_heads} "
            "numbers of tokens, each 1 or more."
        )
    base = lm.config.rope_parameters["rope_theta"]
    frequency = base ** (-torch.arange(0, size, 2) / size)
    used = (frequency >= SLOWEST).float()
    contrast = float(((1 - frequency.cos()) * used).sum())
    strength = math.sqrt(MARGIN * math.sqrt(size) / contrast)
    for head, offset in enumerate(offsets):
        rows = slice(head * size, (head + 1) * size)
        for projection, shift in ((attention.q_proj, 0), (attention.k_proj, offset)):
            projection.weight[rows] *= CONTENT
            phase = frequency * shift
            projection.bias[rows] = strength * torch.cat([used * phase.cos(), used * phase.sin()])
