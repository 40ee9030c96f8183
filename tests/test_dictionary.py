"""Dictionaries of thoughts: learned where the directions are known, stored, and stopped on the way."""

import json
import os
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file

from analyses.readings.representation.dictionary import CONFIG, FOLDER, WEIGHTS, Dictionary
from analyses.readings.representation.dictionary_learning import Learning, small_dictionary
from coconut_core.errors import InputError
from tests.command_line import coconut

D, FEATURES, ACTIVE = 32, 24, 3


@pytest.fixture(scope="module")
def directions():
    drawn = torch.randn(FEATURES, D, generator=torch.Generator().manual_seed(1))
    return drawn / drawn.norm(dim=-1, keepdim=True)


def made_of(directions, count, seed):
    """Vectors that are sums of three of the directions, 30 to 60 times as long, about a middle that is not 0."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.stack([torch.randperm(FEATURES, generator=generator)[:ACTIVE] for _ in range(count)])
    amounts = torch.zeros(count, FEATURES).scatter(1, which, 1 + torch.rand(count, ACTIVE, generator=generator))
    return 30 * amounts @ directions + 5, amounts > 0


@pytest.fixture(scope="module")
def learned(directions):
    vectors, _ = made_of(directions, 3000, 2)
    learning = Learning(vectors, 48, ACTIVE)
    errors = [learning.learn(vectors, 5, at / 8, (at + 1) / 8, at) for at in range(8)]
    assert errors[-1] < errors[0] / 4
    return learning.dictionary()


def test_directions_that_vectors_are_made_of_are_found(learned, directions):
    vectors, has = made_of(directions, 500, 3)
    activations = learned.activations(vectors)
    assert ((activations > 0).sum(1) <= ACTIVE).all() and (activations >= 0).all()
    left = (learned.rebuilt(activations) - vectors).square().sum() / (vectors - vectors.mean(0)).square().sum()
    assert left < 0.15
    likeness = directions @ learned.decoder.T
    found = likeness.max(1).values > 0.9
    assert found.float().mean() > 0.8
    # A feature is there where its direction is.
    own = activations[:, likeness.argmax(1)] > 0
    assert (own == has)[:, found].float().mean() > 0.9
    control = learned.random(0)
    assert ((directions @ control.decoder.T).max(1).values > 0.9).float().mean() < 0.2


def test_a_folder_holds_what_was_learned_as_saelens_has_it(tmp_path, learned, directions):
    learned.save(tmp_path, {"model_name": "made"})
    stored, config = load_file(tmp_path / WEIGHTS), json.loads((tmp_path / CONFIG).read_text())
    assert {name: tuple(each.shape) for name, each in stored.items()} == {
        "W_enc": (D, 48),
        "b_enc": (48,),
        "W_dec": (48, D),
        "b_dec": (D,),
    }
    assert (config["architecture"], config["d_in"], config["d_sae"], config["k"]) == ("topk", D, 48, ACTIVE)
    vectors, _ = made_of(directions, 20, 4)
    again = Dictionary.load(tmp_path, D)
    assert torch.equal(again.activations(vectors), learned.activations(vectors))
    # As SAELens computes them: the bias of the decoder is taken off first, the largest are kept where positive.
    inside = (vectors - stored["b_dec"]) @ stored["W_enc"] + stored["b_enc"]
    top = torch.topk(inside, config["k"])
    expected = torch.zeros_like(inside).scatter(1, top.indices, top.values.relu())
    assert torch.equal(again.activations(vectors), expected)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [("d_in", 33, "'d_in' is not 32"), ("k", 0, "'d_sae' and 'k'"), ("architecture", "gated", 'not "topk"')],
)
def test_a_wrong_folder_is_one_sentence(tmp_path, learned, field, value, fault):
    learned.save(tmp_path, {})
    config = json.loads((tmp_path / CONFIG).read_text())
    (tmp_path / CONFIG).write_text(json.dumps(config | {field: value}))
    with pytest.raises(InputError, match=fault):
        Dictionary.load(tmp_path, D)


def test_weights_that_are_not_there_or_of_another_shape_are_one_sentence(tmp_path, learned):
    learned.save(tmp_path, {})
    config = json.loads((tmp_path / CONFIG).read_text())
    (tmp_path / CONFIG).write_text(json.dumps(config | {"d_sae": 47}))
    with pytest.raises(InputError, match="W_enc is not 32 x 47"):
        Dictionary.load(tmp_path, D)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(InputError, match="coconut dictionary"):
        Dictionary.load(tmp_path, D)


def test_thoughts_that_are_all_the_same_have_no_features():
    with pytest.raises(InputError, match="the same on all problems"):
        small_dictionary(torch.ones(50, D))


OPTIONS = ("--thoughts", 2000, "--features", 32, "--active", 4)


def test_a_stopped_command_goes_on_to_the_same_dictionary(tmp_path, tiny_checkpoint, monkeypatch):
    whole, stopped = (shutil.copytree(tiny_checkpoint, tmp_path / name) for name in ("whole", "stopped"))
    done = coconut("dictionary", whole, *OPTIONS)
    assert done.returncode == 0 and str(whole / FOLDER) in done.stdout, done.stderr
    assert {path.name for path in (whole / FOLDER).iterdir()} == {WEIGHTS, CONFIG}

    learn, calls = Learning.learn, []

    def interrupted(self, *arguments):
        calls.append(arguments)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return learn(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Learning, "learn", interrupted)
        done = coconut("dictionary", stopped, *OPTIONS)
    assert done.returncode == 130 and "goes on" in done.stderr and len(calls) == 2
    assert [path.name for path in (stopped / FOLDER).iterdir()] == ["state.pt"]
    refused = coconut("dictionary", stopped, "--thoughts", 3000)
    assert refused.returncode == 2 and "--restart" in refused.stderr and refused.stderr.count("\n") == 1
    assert coconut("dictionary", stopped, *OPTIONS).returncode == 0
    one, other = (load_file(folder / FOLDER / WEIGHTS) for folder in (whole, stopped))
    assert all(torch.equal(one[name], other[name]) for name in one)
    # What is there is kept, and not mistaken for another one.
    assert coconut("dictionary", whole, *OPTIONS).returncode == 0
    assert "--restart" in coconut("dictionary", whole, "--thoughts", 3000).stderr
