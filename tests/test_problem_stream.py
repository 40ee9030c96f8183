"""Files of any length, worked on a run at a time by one process or several."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from analyses.readings.accuracy import Score, accuracy
from analyses.readings.masses import Masses
from analyses.readings.values import node_values
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import load_problems, save_problems
from tests.command_line import coconut
from workbench.commands.problem_stream import ProblemStream


@pytest.fixture
def data(tmp_path, problems):
    save_problems(tmp_path / "problems.json", problems)
    return tmp_path / "problems.json"


def test_runs_come_in_order_with_their_first_number(data, tmp_path, problems):
    stream = ProblemStream(data, 7)
    seen = []

    def compute(start, run):
        seen.extend(run)
        return f"{start}\n", len(run)

    kept = stream.write(compute, tmp_path / "out.csv", size=3, what="runs")
    assert stream.total == 7 and kept == [3, 3, 1] and tuple(seen) == tuple(problems[:7])
    assert (tmp_path / "out.csv").read_text() == "0\n3\n6\n"


def test_an_error_half_way_leaves_the_old_file(data, tmp_path):
    (tmp_path / "out.csv").write_text("old")

    def compute(start, run):
        if start:
            raise InputError("the second run fails")
        return "new", None

    with pytest.raises(InputError, match="second run"):
        ProblemStream(data).write(compute, tmp_path / "out.csv", size=5, what="runs")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "problems.json"]


def test_the_last_item_is_read_before_any_work(data, tmp_path):
    data.write_text(data.read_text()[:-40])
    with pytest.raises(InputError, match="problems.json: not a whole JSON file"):
        ProblemStream(data)
    assert len(load_problems_of(data, 3)) == 3


def load_problems_of(path, first):
    stream, found = ProblemStream(path, first), []
    stream.write(lambda start, run: ("", found.extend(run)), None, size=2, what="runs")
    return found


def test_parts_joined_are_the_whole(tiny_model, problems):
    checkpoint = Checkpoint(tiny_model)
    whole, parts = accuracy(checkpoint, problems), [accuracy(checkpoint, problems[at : at + 5]) for at in (0, 5, 10)]
    pd.testing.assert_frame_equal(Score.joined([part.score for part in parts]).summary(), whole.score.summary())
    frames = [part.frame(first) for part, first in zip(parts, (0, 5, 10), strict=True)]
    pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), whole.frame())
    values = node_values(tiny_model, problems)
    split = [node_values(tiny_model, problems[:5]), node_values(tiny_model, problems[5:])]
    pd.testing.assert_frame_equal(
        Masses.joined([part.masses for part in split]).summary(), values.masses.summary(), rtol=1e-9
    )
    joined = pd.concat([split[0].frame(), split[1].frame(5)], ignore_index=True)
    pd.testing.assert_frame_equal(joined, values.frame(), rtol=1e-9)


def test_parts_without_graphs_are_joined_too(tiny_loaded, problems):
    plain = [Problem(p.question, p.answer, p.steps) for p in problems[:4]]
    parts = [accuracy(tiny_loaded, part, ks=(0, 1)) for part in (plain[:1], plain[1:])]
    joined, whole = Score.joined([part.score for part in parts]), accuracy(tiny_loaded, plain, ks=(0, 1))
    assert joined.processes is None and len(whole.frame()) == 8
    pd.testing.assert_frame_equal(joined.summary(), whole.score.summary())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["values", "evaluate"])
def test_two_processes_write_what_one_writes(tiny_checkpoint, data, tmp_path, command):
    arguments = [command, tiny_checkpoint, data, "--k", "0-2", "--batch-size", "5", "--out"]
    one = coconut(*arguments, tmp_path / "1.csv")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    # torchrun gives each of two processes one core; more of them round otherwise, and this process has one thread, too.
    two = subprocess.run(
        [*launch, "-m", "workbench.commands", *map(str, [*arguments, tmp_path / "2.csv"])],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    for done in (one, two):
        assert done.returncode == 0, done.stderr
        # Processes that knew nothing of each other would each do everything and print it.
        assert done.stdout.count("generated_tokens" if command == "evaluate" else "candidate_mass_median") == 1
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    assert len(pd.read_csv(tmp_path / "1.csv")) >= 3 * len(load_problems(data))
