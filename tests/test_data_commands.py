"""`coconut data make` and `coconut data check`, as they are typed."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from coconut_core.errors import InputError
from coconut_core.files import sha256
from coconut_core.problems.prosqa import task as prosqa
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.prosqa.validation import facts_key
from coconut_core.problems.registry import TASKS, load_problems
from workbench.commands.data import app

SMALL = ["--nodes", "8-14", "--hops", "2-4", "--train", "40", "--valid", "10", "--test", "10"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refusal(*arguments) -> str:
    """The sentence with which a command refuses."""
    result = run(*arguments)
    assert isinstance(result.exception, InputError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.fixture
def folder(tmp_path):
    assert run("make", "prosqa", "--out", tmp_path / "set", *SMALL, "--seed", "3").exit_code == 0
    return tmp_path / "set"


def test_made_splits_share_no_facts_and_say_where_they_come_from(folder):
    sets = {split: load_problems(folder / f"prosqa_{split}.json") for split in ("train", "valid", "test")}
    assert {split: len(problems) for split, problems in sets.items()} == {
        "train": 40,
        "valid": 10,
        "test": 10,
    }
    keys = [facts_key(problem.question) for problems in sets.values() for problem in problems]
    assert len(set(keys)) == len(keys)
    assert {problem.hops for problem in sets["train"]} == {2, 3, 4}
    provenance = json.loads((folder / "prosqa_provenance.json").read_text())
    assert provenance["seed"] == 3
    assert provenance["settings"]["nodes"] == [8, 14]
    for name, file in provenance["files"].items():
        assert file["sha256"] == sha256(folder / name)


def test_the_same_seed_makes_the_same_files(folder, tmp_path):
    run("make", "prosqa", "--out", tmp_path / "again", *SMALL, "--seed", "3")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    run("make", "prosqa", "--out", tmp_path / "other", *SMALL, "--seed", "4")
    assert sha256(folder / "prosqa_train.json") != sha256(tmp_path / "other" / "prosqa_train.json")


def test_files_that_are_there_are_kept_unless_forced(folder):
    before = sha256(folder / "prosqa_train.json")
    assert "add --force" in refusal("make", "prosqa", "--out", folder, *SMALL)
    assert sha256(folder / "prosqa_train.json") == before
    assert run("make", "prosqa", "--out", folder, *SMALL, "--valid", "0", "--force").exit_code == 0
    assert sha256(folder / "prosqa_train.json") != before
    assert not (folder / "prosqa_valid.json").exists()


def test_excluded_facts_do_not_occur(folder, tmp_path):
    """With the seed of the excluded file, every problem that would be drawn first is one to be left out."""
    path = folder / "prosqa_train.json"
    out = tmp_path / "further"
    assert run("make", "prosqa", "--out", out, *SMALL, "--seed", "3", "--exclude", path).exit_code == 0
    assert run("check", out / "prosqa_train.json", "--against", path, "--min-hops", "2").exit_code == 0
    provenance = json.loads((out / "prosqa_provenance.json").read_text())
    assert provenance["excluded"] == [{"file": "prosqa_train.json", "sha256": sha256(path)}]


def test_an_exhausted_world_is_refused(tmp_path, monkeypatch):
    world = sample_problems(SamplerSettings(nodes=(4, 4), hops={1: 1.0}), 20, 0)
    monkeypatch.setattr(prosqa, "sample_problems", lambda settings, count, seed: world[:count])
    sentence = refusal("make", "prosqa", "--out", tmp_path, "--nodes", "4", "--hops", "1", "--train", "50")
    assert "after 20 of 50 for train" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nodes", "many"], "--nodes 'many' is not a range"),
        (["--nodes", "14-8"], "--nodes '14-8' ends before it starts"),
        (["--nodes", "2-3"], "within 4 to 55"),
        (["--hops", "3:0.5,x"], "--hops '3:0.5,x' is not understood"),
        (["--hops", "3:0.5,3:0.5"], "weighs 3 twice"),
        (["--hops", "0-2"], "each 1 or more"),
        (["--nodes", "5-8", "--hops", "4-7"], "7 hops needs 10 nodes"),
        (["--train", "0", "--valid", "0", "--test", "0"], "at least one problem"),
        (["--exclude", "missing.json"], "missing.json: cannot be read"),
    ],
)
def test_impossible_requests_are_refused_in_one_sentence(tmp_path, arguments, sentence):
    assert sentence in refusal("make", "prosqa", "--out", tmp_path, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_without_sizes_the_task_s_usual_ones_are_made(tmp_path):
    few = ["--train", "0", "--valid", "0", "--test", "5", "--seed", "9"]
    assert run("make", "prosqa", "--out", tmp_path / "usual", *few).exit_code == 0
    named = ["--nodes", "14-28", "--hops", "3:0.41,4:0.44,5:0.13,6:0.02"]
    assert run("make", "prosqa", "--out", tmp_path / "named", *few, *named).exit_code == 0
    for path in (tmp_path / "usual").iterdir():
        assert path.read_bytes() == (tmp_path / "named" / path.name).read_bytes()
    assert run("make", "prosqa", "--out", tmp_path / "other", *few, "--nodes", "20-28").exit_code == 0
    other = json.loads((tmp_path / "other" / "prosqa_provenance.json").read_text())["settings"]
    assert other["nodes"] == [20, 28] and other["hops"].keys() == {"3", "4", "5", "6"}


@pytest.mark.parametrize("task", [name for name in TASKS if TASKS[name].settings is None])
def test_a_task_without_a_sampler_is_refused_with_those_that_have_one(tmp_path, task):
    sentence = refusal("make", task, "--out", tmp_path)
    assert sentence.startswith(f"{task}: ") and "cannot be made" in sentence and "prosqa" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_the_task_does_not_have_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(prosqa.Prosqa, "sizes", prosqa.Prosqa.sizes[:1])
    assert refusal("make", "prosqa", "--out", tmp_path, *SMALL).startswith("--hops: ")
    assert list(tmp_path.iterdir()) == []


def test_every_task_is_offered():
    result = CliRunner().invoke(app, ["make", "--help"], env={"COLUMNS": "200"})
    assert all(name in result.output for name in TASKS), result.output


def test_the_official_file_is_sound(official_prosqa):
    result = run("check", official_prosqa)
    assert result.exit_code == 0
    assert "300 problems, all sound." in result.output
    assert "22.820    22.800\n" in result.output


def test_violations_are_listed_with_their_items_and_fail(folder):
    path = folder / "prosqa_train.json"
    records = json.loads(path.read_text())
    records[7]["answer"] = "I do not know."
    records[9] = dict(records[0])
    records.append("not a problem")
    path.write_text(json.dumps(records))
    result = run("check", path, "--min-hops", "2")
    assert result.exit_code == 2
    assert "3 violations in 3 of 41 problems" in result.output
    assert "  item 7: The answer 'I do not know.'" in result.output
    assert "  item 9: Repeats item 0.\n" in result.output
    assert "  item 40: A ProsQA record is an object" in result.output


def test_overlap_is_listed_and_long_lists_are_cut(folder):
    train, test = folder / "prosqa_train.json", folder / "prosqa_test.json"
    assert run("check", train, "--against", test, "--min-hops", "2").exit_code == 0
    records = json.loads(train.read_text()) * 2
    train.write_text(json.dumps(records))
    result = run("check", train, "--against", train, "--min-hops", "2")
    assert result.exit_code == 2
    assert f"  item 3: Its facts are those of item 3 of {train}.\n" in result.output
    assert "  and 70 more (--all lists them)" in result.output
    assert "(--all lists them)" not in run("check", train, "--against", train, "--min-hops", "2", "--all").output


def test_questions_without_graphs_are_checked_for_fields_repeats_and_overlap(tmp_path, folder):
    sums = [{"question": f"{n} + 1?", "steps": [f"<<{n}+1={n + 1}>>"], "answer": str(n + 1)} for n in range(4)]
    (tmp_path / "train.json").write_text(json.dumps(sums[:2]))
    (tmp_path / "test.json").write_text(json.dumps(sums[2:]))
    result = run("check", tmp_path / "test.json", "--against", tmp_path / "train.json")
    assert result.exit_code == 0 and result.output.endswith("test.json: 2 problems, all sound.\n")
    broken = [sums[2], {"question": "5?", "steps": [], "answer": 5}, sums[2], sums[1]]
    (tmp_path / "test.json").write_text(json.dumps(broken))
    result = run("check", tmp_path / "test.json", "--against", tmp_path / "train.json")
    assert result.exit_code == 2 and "3 violations in 3 of 4 problems (the table is of the others):\n" in result.output
    assert "  item 1: Field 'answer' must hold a text" in result.output
    assert "  item 2: Repeats item 0.\n" in result.output
    assert "  item 3: Its facts are those of item 1 of" in result.output
    sentence = refusal("check", folder / "prosqa_test.json", "--against", tmp_path / "train.json")
    assert sentence.startswith(f"{tmp_path / 'train.json'}: holds GSM8k, but ")


def test_plain_questions_are_not_called_sound(tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps([{"question": "1 + 1?", "steps": ["Count."], "answer": "2"}]))
    assert "nothing to be checked beyond their fields" in refusal("check", path)


def test_the_task_is_that_of_the_file_although_its_first_items_are_broken(folder):
    path = folder / "prosqa_test.json"
    path.write_text(json.dumps(["junk", {"question": "?"}, *json.loads(path.read_text())]))
    result = run("check", path, "--min-hops", "2")
    assert result.exit_code == 2 and "2 violations in 2 of 12 problems (the table is of the others):" in result.output
    assert "statistic" in result.output


@pytest.mark.parametrize("content", ['[{"question": "Tom', '[{"question": "1 + 1?", "answer": "2"}]', "[]", "no"])
def test_truncated_and_foreign_files_are_refused(folder, tmp_path, content):
    path = tmp_path / "foreign.json"
    path.write_text(content)
    assert refusal("check", path).startswith(f"{path}: ")
    assert refusal("check", folder / "prosqa_test.json", "--against", path).startswith(f"{path}: ")
    assert refusal("make", "prosqa", "--out", tmp_path / "new", *SMALL, "--exclude", path).startswith(str(path))


def test_help_needs_no_heavy_imports():
    """What takes long to import (numpy, networkx, pandas, torch) is imported inside the commands."""
    script = "import sys, workbench.commands.data; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "networkx", "pandas", "torch"} & set(modules.split())
