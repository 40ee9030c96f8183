"""Runs of seconds: resuming, interrupting, refusing."""

import json
import os
import shutil
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.model import CoconutModel
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.registry import save_problems
from coconut_core.training import loop as training
from coconut_core.training.batches import TrainingBatches
from coconut_core.training.config_files import load_config
from coconut_core.training.initial_model import data_hash
from coconut_core.training.loop import STATE, train
from coconut_core.training.run_folder import locked

EXAMPLE = "Tom is a blorpus. Every blorpus is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same_model(one, other):
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def metrics(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def stop_at(monkeypatch, total_step, how):
    """Call `how` when the batch of a step is asked for."""
    whole = TrainingBatches.batch

    def batch(self, epoch, step, columns_at_once):
        if epoch * self.steps_per_epoch + step == total_step:
            how()
        return whole(self, epoch, step, columns_at_once)

    monkeypatch.setattr(TrainingBatches, "batch", batch)


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    """A model that has learned next to nothing never ends its text, so that validation would take most of a run.

    Two steps and the answer, as long as a text of these worlds can be, fit in.
    """
    monkeypatch.setattr(training, "answers", partial(training.answers, max_new_tokens=24))


class Killed(Exception):
    pass


def die():
    raise Killed


@pytest.mark.parametrize(("optimizer", "accumulated"), [("adamw", 1), ("muon", 1), ("adamw", 2)])
def test_resumed_after_a_kill_equals_uninterrupted(tmp_path, tiny_run, monkeypatch, optimizer, accumulated):
    config = replace(tiny_run, optimizer=optimizer, gradient_accumulation_steps=accumulated, checkpoint_minutes=1e-9)
    whole = train(replace(config, save_path=str(tmp_path / "whole")), "", quiet=True)
    broken = replace(config, save_path=str(tmp_path / "broken"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 5, die)
        train(broken, "", quiet=True)
    assert (broken.folder / STATE).exists() and not (broken.folder / "coconut.json").exists()
    resumed = train(broken, "", quiet=True)
    assert_same_model(whole, resumed)
    assert metrics(whole) == metrics(resumed)
    assert not (resumed / "state").exists()


def test_training_in_parts_is_training(tmp_path, tiny_run, monkeypatch):
    """Where a batch is computed in parts, memory is spared and nothing else changes."""
    whole = train(replace(tiny_run, save_path=str(tmp_path / "whole")), "", quiet=True)
    monkeypatch.setattr(CoconutModel, "columns_at_once", 1)
    asked = []
    stop_at(monkeypatch, 1, lambda: asked.append(True))
    parts = train(replace(tiny_run, save_path=str(tmp_path / "parts")), "", quiet=True)
    assert asked
    for name, weight in weights(whole).items():
        torch.testing.assert_close(weights(parts)[name], weight, rtol=0, atol=2e-3)
    for one, other in zip(metrics(whole), metrics(parts), strict=True):
        if one["kind"] == "train":
            assert other["loss"] == pytest.approx(one["loss"], abs=1e-3)


def test_a_kill_loses_at_most_the_last_interval(tmp_path, tiny_run, monkeypatch):
    """Steps since the last checkpoint are taken again: the result is the same, and no metric is written twice."""
    whole = train(replace(tiny_run, save_path=str(tmp_path / "whole")), "", quiet=True)
    broken = replace(tiny_run, save_path=str(tmp_path / "broken"))
    stored = []
    store = training._Run._store
    monkeypatch.setattr(training._Run, "_store", lambda run: (store(run), stored.append(run.progress.total_steps)))
    clock = iter(range(0, 100_000, 50))  # 50 seconds a look: a checkpoint every few steps
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(training.time, "monotonic", lambda: float(next(clock)))
        stop_at(patch, 7, die)
        train(broken, "", quiet=True)
    assert stored and stored[-1] < 7
    resumed = train(broken, "", quiet=True)
    assert_same_model(whole, resumed)
    assert metrics(whole) == metrics(resumed)


def test_ctrl_c_finishes_the_step_stores_and_resumes(tmp_path, tiny_run, monkeypatch):
    whole = train(replace(tiny_run, save_path=str(tmp_path / "whole")), "", quiet=True)
    stopped = replace(tiny_run, save_path=str(tmp_path / "stopped"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_at(patch, 3, lambda: os.kill(os.getpid(), signal.SIGINT))
        train(stopped, "", quiet=True)
    assert torch.load(stopped.folder / STATE, weights_only=True)["progress"]["total_steps"] == 4
    assert_same_model(whole, train(stopped, "", quiet=True))


def test_another_config_in_the_same_folder_is_refused(tmp_path, tiny_run):
    config = replace(tiny_run, save_path=str(tmp_path))
    folder = train(config, "", quiet=True)
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="another lr"):
        train(replace(config, lr=0.5), "", quiet=True)
    assert (folder / "model.safetensors").read_bytes() == before
    train(replace(config, lr=0.5), "", quiet=True, restart=True)
    assert (folder / "model.safetensors").read_bytes() != before


def test_a_run_that_began_before_tasks_had_names_resumes(tmp_path, tiny_run, monkeypatch):
    """A field that is not in the folder had its usual value, so that one with another value is another run."""
    whole = train(replace(tiny_run, save_path=str(tmp_path / "whole")), "", quiet=True)
    old = replace(tiny_run, save_path=str(tmp_path / "old"), checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 3, die)
        train(old, "", quiet=True)
    path = old.folder / "run.json"
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in fields.items() if name not in ("task", "lr")}))
    with pytest.raises(InputError, match="holds a run with another lr;"):
        train(old, "", quiet=True)
    path.write_text(json.dumps({name: value for name, value in fields.items() if name != "task"}))
    seen, batch = [], TrainingBatches.batch
    monkeypatch.setattr(TrainingBatches, "batch", lambda self, *at: (seen.append(at[:2]), batch(self, *at))[1])
    assert_same_model(whole, train(old, "", quiet=True))
    assert len(seen) == 8 - 3


