"""Folders of models whose files were changed, of both families: a model that thinks, or one sentence."""

import json
import random
import shutil
from functools import cache
from pathlib import Path

import pytest
import torch

from coconut_core.checkpoints import base_model, load_model
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.official import import_official
from coconut_core.problems.registry import DEFAULT
from tests.conftest import make_tiny_model
from tests.hostile.mutators import as_json, mutated, mutated_bytes, refused
from workbench.choices.model_shelf import model_folder
from workbench.computed.run_tables import card_of, config_differences, models_table

IN_CI = 80
SHIPPED = Path(__file__).parents[2] / "artifacts" / "models" / f"{DEFAULT}_laptop"
CHANGED = ("coconut.json", "config.json", "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
HASHES = ("model_sha256", "tokenizer_sha256", "config_sha256")


@cache
def _gpt2():
    return make_tiny_model("gpt2")


def attempt(rng: random.Random, folder: Path) -> bool:
    """Try one folder; whether it was refused."""
    place = folder / "model"
    shutil.rmtree(place, ignore_errors=True)
    own = rng.random() < 0.7
    if own:
        shutil.copytree(SHIPPED, place)
        card = json.loads((place / "coconut.json").read_text())
        # The hashes would refuse most of it: whoever changes a file can leave them out.
        kept = {name: value for name, value in card.items() if name not in HASHES or rng.random() < 0.1}
        (place / "coconut.json").write_text(json.dumps(kept))
    else:
        _gpt2().lm.save_pretrained(place)
        _gpt2().tokenizer.save_pretrained(place)
    path = place / rng.choice(CHANGED if own else CHANGED[1:])
    content = path.read_bytes()
    if path.suffix == ".json" and rng.random() < 0.75:
        path.write_bytes(as_json(mutated(json.loads(content), rng), rng))
    else:
        path.write_bytes(mutated_bytes(content, rng))
    shown = model_folder(place)
    models_table([shown]), card_of(shown), config_differences([shown, shown])
    return refused(lambda: _thinks(load_model(place).model if own else base_model(place)))


def _thinks(model) -> None:
    questions = Encoder(model.tokenizer, model.method).questions(["Every wumpus is a rompus."])
    with torch.inference_mode():
        model.think(*pad_left(questions, model.tokens.padding), 2)


def test_mutated_folders_are_taken_or_refused(tmp_path):
    outcomes = [attempt(random.Random(f"folders {number}"), tmp_path) for number in range(IN_CI)]
    assert 0.3 < sum(outcomes) / IN_CI < 0.99
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def attempt_state(rng: random.Random, folder: Path) -> bool:
    """Try to import one state dict; whether it was refused. Nothing is left where it is."""
    base, state, out = folder / "base", folder / "state", folder / "out"
    if not base.exists():
        _gpt2().lm.save_pretrained(base)
        _gpt2().tokenizer.save_pretrained(base)
    weights = {f"base_causallm.{name}": value for name, value in _gpt2().lm.state_dict().items()}
    name = rng.choice(list(weights))
    odd = [
        1,
        "x",
        None,
        weights[name].half(),
        weights[name].to(torch.complex64),
        weights[name][:1],
        {},
        [weights[name]],
    ]
    odd += [torch.zeros(1).half().expand(10**9), weights[name].to_sparse(), torch.tensor(0.0), weights[name].to("meta")]
    change = rng.randrange(5)
    if change == 0:
        weights[name] = rng.choice(odd)
    elif change == 1:
        del weights[name]
    elif change == 2:
        weights[rng.choice([3, None, ("a",), 2.5, "", "\0", "\ud800", b"x", name + "\n"])] = rng.choice(odd)
    torch.save(rng.choice(odd) if change == 3 else weights, state)
    if change == 4:
        state.write_bytes(mutated_bytes(state.read_bytes(), rng))
    was_refused = refused(lambda: import_official(state, base, out, thoughts_per_step=1, max_stage=2))
    assert was_refused != out.exists()
    shutil.rmtree(out, ignore_errors=True)
    return was_refused


def test_mutated_state_dicts_are_taken_or_refused(tmp_path):
    outcomes = [attempt_state(random.Random(f"states {number}"), tmp_path) for number in range(25)]
    assert 0 < sum(outcomes) < 25
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "state"]


@pytest.mark.parametrize("out", ["file/below", "/proc/nowhere/out", "/dev/null/out"])
def test_a_place_where_nothing_can_be_written_is_named(tmp_path, out):
    (tmp_path / "file").write_text("")
    _gpt2().lm.save_pretrained(tmp_path / "base")
    _gpt2().tokenizer.save_pretrained(tmp_path / "base")
    torch.save(_gpt2().lm.state_dict(), tmp_path / "state")
    with pytest.raises(InputError, match=r"(made|written) \("):
        import_official(tmp_path / "state", tmp_path / "base", tmp_path / out, thoughts_per_step=1, max_stage=6)
    with pytest.raises(InputError, match="--max-stage: .* are more than the 1023"):
        import_official(tmp_path / "state", tmp_path / "base", tmp_path / "o", thoughts_per_step=1, max_stage=999999999)
