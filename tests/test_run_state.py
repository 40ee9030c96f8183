"""What a run keeps to be resumed: a log without gaps or doubled lines, and a state that is used whole or not at all."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from coconut_core.errors import InputError
from coconut_core.training import loop as training
from coconut_core.training.loop import STATE, train
from tests.test_training import Killed, assert_same_model, die, metrics, short_answers, stop_at  # noqa: F401


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_run):
    """The folder of a run that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "answers", lambda *a, **k: training_answers(*a, **k, max_new_tokens=24))
        return train(replace(tiny_run, save_path=str(tmp_path_factory.mktemp("whole"))), "", quiet=True)


training_answers = training.answers


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory, tiny_run):
    """A run that was killed in its sixth step and had stored its state after every step."""
    config = replace(tiny_run, save_path=str(tmp_path_factory.mktemp("killed")), checkpoint_minutes=1e-9)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(training, "answers", lambda *a, **k: training_answers(*a, **k, max_new_tokens=24))
        stop_at(patch, 5, die)
        train(config, "", quiet=True)
    return config


@pytest.fixture
def killed(killed_run, tmp_path):
    """A copy of it that may be spoilt."""
    config = replace(killed_run, save_path=str(tmp_path))
    shutil.copytree(killed_run.folder, config.folder)
    (config.folder / "run.json").write_text(json.dumps(config.as_dict()))
    return config


def refusal(config):
    """The sentence with which a run is not resumed; its folder stays as it was."""
    before = {path: path.read_bytes() for path in config.folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as refused:
        train(config, "", quiet=True)
    assert {path: path.read_bytes() for path in config.folder.rglob("*") if path.is_file()} == before
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400
    return str(refused.value)


def test_a_kill_before_the_first_state_doubles_no_line(tmp_path, tiny_run, whole, monkeypatch):
    config = replace(tiny_run, save_path=str(tmp_path))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 5, die)
        train(config, "", quiet=True)
    assert metrics(config.folder) and not (config.folder / STATE).exists()
    with (config.folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "ep')  # the line in whose middle it was killed
    assert metrics(train(config, "", quiet=True)) == metrics(whole)
    assert_same_model(whole, config.folder)


def test_a_line_that_was_not_written_whole_is_written_again(killed, whole):
    """A machine that lost its power may have stored the state and not all of the log before it."""
    path = killed.folder / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    resumed = metrics(train(killed, "", quiet=True))
    kept = len(lines) - 1
    assert resumed == metrics(whole)[:kept] + metrics(whole)[kept + 1 :]


def test_a_flipped_bit_is_found_wherever_it_is(killed):
    """As far as it means anything: there are gaps between the parts of the file."""
    path = killed.folder / STATE
    stored = path.read_bytes()
    weight = torch.load(path, weights_only=True)["model"]["lm.model.layers.0.mlp.up_proj.weight"]
    place = stored.index(weight.numpy().tobytes())
    for at, bit in [(place + 2, 0), (place + 1001, 6), (stored.index(b"progress") + 2, 1), (len(stored) - 30, 2)]:
        path.write_bytes(stored[:at] + bytes([stored[at] ^ 1 << bit]) + stored[at + 1 :])
        assert refusal(killed).startswith(f"{path}: is damaged")
    path.write_bytes(stored[: len(stored) // 2])
    assert "is damaged" in refusal(killed) and "--restart" in refusal(killed)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("progress", "epoch"), 7, "epoch 7 and step 1 are not in a run of 2 epochs of 4 steps"),
        (("progress", "epoch"), -1, "epoch -1"),
        (("progress", "epoch"), "one", "field 'progress.epoch'"),
        (("progress", "epoch"), 10**30, "epoch 1000"),
        (("progress", "step"), 4, "step 4 are not in"),
        (("progress", "step"), 2, "field 'total_steps' is 5"),
        (("progress", "total_steps"), True, "field 'progress.total_steps'"),
        (("progress", "seconds"), float("nan"), "field 'seconds' is nan"),
        (("progress", "seconds"), None, "field 'progress.seconds'"),
        (("progress",), [], "field 'progress'"),
        (("data",), "none", "began with other data"),
        (("data",), None, "began with other data"),
        (("processes",), 2, "was stored by 2 processes"),
        (("model", "lm.model.norm.weight"), torch.ones(3), "field 'model.lm.model.norm.weight'"),
        (("model",), {}, "field 'model.lm.model"),
        (("random",), torch.zeros(4), "field 'random'"),
        (("meter",), {0: "none"}, "cannot be resumed"),
        (("meter",), [1], "field 'meter'"),
        (("optimizers",), [], "field 'optimizers'"),
        (("optimizers", 0, "param_groups", 0, "betas"), "none", r"field 'optimizers[0].param_groups[0].betas'"),
        (("optimizers", 0, "state", 0, "exp_avg"), torch.ones(2), "cannot be resumed"),
        (("optimizers", 0, "state"), {99: {}}, "cannot be resumed"),
    ],
)
def test_a_state_that_was_edited_is_refused_by_the_field(killed, place, value, message):
    path = killed.folder / STATE
    state = torch.load(path, weights_only=True)
    part = state
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    torch.save(state, path)
    sentence = refusal(killed)
    assert sentence.startswith(f"{path}: ") and message in sentence and "--restart" in sentence


def test_a_state_of_an_earlier_version_is_resumed(killed, whole):
    path = killed.folder / STATE
    state = torch.load(path, weights_only=True)
    del state["processes"]
    torch.save({**state, "metrics_bytes": 10}, path)
    assert metrics(train(killed, "", quiet=True)) == metrics(whole)


def test_files_and_folders_in_each_other_s_place_are_named(killed):
    path = killed.folder / "metrics.jsonl"
    path.rename(killed.folder / "old.jsonl")
    path.mkdir()
    assert refusal(killed).startswith(f"{path}: is not a file")
    path.rmdir()
    path.write_text('{"step": 2}\n[[[[\n')
    assert refusal(killed).startswith(f"{path}, line 2: is not a line of a run's metrics")
    shutil.rmtree(killed.folder / "state")
    (killed.folder / "state").write_text("")
    assert refusal(killed).startswith(f"{killed.folder / 'state'}: is a file")
    (killed.folder / "coconut.json").write_text("")
    said = refusal(killed)
    assert said.startswith(f"{killed.folder / 'coconut.json'}: ") and "discard the run with --restart" in said


def test_what_a_finished_run_left_is_cleaned_up(whole, killed, tmp_path):
    """Killed between its last file and the removal of its state."""
    for path in whole.iterdir():
        if path.name != "run.json":
            shutil.copy(path, killed.folder)
    assert train(killed, "", quiet=True) == killed.folder and not (killed.folder / "state").exists()
    (killed.folder / "tokenizer.json").unlink()
    assert "tokenizer.json: is missing" in refusal(killed)


def test_a_run_that_was_killed_in_its_first_moment_begins(tmp_path, tiny_run, whole):
    """Its folder then holds half of its first file, or, with --restart, half of what was there stands beside it."""
    config = replace(tiny_run, save_path=str(tmp_path))
    config.folder.mkdir()
    (config.folder / ".run.json.abcdefgh.part").write_text("{")
    (tmp_path / ".tiny.abcdefgh.part" / "tiny").mkdir(parents=True)
    assert_same_model(train(config, "", quiet=True), whole)
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny", ".tiny.lock"}
    assert {path.name for path in config.folder.iterdir()} == {path.name for path in whole.iterdir()}
