"""Adapters: they begin as nothing, nothing of the base learns, and a folder of them is a model where its base is."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from coconut_core.adapters import Lora, adapted, is_adapted
from coconut_core.checkpoints import base_model, load_model
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.training.config_files import config_from
from coconut_core.training.initial_model import initial_model
from coconut_core.training.loop import STATE, train
from tests.command_line import coconut
from tests.conftest import every_shape, make_tiny_model
from tests.test_growth import batch_of
from tests.test_training import Killed, die, stop_at

LORA = Lora(rank=2, alpha=4.0)


def thoughts(model, problems):
    questions = Encoder(model.tokenizer, model.method).questions([problem.question for problem in problems[:4]])
    with torch.no_grad():
        return model.think(*pad_left(questions, model.tokens.padding), 3).states


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, tiny_run, tiny_checkpoint) -> Path:
    """A finished run of adapters over a copy of the tiny checkpoint, which stands beside it."""
    folder = tmp_path_factory.mktemp("adapters")
    shutil.copytree(tiny_checkpoint, folder / "base_model")
    return train(run(tiny_run, folder), "coconut train tuned.yaml", quiet=True)


def run(tiny_run, folder, **changes):
    usual = {"model": None, "load_model_path": str(folder / "base_model"), "lora": LORA, "name": "tuned"}
    return replace(tiny_run, save_path=str(folder), **usual | changes)


@every_shape
def test_adapters_begin_as_nothing_and_nothing_else_learns(family, problems):
    model = make_tiny_model(family)
    before = thoughts(model, problems)
    named = set(adapted(model, LORA).lm.state_dict())
    assert is_adapted(model) and torch.equal(thoughts(model, problems), before)
    learn = [name for name, parameter in model.lm.named_parameters() if parameter.requires_grad]
    assert learn and all("lora_" in name or "trainable_tokens" in name for name in learn)
    # Every linear layer but the head has both matrices.
    linear = {name.removesuffix(".base_layer.weight") for name in named if name.endswith(".base_layer.weight")}
    linear -= {name for name in linear if "token_adapter" in name}
    assert {name.partition(".lora_")[0] for name in learn if "lora_" in name} == linear and len(linear) >= 8


def test_a_folder_of_adapters_is_small_and_a_model(tuned, tiny_checkpoint, problems):
    assert not (tuned / "model.safetensors").exists() and not (tuned / "config.json").exists()
    whole = load_file(tiny_checkpoint / "model.safetensors")
    numbers = load_file(tuned / "adapter_model.safetensors")
    assert all(each.dtype == torch.float16 for each in numbers.values())
    assert sum(each.numel() for each in numbers.values()) < 0.5 * sum(each.numel() for each in whole.values())
    loaded = load_model(tuned)
    assert not is_adapted(loaded.model) and all(p.requires_grad for p in loaded.model.parameters())
    assert loaded.card["base"]["model_sha256"] == loaded.card["data"]["start_sha256"]
    base = load_model(tiny_checkpoint).model
    assert not torch.allclose(thoughts(loaded.model, problems), thoughts(base, problems), atol=1e-2)
    # The base was left as it is, on disk and in what the adapters are added to.
    assert torch.equal(whole["model.norm.weight"].float(), loaded.model.lm.model.norm.weight.detach())


def test_peft_reads_the_same_model(tuned, problems):
    from peft import PeftModel

    ours = load_model(tuned).model
    base = base_model(tuned.parent / "base_model", ours.method)
    PeftModel.from_pretrained(base.lm, tuned)
    torch.testing.assert_close(thoughts(base.eval(), problems), thoughts(ours, problems), rtol=1e-4, atol=1e-5)


def test_a_run_of_adapters_resumes_to_the_bit_and_stores_them_alone(tmp_path, tiny_run, tiny_checkpoint, monkeypatch):
    shutil.copytree(tiny_checkpoint, tmp_path / "base_model")
    config = run(tiny_run, tmp_path, checkpoint_minutes=1e-9)
    whole = train(replace(config, name="whole"), "", quiet=True)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 5, die)
        train(config, "", quiet=True)
    state = torch.load(config.folder / STATE, weights_only=True)
    assert all("lora_" in name or "trainable_tokens" in name for name in state["model"])
    resumed = train(config, "", quiet=True)
    one, other = (load_file(folder / "adapter_model.safetensors") for folder in (whole, resumed))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_adapters_are_trained_on_over_the_same_base(tuned, tiny_run):
    go_on = run(tiny_run, tuned.parent, load_model_path=str(tuned), name="more")
    start = initial_model(go_on)
    assert is_adapted(start)
    base = str(tuned.parent / "base_model")
    more = train(go_on, "", quiet=True)
    assert json.loads((more / "coconut.json").read_text())["base"]["folder"] == base
    with pytest.raises(InputError, match="holds adapters with Lora\\(rank=2.*give the same"):
        initial_model(replace(go_on, lora=Lora(rank=3)))
    # Without `lora` all weights of the model that both make are trained.
    assert not is_adapted(initial_model(replace(go_on, lora=None)))


def test_a_base_that_is_elsewhere_is_linked(tuned, tmp_path, problems):
    moved = tmp_path / "moved"
    shutil.copytree(tuned, moved)
    card = json.loads((moved / "coconut.json").read_text())
    card["base"]["folder"] = "nowhere/else"
    (moved / "coconut.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="adapters over 'nowhere/else', which is not there; put that model, or a link"):
        load_model(moved)
    (moved / "base").symlink_to(tuned.parent / "base_model")
    assert torch.equal(thoughts(load_model(moved).model, problems), thoughts(load_model(tuned).model, problems))


def test_adapters_over_another_base_are_refused(tuned, tmp_path, tiny_checkpoint):
    moved = tmp_path / "moved"
    shutil.copytree(tuned, moved)
    shutil.copytree(tiny_checkpoint, moved / "base")
    weights = load_file(moved / "base" / "model.safetensors")
    save_file({name: each + 1 for name, each in weights.items()}, moved / "base" / "model.safetensors")
    with pytest.raises(InputError, match="its adapters are over other weights than those in .*base"):
        load_model(moved)
    told = coconut("values", moved, "laptop", "--out", tmp_path / "values.csv")
    assert told.returncode == 2 and "over other weights" in told.stderr and not (tmp_path / "values.csv").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"x" * 40), "model_sha256"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "adapter_model.safetensors: is missing"),
        (lambda folder: edit(folder, lambda card: card.pop("base")), "field 'base' names no base"),
        (lambda folder: edit(folder, lambda card: card["run"].pop("lora")), "field 'lora' of the run is missing"),
        (lambda folder: edit(folder, lambda card: card["run"].update(lora={"rank": 3})), "no adapters of rank 3"),
    ],
)
def test_what_is_wrong_with_a_folder_of_adapters_is_said(tuned, tmp_path, spoil, message):
    folder = tmp_path / "spoilt"
    shutil.copytree(tuned, folder)
    spoil(folder)
    with pytest.raises(InputError, match=message):
        load_model(folder)


def edit(folder, change):
    card = json.loads((folder / "coconut.json").read_text())
    change(card)
    (folder / "coconut.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("lora", "message"),
    [
        ({"rank": 0}, "lora.rank: 0 is none of 1 to"),
        ({"alpha": 0}, "lora.alpha: 0.0 is not above zero"),
        ({"dropout": 1}, "lora.dropout: 1.0 is not a share below 1"),
        ({"rank": "many"}, "lora.rank: 'many' is not a whole number"),
        ({"layers": 2}, "lora.layers: is not a field"),
    ],
)
def test_impossible_adapters_are_refused(lora, message):
    world = [{"epochs": 1}]
    with pytest.raises(InputError, match=message):
        config_from({"name": "run", "load_model_path": "prosqa_laptop", "worlds": world, "lora": lora})


def test_a_model_from_scratch_takes_no_adapters(tiny_run):
    with pytest.raises(InputError, match="lora: a model from scratch has no weights to add to"):
        replace(tiny_run, lora=LORA)


def test_without_the_library_it_says_how_to_get_it(tiny_run, tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("coconut_core.adapters.find_spec", lambda name: None)
    config = run(tiny_run, tmp_path / "no", load_model_path=str(tiny_checkpoint))
    with pytest.raises(InputError, match=r"peft is not installed; pip install '.\[lora\]'"):
        train(config, "", quiet=True)
    assert not (tmp_path / "no").exists()


@every_shape
def test_adapters_learn(family, problems):
    """The loss of one batch falls while nothing but adapters is changed."""
    model = adapted(make_tiny_model(family), Lora(rank=8)).train()
    batch = batch_of(model, problems)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    losses = []
    for _ in range(40):
        loss = model(batch).mean
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
