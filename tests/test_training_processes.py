"""Training as it is started by users: in processes of its own, stopped and killed from outside."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
import yaml
from safetensors.torch import load_file

from coconut_core.card import weights_of
from coconut_core.problems.registry import save_problems
from coconut_core.training.loop import STATE
from tests.command_line import coconut
from tests.test_training import assert_same_model, metrics


@pytest.mark.slow
def test_ctrl_c_stops_two_processes_and_the_same_command_resumes(tmp_path, tiny_run):
    config = {**tiny_run.as_dict(), "save_path": str(tmp_path), "samples_per_epoch": 16_000}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "workbench.commands", "train", str(tmp_path / "run.yaml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(tmp_path / "tiny" / "metrics.jsonl")
    deadline = time.monotonic() + 120
    while not (tmp_path / "tiny" / "metrics.jsonl").stat().st_size and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    assert torch.load(tmp_path / "tiny" / STATE, weights_only=True)["progress"]["total_steps"] > 0
    assert printed.count("the same command resumes from") == 1


@pytest.mark.slow
def test_kill_9_and_the_same_command_again(tmp_path, tiny_run):
    config = {**tiny_run.as_dict(), "save_path": str(tmp_path / "killed"), "samples_per_epoch": 800}
    config["checkpoint_minutes"] = 0.002
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "workbench.commands", "train", str(tmp_path / "run.yaml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = tmp_path / "killed" / "tiny" / STATE
    wait_for(state)
    process.kill()
    process.wait()
    subprocess.run(command, check=True, capture_output=True)
    assert coconut(*command[3:], "--set", f"save_path={tmp_path / 'whole'}").returncode == 0
    assert_same_model(tmp_path / "killed" / "tiny", tmp_path / "whole" / "tiny")


@pytest.mark.slow
def test_two_processes_are_killed_and_resume_together(tmp_path, tiny_run):
    config = {**tiny_run.as_dict(), "save_path": str(tmp_path), "samples_per_epoch": 1600, "checkpoint_minutes": 0.002}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "workbench.commands", "train", str(tmp_path / "run.yaml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
    wait_for(tmp_path / "tiny" / STATE)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "tiny" / "coconut.json").exists()
    subprocess.run(command, check=True, env=environment, timeout=300, **quiet)
    card = json.loads((tmp_path / "tiny" / "coconut.json").read_text())
    assert card["processes"] == 2
    # Epochs are of samples, however many processes share them.
    assert card["samples"] == 2 * 1600 and metrics(tmp_path / "tiny")[-1]["step"] == 2 * 100


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, {"rank": 2}])
def test_two_processes_learn_what_one_learns_from_the_same_batches(tmp_path, tiny_run, tiny_checkpoint, problems, lora):
    """Answers and chains are of different lengths, so that a mean of the processes' means would be another loss."""
    save_problems(tmp_path / "train.json", problems)
    config = {
        **tiny_run.as_dict(),
        "model": None,
        "load_model_path": str(tiny_checkpoint),
        "lora": lora,
        "worlds": [],
        "train_path": str(tmp_path / "train.json"),
        "num_epochs": 2,
        "questions_per_text": 1,
        "stages_per_sample": 0,
        "lr": 1e-2,
        "ship_half": False,
        "validation_problems": 0,
    }
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    weights = []
    for processes in (1, 2):
        run = config | {"batch_size_training": 4 // processes, "save_path": str(tmp_path / f"of_{processes}")}
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"] if processes == 2 else []
        command = [sys.executable, *launch, "-m", "workbench.commands", "train", str(tmp_path / "run.yaml")]
        subprocess.run(command, check=True, env=environment, timeout=300, capture_output=True)
        folder = tmp_path / f"of_{processes}" / "tiny"
        weights.append(load_file(weights_of(folder)))
    one, two = weights
    assert one.keys() == two.keys() and json.loads((folder / "coconut.json").read_text())["steps"] == 6
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=2e-4, msg=name)


def wait_for(path):
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()
