"""Command lines of any kind: exit code 0, or 2 with one sentence or the usage and nothing left behind."""

import contextlib
import json
import os
import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from coconut_core.problems.registry import DEFAULT, load_problems, save_problems
from tests.command_line import coconut
from tests.hostile.mutators import ODD_NUMBERS, ODD_TEXTS, assert_readable, mutated_text

IN_CI = 200
ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "artifacts" / "models" / f"{DEFAULT}_laptop"
HUGE = "999999999999999999999999999999"
FIRST_PROBLEMS = ROOT / "artifacts" / "problems" / "laptop.json"


@cache
def _two_problems() -> str:
    return json.dumps([problem.to_json() for problem in load_problems(FIRST_PROBLEMS)[:2]])


def _place(folder: Path) -> None:
    """What a command line can name."""
    if not (folder / "data.json").exists():
        (folder / "data.json").write_text(_two_problems())
        (folder / "plain.json").write_text('[{"question": "1 + 1?", "steps": ["2"], "answer": "2"}]')
        (folder / "broken.json").write_text(_two_problems()[:300])
        (folder / "empty").mkdir()
        (folder / "run.yaml").write_text("worlds: [{epochs: 0}]\nmodel: {}")
        torch.save({3: 4}, folder / "state")


def _command(rng: random.Random, folder: Path) -> list[str]:
    """A command with arguments that are mostly of the right kind."""

    def number() -> str:
        return rng.choice(
            ["1", "2"] * 8 + ["0", "-1", "1.5", "one", "", HUGE, "-" + HUGE, str(rng.choice(ODD_NUMBERS))]
        )

    def path(*usual: str) -> str:
        odd = ["/dev/zero", "/dev/null", "/proc/self/mem", "absent", "data.json/below", "x" * 300, "empty", "", "."]
        return rng.choice([*usual * (60 // len(usual)), *odd, "run.yaml", rng.choice(ODD_TEXTS)])

    def model() -> str:
        return path(str(SHIPPED))

    def data() -> str:
        return path(*["data.json"] * 8, "plain.json", "broken.json")

    def k() -> str:
        return rng.choice(
            ["0", "0-1", "1,0"] * 7 + ["0-999999999999", "999999999999-0", "-1", "0-", "1-2-3", HUGE, number()]
        )

    def out() -> str:
        return path(*["out.csv", "below/out.csv"] * 8, "data.json/out.csv", "/proc/out.csv", "out")

    def some(**options: Callable[[], str]) -> list[str]:
        chosen = [name for name in options if rng.random() < 0.4]
        return [part for name in chosen for part in (f"--{name.replace('_', '-')}", options[name]())]

    def setting() -> str:
        return f"{rng.choice(['lr', 'model.layers', 'name', 'worlds', ''])}{rng.choice(['=', ''])}{number()}"

    commands = {
        "values": lambda: [model(), data(), "--k", k(), "--out", out(), *some(first=number, batch_size=number)],
        "evaluate": lambda: [model(), data(), "--k", k(), *some(first=number, batch_size=number, out=out)],
        "check": lambda: [data(), *some(against=data, min_hops=number)],
        # What is drawn for a command that would compute for long is refused: no such number of problems, no such world.
        "make": lambda: (
            [path(DEFAULT), "--out", path("made"), "--train", "0", "--test", "0", "--valid"]
            + [rng.choice(["1", "1", "1", "0", "-1", "x"]), *some(seed=number, nodes=k, hops=k, exclude=data)]
        ),
        "train": lambda: [path("run.yaml"), *some(set=setting)],
        "import": lambda: [path("state"), model(), path("imported", "data.json/x", "/proc/x"), *some(c=number)],
        "table": lambda: [path("absent"), "--data", data(), "--out", path("tables"), *some(first=number)],
        "figures": lambda: ["--model", path("absent"), "--data", data(), "--out", path("figures"), *some(only=number)],
    }
    name = rng.choice(list(commands))
    line = [*(["data"] if name in ("check", "make") else []), name, *commands[name]()]
    while rng.random() < 0.15:
        change = rng.randrange(3)
        at = rng.randrange(len(line))
        if change == 0:
            del line[at]
        elif change == 1 and line[at] != str(SHIPPED):
            line[at] = mutated_text(line[at], rng)
        else:
            line.insert(at, rng.choice([*ODD_TEXTS, "--help", "--", "-", "--k"]))
        if not line:
            break
    return line or ["--help"]


def attempt(rng: random.Random, folder: Path) -> bool:
    """Try one command line; whether it was refused."""
    _place(folder)
    line = _command(rng, folder)
    if "app" in line:  # it would serve
        return True
    before, known = _files(folder), set(folder.iterdir())
    with contextlib.chdir(folder):
        done = coconut(*line)
    assert done.returncode in (0, 2), (line, done)
    if done.returncode == 2:
        assert _files(folder) == before, line
        if "Usage" not in done.stderr and "violation" not in done.stdout:
            said = [
                each for each in done.stderr.splitlines() if each.strip() and "it/s" not in each and "%|" not in each
            ]
            assert len(said) == 1, (line, done)
            assert_readable(said[0])
    for path in set(folder.iterdir()) - known:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return done.returncode == 2


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def test_command_lines_end_with_a_result_or_a_sentence(tmp_path):
    outcomes = [attempt(random.Random(f"lines {number}"), tmp_path) for number in range(IN_CI)]
    assert 0.3 < sum(outcomes) / IN_CI < 0.99


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["values", SHIPPED, "data.json", "--k", "0-999999999999"], "--k: '0-999999999999' is neither"),
        (["values", SHIPPED, "data.json", "--k", "9" * 5_000], "--k: '999.* is neither"),
        (["values", SHIPPED, "/dev/zero"], "/dev/zero: cannot be read"),
        (["data", "check", "pipe"], "pipe: cannot be read"),
        (["train", "/dev/zero"], "/dev/zero: cannot be read"),
        (["train", "run.yaml", "--set", "seed=0x" + "f" * 5_000], "seed: a number of thousands of digits"),
        (["train", "run\0.yaml"], "holds a null character"),
        (["values", "x" * 300, "data.json"], "x: is not a path that leads to a file"),
        (["evaluate", SHIPPED, "data.json", "--out", "x" * 300 + ".csv"], "x.csv: (is not a path|cannot be written)"),
        (["import", "state", SHIPPED, "data.json/below"], "state dict|cannot be made"),
    ],
)
def test_command_lines_that_would_hang_or_end_in_a_traceback(tmp_path, monkeypatch, line, message):
    import re

    _place(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    done = coconut(*line)
    assert done.returncode == 2 and re.search(message, done.stderr), done
    assert_readable(done.stderr.strip())


def test_more_problems_than_a_machine_counts_are_all_that_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_problems("data.json", load_problems(FIRST_PROBLEMS)[:3])
    for option in ("--first", "--batch-size"):
        done = coconut("evaluate", SHIPPED, "data.json", "--k", "0", option, HUGE, "--out", "out.csv")
        assert done.returncode == 0 and len(Path("out.csv").read_text().splitlines()) == 4, done.stderr


def test_usage_of_a_value_of_thousands_of_characters_is_short():
    done = coconut("values", "a", "b", "--first", "x" * 100_000)
    assert done.returncode == 2 and "Usage" in done.stderr and len(done.stderr) < 4_000
