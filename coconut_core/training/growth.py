"""A trained model made larger without losing anything: more layers, more width, the same function at the start.

A new layer is a copy of the one before it whose output projections are zero. It adds nothing to the residual stream, so
that every logit stays as it was to the last bit, and it learns from the first step on: the gradient of an output
projection does not depend on its value.

Where the width is doubled, every unit of the residual stream, every head and every feed-forward unit is there twice, as
in Net2Net (arXiv 1511.05641). What reads a unit reads both copies, each with a share of the old weight. The shares add
up to one, so that sums stay as they were but for rounding, and they are drawn at random: copies that are read alike
would get the same gradients and never differ. Norms do not notice, since copies have the mean and the variance of what
they are copied from. The output of the last norm is doubled just as the token embeddings are, which is why thoughts can
be fed back as before. A head that shared its weights with the embeddings gets weights of its own: the embeddings are
copied, and the head, which reads, takes shares.

What comes out is tried before it is handed on, so that a family in which layers or widths mean something else (Gemma
multiplies its embeddings by the root of its width) is refused.
"""

import copy
import re

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from coconut_core.errors import InputError
from coconut_core.methods import COCONUT
from coconut_core.model import CoconutModel
from coconut_core.training.limits import LARGEST_MODEL
from coconut_core.training.shape import Growth

UNEQUAL = 0.5
"""How unequal the shares of n copies are: each is 1/n, and at most this part of it more or less."""
ROUNDING = 1e-3
"""Changes of logits up to this part of the largest logit are taken for rounding."""
_WIDTHS = ("hidden_size", "intermediate_size", "n_inner", "num_attention_heads", "num_key_value_heads")
"""Fields of configs that grow with the width. The size of a head stays as it is."""
_OUTPUTS = re.compile(r"\.(o_proj|down_proj|c_proj|attention\.dense|dense_4h_to_h)\.(weight|bias)$")
"""Parameters of a layer that write to the residual stream."""
_LAYER = re.compile(r"\.(\d+)\.")
_TRIED, _THOUGHTS = 5, 3
"""Tokens and thoughts of the text that both models are tried on."""


@torch.no_grad()
def grown(model: CoconutModel, growth: Growth) -> CoconutModel:
    """A larger model that thinks and answers as `model` does, which is in evaluation mode and is left as it is.

    The shares are drawn from torch's random numbers. `InputError` where the model would have fewer layers, where the
    width is not a multiple of the model's, or where a model of its family cannot grow like this.
    """
    lm = model.lm
    family, layers, width = lm.config.model_type, lm.config.num_hidden_layers, lm.config.hidden_size
    more_layers, times = growth.layers or layers, (growth.width or width) // width
    if more_layers < layers:
        raise InputError(f"grow.layers: {more_layers} are fewer than the {layers} of the model; give more.")
    if growth.width and growth.width % width:
        raise InputError(f"grow.width: {growth.width} is not a multiple of the model's width, {width}; give one.")
    numbers = sum(p.numel() for p in lm.parameters()) * times**2 * more_layers // layers
    if numbers > LARGEST_MODEL:
        raise InputError(f"grow: about {numbers:,} numbers are more than the {LARGEST_MODEL:,} possible; give less.")
    try:
        larger = _wider(_deeper(lm, more_layers), times)
        change = _change(model, CoconutModel(larger.eval(), model.tokenizer, model.method))
    except Exception as error:  # whatever the library makes of sizes that a family does not expect
        raise InputError(f"grow: models of the type {family} cannot grow; leave grow out.") from error
    if not change <= ROUNDING:
        raise InputError(
            f"grow: a model of the type {family} does not stay the same when it grows like this (its logits change by "
            f"{change:.1%}); grow layers alone, or leave grow out."
        )
    return CoconutModel(larger, model.tokenizer, model.method)


def _deeper(lm: PreTrainedModel, layers: int) -> PreTrainedModel:
    """The model with more layers, spread evenly, each behind the one it is a copy of."""
    config = copy.deepcopy(lm.config)
    copied = [new * config.num_hidden_layers // layers for new in range(layers)]
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[old] for old in copied]
    larger, weights = _empty(lm, config), lm.state_dict()

    def value(name: str) -> Tensor:
        if (found := _LAYER.search(name)) is None:
            return weights[name]
        new = int(found[1])
        was = weights[f"{name[: found.start(1)]}{copied[new]}{name[found.end(1) :]}"]
        is_new = copied.index(copied[new]) != new
        return torch.zeros_like(was) if is_new and _OUTPUTS.search(name) else was

    larger.load_state_dict({name: value(name) for name in larger.state_dict()})
    return larger


def _wider(lm: PreTrainedModel, times: int) -> PreTrainedModel:
    """The model with `times` copies of every unit, each read with a share of the old weight."""
    if times == 1:
        return lm
    config = copy.deepcopy(lm.config)
    for name in _WIDTHS:
        if getattr(config, name, None) is not None:
            setattr(config, name, times * getattr(config, name))
    config.tie_word_embeddings = False
    larger, old = _empty(lm, config), lm.state_dict()
    weights = {}
    for place, module in larger.named_modules():
        # Where a weight reads: Linear is stored as (out, in), GPT-2's Conv1D as (in, out).
        reads = {nn.Linear: 1, Conv1D: 0}.get(type(module))
        for name, parameter in module.named_parameters(prefix=place, recurse=False):
            value = old[name]
            # GPT-2's query, key and value are one matrix, of which each part is copied by itself.
            parts = value.chunk(3, -1) if place.endswith(".c_attn") else [value]
            for dim in range(value.ndim):
                if parameter.shape[dim] != value.shape[dim]:
                    parts = [_shared(each, times, dim) if dim == reads else _copied(each, times, dim) for each in parts]
            weights[name] = torch.cat(parts, -1)
    larger.load_state_dict(weights)
    return larger


def _copied(value: Tensor, times: int, dim: int) -> Tensor:
    return torch.cat([value] * times, dim)


def _shared(value: Tensor, times: int, dim: int) -> Tensor:
    shares = torch.rand(times, *value.shape, dtype=value.dtype, device=value.device)
    shares = (1 + UNEQUAL * (shares - shares.mean(0))) / times
    return torch.cat(list(shares * value), dim)


def _empty(lm: PreTrainedModel, config) -> PreTrainedModel:
    """A model of the same class and kind of numbers."""
    return type(lm)(config).to(lm.device, lm.dtype)


def _change(model: CoconutModel, larger: CoconutModel) -> float:
    """The largest change of a logit at a thought, as a part of the largest logit."""
    ids = torch.arange(_TRIED, device=model.device)[None]
    before, after = (
        each.logits(each.with_method(COCONUT).think(ids, torch.ones_like(ids), _THOUGHTS).states)
        for each in (model, larger)
    )
    return float((after - before).abs().max() / before.abs().max())