def test_worlds_are_hashed_as_they_were_when_the_shipped_models_were_trained():
    """A run refuses to go on with other data, so that another hash of the same worlds would end old runs."""
    root = Path(__file__).parents[1]
    card = json.loads((root / "artifacts" / "models" / "prosqa_laptop_base" / "coconut.json").read_text())
    assert "task" not in card["run"]
    assert data_hash(load_config(root / "configs" / "prosqa_laptop_base.yaml")) == card["data"]


def test_a_mistake_loses_nothing_and_leaves_nothing(tmp_path, tiny_run):
    config = replace(tiny_run, save_path=str(tmp_path))
    folder = train(config, "", quiet=True)
    wrong = replace(config, worlds=(), questions_per_text=1, train_path=str(tmp_path / "typo.json"))
    with pytest.raises(InputError, match="typo.json: cannot be read"):
        train(wrong, "", quiet=True, restart=True)
    assert (folder / "model.safetensors").exists()
    with pytest.raises(InputError, match="typo.json"):
        train(replace(wrong, name="new"), "", quiet=True)
    assert not (tmp_path / "new").exists()
    (folder / "run.json").write_text("{")
    with pytest.raises(InputError, match="run.json: cannot be read"):
        train(config, "", quiet=True)


def test_a_folder_that_is_no_run_is_left_alone(tmp_path, tiny_run):
    config = replace(tiny_run, save_path=str(tmp_path))
    (config.folder / "thesis").mkdir(parents=True)
    for restart in (False, True):
        with pytest.raises(InputError, match="holds something that is not a run"):
            train(config, "", quiet=True, restart=restart)
    assert (config.folder / "thesis").is_dir()
    shutil.rmtree(config.folder)
    config.folder.write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        train(config, "", quiet=True)


def test_a_finished_run_is_left_alone(tmp_path, tiny_run):
    config = replace(tiny_run, save_path=str(tmp_path))
    folder = train(config, "", quiet=True)
    when = (folder / "model.safetensors").stat().st_mtime_ns
    assert train(config, "", quiet=True) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == when


def test_a_spoilt_state_is_refused_not_guessed(tmp_path, tiny_run, monkeypatch):
    config = replace(tiny_run, save_path=str(tmp_path), checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 2, die)
        train(config, "", quiet=True)
    (config.folder / STATE).write_bytes(b"no state")
    with pytest.raises(InputError, match="--restart"):
        train(config, "", quiet=True)


def test_training_on_a_file_learns_it(tmp_path, tiny_run, problems):
    """The official way: a file, one stage a sample, AdamW rebuilt every epoch."""
    save_problems(tmp_path / "train.json", problems)
    config = replace(
        tiny_run,
        save_path=str(tmp_path),
        worlds=(),
        train_path=str(tmp_path / "train.json"),
        val_path=str(tmp_path / "train.json"),
        questions_per_text=1,
        stages_per_sample=1,
        batch_size_training=4,
        num_epochs=30,
        log_every=3,
        reset_optimizer=True,
    )
    folder = train(config, "", quiet=True)
    losses = [line["loss"] for line in metrics(folder) if line["kind"] == "train"]
    assert losses[-1] < 0.5 * losses[0]
    stages = [line["stage"] for line in metrics(folder) if line["kind"] == "train"]
    assert stages == [min(epoch, 4) for epoch in range(30)]
    card = json.loads((folder / "coconut.json").read_text())
    assert set(card["metrics"]["accuracy"]) == {"0", "1", "2", "3"} and card["metrics"]["n"] == 12


