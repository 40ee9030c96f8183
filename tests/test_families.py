"""Families of models beside Llama and GPT-2: what is theirs alone, and what is done where a cache is not known."""

import copy

import pytest
import torch
from transformers import LlamaConfig, MistralConfig

from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.speedups.growing_cache import takes_growing_cache
from coconut_core.training.curriculum import Curriculum
from tests.conftest import make_tiny_model
from tests.test_model import packed


@pytest.mark.parametrize("family", ["mistral", "gemma3"])
def test_windows_are_shorter_than_the_texts_that_are_tested(family, problems):
    """Otherwise the tests against the definition would say nothing of them."""
    model = make_tiny_model(family).double()
    questions = Encoder(model.tokenizer).questions([problem.question for problem in problems])
    assert min(len(question.ids) for question in questions) > model.lm.config.sliding_window
    wide = copy.deepcopy(model)
    for layer in wide.lm.base_model.layers:
        layer.self_attn.sliding_window = None
    wide.lm.config.sliding_window = None
    first, second = (each.think(*pad_left(questions, 0), 2).states for each in (model, wide))
    assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_without_a_cache_everything_is_the_same(family, problems, monkeypatch):
    cached = make_tiny_model(family).double()
    monkeypatch.setattr("coconut_core.model.takes_growing_cache", lambda config: False)
    with pytest.warns(UserWarning, match=f"A {cached.lm.config.model_type} model keeps its keys and values in a way"):
        plain = CoconutModel(cached.lm, cached.tokenizer)
    questions = pad_left(Encoder(plain.tokenizer).questions([problem.question for problem in problems]), 0)
    thoughts = plain.think(*questions, 3)
    assert thoughts.context.cache is None
    torch.testing.assert_close(thoughts.states, cached.think(*questions, 3).states, rtol=0, atol=1e-10)
    said = [answers(each, problems[:4], ks=(0, 2), max_new_tokens=5).text for each in (plain, cached)]
    assert said[0] == said[1]
    batch = packed(plain, [[problem] for problem in problems[:4]], [[{2: 1.0}]] * 4, Curriculum(max_stage=3))
    torch.testing.assert_close(plain(batch).by_label, cached(batch).by_label, rtol=0, atol=2e-6)


def test_other_caches_are_not_taken_for_known_ones(tiny_llama):
    assert takes_growing_cache(LlamaConfig()) and takes_growing_cache(MistralConfig(sliding_window=9))
    other = copy.deepcopy(tiny_llama.lm)
    other.config.kv_sharing_modes = [None, "reuse"]
    assert not takes_growing_cache(other.config)
    recurrent = copy.deepcopy(tiny_llama.lm)
    recurrent.config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(InputError, match="A llama model has layers that keep a state .*; give a model all of whose"):
        CoconutModel(recurrent, tiny_llama.tokenizer)
