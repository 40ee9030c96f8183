"""Models that a run keeps on its way, and what is read of them."""

import shutil
from dataclasses import replace

import pytest
import torch

from analyses.figures.trainings.emergence import MEASURES, emergence, kept_models
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.training.loop import train
from tests.command_line import coconut


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny_run):
    """A finished run of three epochs that kept each of them."""
    (world,) = tiny_run.worlds
    config = replace(
        tiny_run, name="kept", save_path=str(tmp_path_factory.mktemp("runs")), keep_epochs=1, validation_problems=2,
        worlds=(replace(world, epochs=3),),
    )  # fmt: skip
    return config, train(config, "coconut train tiny.yaml", quiet=True)


def weights(folder):
    return load_model(folder).model.lm.state_dict()


def test_a_run_keeps_what_a_shorter_one_ends_with(run, tmp_path):
    config, folder = run
    assert [each.name for each in kept_models(folder)] == ["001", "002", "kept"]
    (world,) = config.worlds
    shorter = replace(config, save_path=str(tmp_path), worlds=(replace(world, epochs=2),), keep_epochs=0)
    alone = weights(train(shorter, "coconut train tiny.yaml", quiet=True))
    kept, last = weights(folder / "epochs" / "002"), weights(folder)
    assert all(torch.equal(value, alone[name]) for name, value in kept.items())
    assert not all(torch.equal(value, last[name]) for name, value in kept.items())
    seen = [load_model(each).card["samples"] for each in kept_models(folder)]
    assert seen == [32, 64, 96]


def test_every_kept_model_is_read_and_the_one_before_training(run, problems, tmp_path):
    _, folder = run
    told = []
    result = emergence([folder], problems, lambda what, share: told.append((what, share)))
    frame = result.frame()
    assert list(frame["samples"].unique()) == [0, 32, 64, 96] and len(frame) == 4 * len(MEASURES)
    assert frame["value"].between(0, 1).all() and (frame["low"] <= frame["value"]).all()
    last = frame[(frame["samples"] == 96) & (frame["measure"] == "without")].iloc[0]
    written = answers(load_model(folder).model, problems, ks=(0,), max_new_tokens=48)
    assert last["value"] == written.accuracy[0] and last["n"] == len(problems)
    assert len(result.figure().data) == len(MEASURES) and "over 96 questions" in result.caption()
    assert [share for _, share in told] == [0, 0.25, 0.5, 0.75] and "32 questions" in told[1][0]


def test_what_cannot_be_read_is_told(run, tiny_checkpoint, problems, tmp_path):
    _, folder = run
    with pytest.raises(InputError, match="keep_epochs=1"):
        kept_models(tiny_checkpoint)
    # One that was killed while it was written has no card yet.
    torn = tmp_path / "torn"
    shutil.copytree(folder, torn)
    (torn / "epochs" / "002" / "coconut.json").unlink()
    assert [each.name for each in kept_models(torn)] == ["001", "torn"]
    asked = coconut("emergence", folder)
    assert asked.returncode == 2 and "Give one run or more" in asked.stderr