def test_names_of_the_validation_file_are_looked_up_before_anything_is_written(tmp_path, tiny_run, problems):
    save_problems(tmp_path / "valid.json", [ProsqaProblem.from_text(EXAMPLE)])
    with pytest.raises(InputError, match="val_path: The model's vocabulary lacks the name 'blorpus'"):
        train(replace(tiny_run, save_path=str(tmp_path), val_path=str(tmp_path / "valid.json")), "", quiet=True)
    assert not (tmp_path / "tiny").exists()


def test_a_file_too_small_for_its_processes_is_refused(tmp_path, tiny_run, tiny_llama, problems):
    save_problems(tmp_path / "train.json", problems)
    config = replace(tiny_run, worlds=(), train_path=str(tmp_path / "train.json"), questions_per_text=1)
    encoder = Encoder(tiny_llama.tokenizer)
    assert TrainingBatches(config, encoder).steps_per_epoch == 1
    with pytest.raises(InputError, match="2 processes take 16 problems a step, but .* holds 12"):
        TrainingBatches(config, encoder, 0, 2)


def test_a_folder_that_is_being_trained_is_left_alone(tmp_path, tiny_run):
    config = replace(tiny_run, save_path=str(tmp_path))
    with locked(config.folder):
        for restart in (False, True):
            with pytest.raises(InputError, match="being trained by another process"):
                train(config, "", quiet=True, restart=restart)
    assert not config.folder.exists()
    train(config, "", quiet=True)


def test_a_run_does_not_go_on_with_other_data(tmp_path, tiny_run, problems, monkeypatch):
    path = tmp_path / "train.json"
    save_problems(path, problems)
    config = replace(tiny_run, save_path=str(tmp_path), worlds=(), train_path=str(path), questions_per_text=1)
    config = replace(config, checkpoint_minutes=1e-9, num_epochs=4)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_at(patch, 2, die)
        train(config, "", quiet=True)
    save_problems(path, problems[:10])
    with pytest.raises(InputError, match="began with other data"):
        train(config, "", quiet=True)
    save_problems(path, problems)
    (config.folder / "metrics.jsonl").write_text("")
    train(config, "", quiet=True)
    assert b"\0" not in (config.folder / "metrics.jsonl").read_bytes()


def test_the_last_batches_of_an_epoch_are_learned_too(tmp_path, tiny_run, monkeypatch):
    """Two epochs of four batches, gathered by three: updates after the third and the fourth of each."""
    updates = []
    step = training.Optimizers.step
    monkeypatch.setattr(training.Optimizers, "step", lambda self, lr: (updates.append(lr), step(self, lr)))
    train(replace(tiny_run, save_path=str(tmp_path), gradient_accumulation_steps=3), "", quiet=True)
    assert len(updates) == 4


def test_epochs_that_are_behind_the_loaded_model_are_left_out(tmp_path, tiny_run, tiny_checkpoint, monkeypatch):
    config = replace(tiny_run, save_path=str(tmp_path), model=None, load_model_path=str(tiny_checkpoint), resume=1)
    seen, whole = [], TrainingBatches.batch
    monkeypatch.setattr(TrainingBatches, "batch", lambda self, *at: (seen.append(at[:2]), whole(self, *at))[1])
    folder = train(config, "", quiet=True)
    assert seen == [(1, step) for step in range(4)]
    assert json.loads((folder / "coconut.json").read_text())["samples"] == 32
    # What has no meaning here changes nothing: the same run, finished.
    train(replace(config, project="another"), "", quiet=True)
    assert len(seen) == 4


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00" * 200])
def test_a_run_whose_card_is_not_whole_does_not_count_as_finished(tmp_path, tiny_checkpoint, tiny_run, content):
    config = replace(tiny_run, save_path=str(tmp_path))
    shutil.copytree(tiny_checkpoint, config.folder)
    (config.folder / "run.json").write_text(json.dumps(config.as_dict()))
    (config.folder / "coconut.json").write_text(content)
    with pytest.raises(InputError, match=r"coconut\.json: .*--restart"):
        train(config, "coconut train tiny.yaml", quiet=True)
