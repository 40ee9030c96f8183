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


def wait_for(path):
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()
