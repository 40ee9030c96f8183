"""The shape of the project: imports point one way, files are whole, intervals are right."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analyses.readings.intervals import wilson
from coconut_core.errors import InputError
from coconut_core.files import write_atomically

ROOT = Path(__file__).parents[1]
IMPORTS = (ast.Import, ast.ImportFrom)
ROOMS = ["coconut_core", "analyses", "workbench"]
FORBIDDEN = {
    "coconut_core": {"plotly", "streamlit", "transformer_lens", "analyses", "workbench"},
    "analyses": {"streamlit", "workbench"},
    "workbench": set(),
}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room):
    paths = list((ROOT / room).rglob("*.py"))
    assert paths
    for path in paths:
        assert not FORBIDDEN[room] & set(imported(path)), path


def test_pages_open_without_torch():
    """Its import takes seconds, and two sessions that import it at once would see half-made modules."""
    pages = [ROOT / "app.py", *(ROOT / "workbench" / "pages").glob("*.py")]
    lines = {
        ast.unparse(node) for page in pages for node in ast.parse(page.read_text()).body if isinstance(node, IMPORTS)
    }
    told = subprocess.run(
        [sys.executable, "-c", "\n".join([*sorted(lines), "import sys; print('torch' in sys.modules)"])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False" and len(lines) > 20


def test_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = project["dependencies"] + [each for extra in extras.values() for each in extra]
    names = {each.split(">")[0].split("<")[0].split("[")[0].replace("-", "_") for each in declared}
    names = {"yaml" if name == "pyyaml" else name for name in names}
    paths = [ROOT / "app.py", *(path for room in [*ROOMS, "tests"] for path in (ROOT / room).rglob("*.py"))]
    used = {name for path in paths for name in imported(path)}
    own = {*ROOMS, "tests", "benchmarks", "app"}
    assert used - names - own - set(sys.stdlib_module_names) == set()


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "result.csv"
    write_atomically(path, "old")

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", fail)
        write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "result.csv", "new")


def test_wilson_interval_matches_the_published_example():
    # 97.0% of 500 is about 95.1 to 98.2.
    low, high = wilson(485, 500)
    assert (round(low, 3), round(high, 3)) == (0.951, 0.982)
    assert wilson(0, 10)[0] == 0 and wilson(10, 10)[1] == 1 and wilson(0, 0) == (0, 1)
