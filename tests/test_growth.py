"""Models made larger: nothing is lost at the start, everything learns, and what cannot grow is refused."""

import copy
import json
from dataclasses import replace

import pytest
import torch
from transformers import GemmaConfig, GemmaForCausalLM

from coconut_core import definition
from coconut_core.checkpoints import load_model
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.training.config_files import config_from
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.growth import grown
from coconut_core.training.loop import train
from coconut_core.training.packing import pack
from coconut_core.training.shape import Growth
from tests.conftest import every_shape


def read(model, problems):
    """The thoughts on some questions, and the logits at every place of a text with thoughts."""
    questions = Encoder(model.tokenizer).questions([problem.question for problem in problems[:4]])
    with torch.no_grad():
        states = model.think(*pad_left(questions, model.tokens.padding), 4).states
        fed = definition.think(model.lm, questions[0].ids, 4)
        return states, model.lm(inputs_embeds=fed[None], use_cache=False).logits


@every_shape
@pytest.mark.parametrize("layers", [2, 3, 5])
def test_more_layers_change_no_bit(tiny_model, problems, layers):
    larger = grown(tiny_model, Growth(layers=layers))
    assert larger.lm.config.num_hidden_layers == layers
    for before, after in zip(read(tiny_model, problems), read(larger, problems), strict=True):
        assert torch.equal(before, after)


@every_shape
@pytest.mark.parametrize("times", [2, 3])
def test_more_width_changes_nothing_but_rounding(tiny_model, problems, times):
    torch.manual_seed(0)
    larger = grown(tiny_model, Growth(layers=3, width=32 * times))
    (states, logits), (more_states, more_logits) = read(tiny_model, problems), read(larger, problems)
    # The models are in float64, but the inside of Llama's norms is float32.
    torch.testing.assert_close(more_logits, logits, rtol=0, atol=1e-4)
    torch.testing.assert_close(more_states, states.repeat(1, 1, times), rtol=0, atol=1e-4)
    heads = tiny_model.lm.config.num_attention_heads
    assert larger.lm.config.num_attention_heads == times * heads
    said, more_said = (answers(model, problems[:4], ks=(0, 3), max_new_tokens=4).text for model in (tiny_model, larger))
    assert said == more_said


def batch_of(model, problems):
    encoded = [Encoder(model.tokenizer).problems([problem]) for problem in problems[:4]]
    tokens = model.tokens
    return pack(encoded, [[{2: 1.0}]] * 4, Curriculum(max_stage=3), thought=tokens.thought, padding=tokens.padding)


@every_shape
def test_what_is_new_learns(tiny_model, problems):
    """Output projections of new layers get gradients, and the copies of a unit get different ones, wherever it is."""
    larger = grown(copy.deepcopy(tiny_model).float(), Growth(layers=3, width=64)).train()
    larger(batch_of(larger, problems)).mean.backward()
    compared, zero = 0, 0
    for name, module in larger.lm.base_model.named_modules():
        if not isinstance(getattr(module, "weight", None), torch.Tensor) or module.weight.ndim == 1:
            continue
        assert module.weight.any() or module.weight.grad.any(), name
        zero += not module.weight.any()
        if module.weight.grad.any():
            written = module.weight.grad if isinstance(module, torch.nn.Linear) else module.weight.grad.T
            for part in written.chunk(3) if name.endswith("c_attn") else [written]:
                first, second = part.chunk(2)
                assert not torch.allclose(first, second, rtol=0.05, atol=1e-4), name
                compared += 1
    assert zero == 2 and compared > 10


def test_a_run_goes_on_from_a_model_that_grew(tmp_path, tiny_run, tiny_checkpoint, problems):
    config = replace(
        tiny_run,
        save_path=str(tmp_path),
        model=None,
        load_model_path=str(tiny_checkpoint),
        grow=Growth(layers=2, width=32),
        samples_per_epoch=8,
        validation_problems=1,
        lr=1e-12,
        ship_half=False,
    )
    assert config_from(config.as_dict()) == config
    folder = train(config, "", quiet=True)
    assert json.loads((folder / "coconut.json").read_text())["run"]["grow"] == {"layers": 2, "width": 32}
    before, after = load_model(tiny_checkpoint).model, load_model(folder).model
    assert (after.lm.config.num_hidden_layers, after.lm.config.hidden_size) == (2, 32)
    for small, large in zip(read(before, problems), read(after, problems), strict=True):
        torch.testing.assert_close(large[..., : small.shape[-1]], small, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("growth", "message"),
    [
        (Growth(layers=1), "grow.layers: 1 are fewer than the 2 of the model; give more."),
        (Growth(width=48), "grow.width: 48 is not a multiple of the model's width, 32; give one."),
        (Growth(width=16), "grow.width: 16 is not a multiple"),
        (Growth(layers=256, width=1 << 15), "numbers are more than the 1,073,741,824 possible"),
    ],
)
def test_what_is_not_growth_is_refused(tiny_llama, growth, message):
    with pytest.raises(InputError, match=message):
        grown(tiny_llama, growth)


def test_a_family_that_does_not_stay_the_same_is_refused(tiny_llama, problems):
    """Gemma's embeddings are multiplied by the root of its width."""
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    lm = GemmaForCausalLM(
        GemmaConfig(vocab_size=len(tiny_llama.tokenizer), num_key_value_heads=1, head_dim=16, pad_token_id=0, **sizes)
    )
    model = CoconutModel(lm, tiny_llama.tokenizer).eval()
    with pytest.raises(InputError, match="type gemma does not stay the same .*; grow layers alone"):
        grown(model, Growth(width=64))
    for before, after in zip(read(model, problems), read(grown(model, Growth(layers=3)), problems), strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": {}, "grow": {"layers": 6}}, "grow: only the model of load_model_path grows"),
        ({"load_model_path": "x", "grow": {}}, "grow: has neither layers nor width"),
        ({"load_model_path": "x", "grow": {"layers": 0}}, "grow.layers: 0 is not above zero"),
        ({"load_model_path": "x", "grow": {"width": 1 << 16}}, "grow.width: 65536 is too large"),
        ({"load_model_path": "x", "grow": {"heads": 2}}, "grow.heads: is not a field of a run"),
    ],
)
def test_growth_that_a_config_cannot_mean_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        config_from({"name": "x", "worlds": [{"epochs": 1}], **fields})
