"""Folders of models: what they hold, that other programs load them, and that a broken one is named."""

import json
import shutil

import pytest
import torch

from coconut_core.card import FILES
from coconut_core.checkpoints import load_model
from coconut_core.definition import think
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.training.config import RunConfig
from coconut_core.training.initial_model import initial_model


@pytest.fixture
def folder(tiny_checkpoint, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "model")


def test_a_card_says_how_the_model_came_about(tiny_checkpoint, tiny_run):
    card = load_model(tiny_checkpoint).card
    assert card["command"] == "coconut train tiny.yaml"
    assert card["run"]["lr"] == tiny_run.lr and card["samples"] == 64
    assert card["metrics"]["n"] == 6 and set(card["metrics"]["accuracy"]) == {"0", "1", "2", "3"}
    assert len(card["data"]["worlds_sha256"]) == 64 and card["parameters"] > 0
    assert {path.name for path in tiny_checkpoint.iterdir()} == {*FILES, "metrics.jsonl", "run.json"}


def test_it_loads_without_this_project_and_computes_the_same(tiny_checkpoint, problems):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ours = load_model(tiny_checkpoint).model
    lm = AutoModelForCausalLM.from_pretrained(tiny_checkpoint, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    (question,) = Encoder(tokenizer).questions([problems[0].question])
    thoughts = ours.think(*pad_left([question], 0), 1)
    (first,) = think(lm, question.ids, 1)[len(question.ids) :]
    torch.testing.assert_close(thoughts.states[0, 0], first, rtol=0, atol=1e-5)


def test_weights_are_stored_in_half_precision_and_used_in_full(tiny_checkpoint):
    from safetensors.torch import load_file

    assert {w.dtype for w in load_file(tiny_checkpoint / "model.safetensors").values()} == {torch.float16}
    assert next(load_model(tiny_checkpoint).model.parameters()).dtype == torch.float32


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name}.*missing"):
        load_model(folder)


@pytest.mark.parametrize("name", FILES[:4])
def test_a_truncated_file_is_named(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=name):
        load_model(folder)


def test_weights_of_another_shape_are_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(InputError, match="model.safetensors: does not match config.json"):
        load_model(folder)


def test_a_tokenizer_of_another_model_is_refused(folder):
    from coconut_core.tokenizers import word_level_tokenizer

    word_level_tokenizer([f"word{index}" for index in range(200)]).save_pretrained(folder)
    with pytest.raises(InputError, match="tokenizer.json: is not what field 'tokenizer_sha256'"):
        load_model(folder)
    card = json.loads((folder / "coconut.json").read_text())
    del card["tokenizer_sha256"]  # a folder of an older version
    (folder / "coconut.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="field 'tokens' does not match|tokens but"):
        load_model(folder)


def test_weights_of_another_model_of_the_same_shape_are_refused(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({name: value + 1 for name, value in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match="model.safetensors: is not what field 'model_sha256'"):
        load_model(folder)


def test_a_stop_classifier_of_another_width_is_refused(folder):
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(5), "bias": torch.zeros(())}, folder / "stop_classifier.safetensors")
    with pytest.raises(InputError, match="stop_classifier.safetensors: is not of thoughts of 16 numbers"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 9}, "field 'format_version' is 9"),
        ({"tokens": {}}, "field 'tokens' does not match"),
        ({"max_thoughts": "six"}, "field 'max_thoughts' is 'six'"),
        ({"max_thoughts": -2}, "field 'max_thoughts' is -2"),
        ({"method": "cot"}, "field 'max_thoughts' is 3, which a model of the method cot cannot have"),
        ({"method": ["coconut"]}, "field 'method' is \\['coconut'\\]"),
        ({"run": []}, "field 'run' is \\[\\]"),
    ],
)
def test_a_card_at_odds_is_refused(folder, change, message):
    card = json.loads((folder / "coconut.json").read_text())
    (folder / "coconut.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(InputError, match=message):
        load_model(folder)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        load_model(tmp_path / "absent")
    with pytest.raises(InputError, match="model_id: .* is not a local folder"):
        initial_model(RunConfig(name="x", model_id="openai-community/gpt2", train_path="x.json"))


def test_a_base_model_gets_the_three_tokens(tmp_path, family):
    """A local Hugging Face folder without thought tokens, as a user brings it."""
    from tests.conftest import make_tiny_model

    base = make_tiny_model(family)
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(WordLevel({"<eos>": 0, "<<": 1, "Every": 2, "is": 3}, unk_token="<eos>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>").save_pretrained(tmp_path)
    base.lm.resize_token_embeddings(4, mean_resizing=False)
    base.lm.save_pretrained(tmp_path)
    model = initial_model(RunConfig(name="x", model_id=str(tmp_path), train_path="x.json"))
    embeddings = model.lm.get_input_embeddings().weight
    assert embeddings.shape[0] == 7
    for token in (model.tokens.begin, model.tokens.thought, model.tokens.end):
        assert torch.equal(embeddings[token], embeddings[1])
    assert model.tokens.padding == model.tokens.end_of_text == 0
