"""The installed commands as a user types them."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from coconut_core.problems.prosqa.files import save_problems


def coconut(*arguments):
    command = [sys.executable, "-m", "workbench.commands", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def data(tmp_path, problems):
    save_problems(tmp_path / "problems.json", problems)
    return tmp_path / "problems.json"


def test_values_and_answers_as_csv(tmp_path, tiny_checkpoint, data, problems):
    done = coconut("values", tiny_checkpoint, data, "--k", "0-2", "--out", tmp_path / "values.csv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "values.csv")
    assert len(table) == 3 * sum(len(p.names) for p in problems)
    assert "candidate_mass" in done.stdout
    done = coconut("evaluate", tiny_checkpoint, data, "--k", "0,3", "--out", tmp_path / "answers.csv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "answers.csv")
    assert len(table) == 2 * len(problems) and set(table.k) == {0, 3}
    assert table.correct.eq(table.words.fillna("").str.split("###").str[-1].str.strip() == table.answer).all()
    assert "low" in done.stdout and "high" in done.stdout
    assert "correct path" in done.stdout and "s a problem" in done.stdout
    done = coconut("evaluate", tiny_checkpoint, data, "--k", "0", "--force-chain", "--out", tmp_path / "chains.csv")
    assert done.returncode == 0, done.stderr
    chains = pd.read_csv(tmp_path / "chains.csv")
    roots = [f"{problem.root_name} is a" for problem in problems]
    assert all(words.startswith(root) for words, root in zip(chains.words, roots, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "absent.yaml"], "absent.yaml: cannot be read"),
        (["values", "absent", "{data}"], "no such folder"),
        (["values", "{model}", "absent.json"], "absent.json: cannot be read"),
        (["values", "{model}", "{data}", "--k", "six"], "--k: 'six' is neither"),
        (["values", "{model}", "{data}", "--out", "values.txt"], "--out: values.txt"),
        (["values", "{model}", "{data}", "--opening", "none"], "opening: 'none' is unknown"),
        (["evaluate", "{model}", "{broken}"], "broken.json"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, tiny_checkpoint, data, arguments, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.json"
    broken.write_text(data.read_text()[:200])
    places = {"data": data, "model": tiny_checkpoint, "broken": broken}
    before = sorted(tmp_path.iterdir())
    done = coconut(*[argument.format(**places) for argument in arguments])
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_cyclic_graph_and_an_unknown_node_are_named(tmp_path, tiny_checkpoint, data):
    records = json.loads(data.read_text())
    records[1]["edges"].append(records[1]["edges"][0][::-1])
    data.write_text(json.dumps(records))
    done = coconut("values", tiny_checkpoint, data, "--out", tmp_path / "values.csv")
    assert done.returncode == 2 and not (tmp_path / "values.csv").exists(), done.stderr
    assert "problems.json, item 1: " in done.stderr and "circle" in done.stderr and "Traceback" not in done.stderr
    records[1]["edges"][-1] = [0, 99]
    data.write_text(json.dumps(records))
    done = coconut("values", tiny_checkpoint, data, "--out", tmp_path / "values.csv")
    assert done.returncode == 2 and "99" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["values", "x"],
        ["values", "x", "y", "--first", "0"],
        ["data", "make", "prosqa"],
        ["evaluate", "x", "y", "--batch-size", "0"],
    ],
)
def test_a_command_that_is_typed_wrong_is_told_so(arguments):
    done = coconut(*arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "Usage" in done.stderr, done.stderr


def test_help_is_quick_to_read():
    done = coconut("--help")
    assert done.returncode == 0
    for command in ("data", "train", "evaluate", "values", "app"):
        assert command in done.stdout
