"""The examples in docstrings run as they stand, from the project's root."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("coconut_core", "analyses")
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text()
)
# Tables have no docstring, a checkpoint is made by `load_model`, and a report or a verdict takes minutes.
WITHOUT_EXAMPLES = {"METHODS", "TASKS", "FIGURES", "Checkpoint", "make_report", "make_verdict"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(import_module(name))
    assert found.attempted and not found.failed


def test_the_public_face_has_examples():
    import analyses
    import coconut_core

    names = [(package, name) for package in (coconut_core, analyses) for name in package.__all__]
    shown = [getattr(package, name) for package, name in names if name not in WITHOUT_EXAMPLES]
    assert len(shown) > len(WITHOUT_EXAMPLES)
    for each in shown:
        assert ">>> " in (each.__doc__ or ""), each.__name__
