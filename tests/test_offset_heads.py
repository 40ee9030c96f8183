"""Heads that look back from the start."""

import pytest
import torch

from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.training.config import RunConfig, World
from coconut_core.training.initial_model import initial_model
from coconut_core.training.shape import ModelShape


def config(**shape):
    return RunConfig(name="x", model=ModelShape(layers=1, width=128, heads=4, **shape), worlds=(World(epochs=1),))


def test_heads_attend_their_offset_whatever_the_words(problems):
    torch.manual_seed(0)
    model = initial_model(config(offset_heads=(1, 2, 3), initial_std=0.06))
    model.lm.set_attn_implementation("eager")
    (question,) = Encoder(model.tokenizer).questions([problems[0].question])
    pattern = model.lm(torch.tensor([question.ids]), output_attentions=True).attentions[0][0]
    for head, offset in enumerate((1, 2, 3)):
        share = pattern[head].diagonal(-offset)[offset:]
        assert share.mean() > 0.8 and share.min() > 0.3
    assert pattern[3].diagonal(-1).mean() < 0.2


@pytest.mark.parametrize("shape", [{"offset_heads": (1,) * 5}, {"offset_heads": (0,)}])
def test_impossible_offsets_are_refused(shape):
    with pytest.raises(InputError, match="offset_heads"):
        initial_model(config(**shape))
    with pytest.raises(InputError, match="GPT-2"):
        initial_model(config(family="gpt2", offset_heads=(1,)))
