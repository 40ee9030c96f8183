"""Models and sets by name, and the app as the command starts it."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from coconut_core.bundled import VARIABLE, bundled_models, bundled_sets, model_folder, problem_file
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.problems.registry import load_problems, save_problems
from tests.command_line import coconut
from workbench.choices import model_places
from workbench.commands import open_app

ROOT = Path(__file__).parents[1]


def test_names_are_those_of_the_shipped_files(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert model_folder("prosqa_laptop") == ROOT / "artifacts" / "models" / "prosqa_laptop"
    assert problem_file("laptop_500") == ROOT / "artifacts" / "problems" / "laptop_500.json"
    assert {path.parent for path in bundled_models().values()} == {ROOT / "artifacts" / "models"}
    assert load_model("prosqa_laptop").card["method"] == "coconut" and len(load_problems("laptop")) == 300


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, problems):
    """A shelf with one set in a folder and one whose provenance is noted; the current directory is another one."""
    save_problems(tmp_path / "shelf" / "problems" / "world" / "small.json", problems[:3])
    save_problems(tmp_path / "shelf" / "problems" / "large.json", problems)
    (tmp_path / "shelf" / "problems" / "large_provenance.json").write_text("{}")
    (tmp_path / "here").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "shelf"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "shelf" / "problems"


def test_sets_in_folders_have_names_and_notes_have_none(elsewhere):
    assert bundled_sets() == {"large": elsewhere / "large.json", "world/small": elsewhere / "world" / "small.json"}
    assert len(load_problems("world/small")) == 3


def test_what_exists_is_meant_before_a_name(elsewhere, problems):
    Path("large").mkdir()  # a folder cannot be a file of problems
    assert problem_file("large") == elsewhere / "large.json"
    Path("large").rmdir()
    save_problems("large", problems[:5])
    assert problem_file("large") == Path("large") and len(load_problems("large")) == 5


@pytest.mark.parametrize(
    ("find", "given", "sentence"),
    [
        (
            problem_file,
            "larg",
            "no bundled set of this name; give a JSON file of problems, or one of large, world/small",
        ),
        (
            model_folder,
            "prosqa",
            r"no bundled model of this name; give the folder of a model, or one of those in .*none",
        ),
    ],
)
def test_an_unknown_name_is_one_sentence_with_the_known_ones(elsewhere, find, given, sentence):
    with pytest.raises(InputError, match=sentence):
        find(given)


def test_a_path_that_leads_nowhere_is_left_to_its_reader(elsewhere):
    assert problem_file("absent.json") == Path("absent.json") and model_folder("runs/absent") == Path("runs/absent")


def test_commands_take_names(elsewhere, tmp_path):
    assert coconut("data", "check", "large", "--min-hops", 2).returncode == 0
    wrong = coconut("values", "prosqa_laptop", "larg")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and "one of large, world/small" in wrong.stderr


def test_the_version_is_said():
    said = coconut("--version")
    assert said.returncode == 0 and said.stdout == f"coconut-workbench {version('coconut-workbench')}\n"


def test_the_app_listens_to_this_machine_alone_unless_told_otherwise(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(subprocess, "call", lambda command, env: started.append((command, env)) or 0)
    monkeypatch.delenv(model_places.VARIABLE, raising=False)
    assert coconut("app").returncode == 0
    assert coconut("app", "--host", "0.0.0.0", "--port", 8600, "--headless").returncode == 0
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert coconut("app", "--models", "a", "--models", tmp_path).returncode == 0
    (local, none), (wide, _), (_, named) = started
    assert local[-2:] == ["--server.address", "localhost"] and Path(local[4]) in open_app.SCRIPTS
    assert wide[5:] == ["--server.address", "0.0.0.0", "--server.port", "8600", "--server.headless", "true"]
    assert model_places.VARIABLE not in none
    assert named[model_places.VARIABLE] == f"{tmp_path / 'a'}{os.pathsep}{tmp_path}"
    wrong = coconut("app", "--models", "absent")
    assert wrong.returncode == 2 and "absent is not a folder" in wrong.stderr and len(started) == 3
