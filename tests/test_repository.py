"""What is released is whole and of one version; what is committed stays small."""

import importlib.util
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]


def test_one_version_is_named_everywhere():
    version = PROJECT["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    newest = re.search(r"^## (?:Unreleased \()?([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest and newest[1] == version
    assert f"/v{version}/" in json.loads((ROOT / "coconut_core" / "released_models.json").read_text())["address"]


def test_the_licence_is_whole_and_named():
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
    assert (
        PROJECT["project"]["license"] == "Apache-2.0" == yaml.safe_load((ROOT / "CITATION.cff").read_text())["license"]
    )
    assert all((ROOT / name).is_file() for name in PROJECT["project"]["license-files"])


def test_the_wheel_holds_what_the_app_opens_on():
    inside = WHEEL["force-include"]
    assert all((ROOT / source).exists() for source in inside)
    named = {place.rsplit("/", 1)[-1] for place in inside.values()}
    assert {"app.py", "config.toml", "problems", "prosqa_laptop"} <= named
    # The model that the page opens on, and at least one to stand beside it.
    models = [source for source in inside if source.startswith("artifacts/models/")]
    assert len(models) >= 2 and all((ROOT / model / "coconut.json").is_file() for model in models)


@pytest.fixture
def lean():
    spec = importlib.util.spec_from_file_location("lean", ROOT / ".ci" / "lean.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.fixture
def commit(tmp_path):
    """Commits files of these sizes, by name, to a repository of its own, which it returns."""

    def git(*arguments):
        names = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *names, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def commit(**sizes):
        for name, size in sizes.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode() + b"x" * (size - len(name)))
        git("add", "--all")
        git("commit", "--quiet", "-m", "more")
        return tmp_path

    git("init", "--quiet")
    return commit


def test_this_repository_is_lean(lean):
    assert lean.faults(ROOT) == []


def test_pictures_are_tracked_where_documents_show_them_alone(lean, commit):
    root = commit(**{"docs__a__tree.png": 50, "docs__b.svg": 50, "artifacts__screenshots__population.png": 50})
    assert lean.faults(root) == []
    root = commit(**{"artifacts__figures__index.html": 50, "figure.png": 50, "docs__page.html": 50})
    found = lean.faults(root)
    assert [fault.split(":")[0] for fault in found] == ["artifacts/figures/index.html", "docs/page.html", "figure.png"]


def test_a_large_file_a_large_folder_and_a_large_commit_are_named(lean, commit, monkeypatch):
    for bound in ("LARGEST_FILE", "MOST_ADDED", "LARGEST_ARTIFACTS", "LARGEST_TREE"):
        monkeypatch.setattr(lean, bound, lean.MIB)
    root, half = commit(start=60), lean.MIB // 2 + 100
    assert lean.faults(commit(one=half)) == []
    assert [fault.split(":")[0] for fault in lean.faults(commit(large=2 * lean.MIB))] == [
        "large", "all files", "what the last commit adds"
    ]  # fmt: skip
    (root / "large").unlink()
    (root / "one").unlink()
    assert lean.faults(commit(artifacts__a=half)) == []
    assert [fault.split(":")[0] for fault in lean.faults(commit(artifacts__b=half))] == ["artifacts/", "all files"]
    # What is staged is what will be committed.
    (root / "artifacts" / "b").unlink()
    assert len(lean.faults(root)) == 2
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    assert lean.faults(root) == []
