"""The installed commands as a user types them."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from coconut_core.errors import InputError
from coconut_core.problems.registry import save_problems
from tests.command_line import coconut, coconut_process
from workbench.commands.__main__ import app


@pytest.fixture
def data(tmp_path, problems):
    save_problems(tmp_path / "problems.json", problems)
    return tmp_path / "problems.json"


@pytest.fixture
def without_graphs(tmp_path, problems):
    """A file with the texts of problems and without their graphs."""
    records = [{"question": p.question, "steps": list(p.steps), "answer": p.answer} for p in problems]
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(records))
    return path


def test_values_and_answers_as_csv(tmp_path, tiny_checkpoint, data, problems):
    done = coconut_process("values", tiny_checkpoint, data, "--k", "0-2", "--out", tmp_path / "values.csv")
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


def typed(*arguments):
    """The output of a command, or the sentence with which it refuses, without a process of its own."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0 or isinstance(result.exception, InputError), result.output
    return str(result.exception) if result.exception else result.output


def test_answers_to_questions_without_graphs_are_scored_and_have_no_values(tmp_path, tiny_checkpoint, without_graphs):
    printed = typed("evaluate", tiny_checkpoint, without_graphs, "--k", "0,2", "--out", tmp_path / "answers.csv")
    assert "accuracy" in printed and "s a problem" in printed and "correct path" not in printed
    table, records = pd.read_csv(tmp_path / "answers.csv"), json.loads(without_graphs.read_text())
    assert len(table) == 2 * len(records) and "process" not in table
    assert table["hops"].tolist() == [len(record["steps"]) for record in records for _ in range(2)]
    refused = tmp_path / "refused.csv"
    forced = typed("evaluate", tiny_checkpoint, without_graphs, "--force-chain", "--out", refused)
    values = typed("values", "absent", without_graphs, "--out", refused)
    assert "graphs" in forced and values.startswith(f"{without_graphs}: holds problems without graphs")
    assert "\n" not in forced + values and not refused.exists()


def test_the_words_forced_without_a_thought_are_the_task_s_usual_ones_or_those_named(tmp_path, tiny_checkpoint, data):
    tables = []
    for number, chosen in enumerate([(), ("--opening", "entity"), ("--opening", "every")]):
        out = tmp_path / f"{number}.csv"
        typed("values", tiny_checkpoint, data, "--k", "0-1", "--first", "3", *chosen, "--out", out)
        tables.append(pd.read_csv(out))
    usual, entity, every = tables
    pd.testing.assert_frame_equal(usual, entity)
    assert set(entity.opening[entity.k == 0]) == {"entity"} and set(every.opening) == {"every"}
    assert (entity.value != every.value)[entity.k == 0].any()
    pd.testing.assert_frame_equal(entity[entity.k == 1], every[every.k == 1])


@pytest.mark.parametrize(
    ("run", "arguments", "message"),
    [
        (coconut, ["train", "absent.yaml"], "absent.yaml: cannot be read"),
        (coconut, ["values", "absent", "{data}"], "no such folder"),
        (coconut, ["values", "{model}", "absent.json"], "absent.json: cannot be read"),
        (coconut, ["values", "{model}", "{data}", "--k", "six"], "--k: 'six' is neither"),
        (coconut, ["values", "{model}", "{data}", "--out", "values.txt"], "--out: values.txt"),
        (coconut_process, ["values", "{model}", "{data}", "--opening", "none"], "opening: 'none' is unknown"),
        (coconut, ["evaluate", "{model}", "{broken}"], "broken.json"),
        (coconut, ["values", "{model}", "{plain}"], "plain.json: holds problems without graphs"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path, tiny_checkpoint, data, run, arguments, message, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.json"
    broken.write_text(data.read_text()[:200])
    plain = tmp_path / "plain.json"
    plain.write_text('[{"question": "1 + 1?", "steps": [], "answer": "2"}]')
    places = {"data": data, "model": tiny_checkpoint, "broken": broken, "plain": plain}
    before = sorted(tmp_path.iterdir())
    done = run(*[argument.format(**places) for argument in arguments])
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
    ("run", "arguments"),
    [
        (coconut_process, ["nonsense"]),
        (coconut, ["values", "x"]),
        (coconut, ["values", "x", "y", "--first", "0"]),
        (coconut, ["data", "make", "prosqa"]),
        (coconut, ["evaluate", "x", "y", "--batch-size", "0"]),
    ],
)
def test_a_command_that_is_typed_wrong_shows_its_usage(run, arguments):
    done = run(*arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "Usage" in done.stderr, done.stderr


def test_help_is_quick_to_read():
    done = coconut_process("--help")
    assert done.returncode == 0
    for command in ("data", "train", "evaluate", "values", "app"):
        assert command in done.stdout
