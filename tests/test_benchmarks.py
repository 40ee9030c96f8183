"""What the benchmarks are made of; the ratios themselves are checked by `python -m benchmarks --small --check`."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks.growth import Growth, large_problem
from coconut_core.problems.validation import violations


@pytest.mark.parametrize("nodes", [4, 31, 500])
def test_large_problems_are_sound_and_as_large_as_asked(nodes):
    problem = large_problem(nodes, 3)
    assert len(problem.names) == nodes
    assert violations(problem.to_json(), min_hops=1) == []
    assert large_problem(nodes, 3) == problem != large_problem(nodes, 4)


def test_exponents_are_the_last_slopes():
    amounts = np.array([10, 100, 1_000])
    growth = Growth("problems", "", tuple(amounts), 0.1 + amounts**2 / 100, np.full(3, 400.0))
    seconds, memory = growth.exponents
    assert seconds == pytest.approx(2, abs=1e-3) and memory == pytest.approx(0)
    assert list(growth.frame()["amount"]) == [10, 100, 1_000]
    assert "1,000 problems" in growth.caption()


def test_an_absent_checkout_and_a_wrong_environment_are_told_before_any_work(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--out", tmp_path / "out", "--official", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "holds no coconut.py" in done.stderr and "Traceback" not in done.stderr
    (tmp_path / "coconut.py").touch()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "transformers==4.46.2" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
