"""Kills at any moment of training and of writing a CSV: what is resumed ends as if nothing had happened."""

import itertools
import random
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.registry import save_problems
from tests.hostile.processes import ROUNDS, Command
from tests.test_training import assert_same_model, metrics

KILLS = Counter()
"""Processes that were killed before their end, by signal."""


@pytest.fixture(scope="module", autouse=True)
def counts(request):
    yield
    if reporter := request.config.pluginmanager.get_plugin("terminalreporter"):
        reporter.write_line(f" {sum(KILLS.values())} kills: {dict(KILLS)}")


class Run:
    """A run of a second: as it goes undisturbed, and the command that starts it elsewhere."""

    def __init__(self, folder: Path, config):
        self.folder, self._config = folder, config
        start = time.monotonic()
        whole = self.start("whole")
        assert whole.wait() == 0, whole.printed
        self.seconds, self.operations = time.monotonic() - start, whole.operations
        self.whole = folder / "whole" / config.name

    def start(self, place: str, **how) -> Command:
        """Start it, or resume it, below the folder `place`; the parts of a run are restarted only where asked."""
        path = self.folder / f"{place}.yaml"
        path.write_text(yaml.safe_dump({**self._config.as_dict(), "save_path": str(self.folder / place)}))
        return Command(self.folder / place, "train", path, **how)

    def assert_as_undisturbed(self, place: str) -> None:
        """Bit for bit the same weights, line for line the same metrics, and no file more."""
        done = self.folder / place / self._config.name
        assert (done / "model.safetensors").read_bytes() == (self.whole / "model.safetensors").read_bytes()
        assert_same_model(done, self.whole)
        assert metrics(done) == metrics(self.whole)
        assert {path.name for path in done.iterdir()} == {path.name for path in self.whole.iterdir()}
        assert {path.name for path in done.parent.iterdir()} <= {done.name, f".{done.name}.lock"}


@pytest.fixture(scope="module", params=[1e-9, 60.0], ids=["a state every step", "no state"])
def run(request, tmp_path_factory, tiny_run):
    config = replace(tiny_run, checkpoint_minutes=request.param, validation_problems=2)
    return Run(tmp_path_factory.mktemp("runs"), config)


def ended(command: Command, number: int) -> bool:
    """Whether a command ended by itself, well; otherwise it was killed as intended, which is counted."""
    code = command.wait()
    assert code in (0, -number if number == signal.SIGKILL else 130), command.printed
    KILLS[signal.Signals(number).name] += code != 0
    return code == 0


def test_a_kill_before_any_operation_on_files_is_as_if_it_had_not_been(run):
    rng = random.Random(1)
    operations = list(range(1, run.operations + 1))
    for number in sorted(rng.sample(operations, min(len(operations), 5 * ROUNDS))):
        place = f"operation_{number}"
        assert not ended(run.start(place, dies_at=number), signal.SIGKILL)
        resumed = run.start(place)
        assert resumed.wait() == 0, f"before operation {number}: {resumed.printed}"
        run.assert_as_undisturbed(place)


def test_kills_at_random_moments_and_resumed_every_time(run):
    rng = random.Random(2)
    for round_ in range(2 * ROUNDS):
        place = f"moment_{round_}"
        for _ in range(3):
            command, number = run.start(place), rng.choice([signal.SIGKILL, signal.SIGTERM])
            command.wait(rng.uniform(0.3, 1) * run.seconds)
            command.kill(number)
            if ended(command, number):
                break
        assert run.start(place).wait() == 0
        run.assert_as_undisturbed(place)


def test_a_csv_is_the_old_one_or_the_new_one(tmp_path, tiny_checkpoint):
    save_problems(tmp_path / "data.json", sample_problems(SamplerSettings(nodes=(5, 9), hops={2: 1.0}), 40, seed=3))
    out = tmp_path / "out" / "v.csv"

    def start(**how) -> Command:
        asked = ("--k", "0-3", "--batch-size", "2", "--out", out)
        return Command(out.parent, "values", tiny_checkpoint, tmp_path / "data.json", *asked, **how)

    begun = time.monotonic()
    whole = start()
    assert whole.wait() == 0, whole.printed
    seconds, content = time.monotonic() - begun, out.read_bytes()
    rng = random.Random(3)
    deaths = [{"dies_at": number} for number in range(1, whole.operations + 1)]
    both = itertools.cycle([signal.SIGKILL, signal.SIGTERM])
    for how in [*rng.sample(deaths, min(len(deaths), 3 * ROUNDS)), *[{}] * 4 * ROUNDS]:
        out.write_text("old")
        left_before = set(out.parent.iterdir())  # by a process that no signal let clean up
        command, number = start(**how), signal.SIGKILL if how else next(both)
        if not how:
            command.wait(rng.uniform(0.1, 0.9) * seconds)
            command.kill(number)
        well = ended(command, number)
        assert out.read_bytes() == content if well else out.read_bytes() in (b"old", content)
        if number == signal.SIGTERM:
            assert set(out.parent.iterdir()) <= left_before
    assert start().wait() == 0 and out.read_bytes() == content
    assert list(out.parent.iterdir()) == [out]
