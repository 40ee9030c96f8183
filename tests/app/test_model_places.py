"""Where the app looks for models: below the folders that it was started with, and nowhere else."""

import json
import os
import shutil

import pytest

from coconut_core.errors import InputError
from tests.app.conftest import shown
from workbench.choices import model_places


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Two folders that the app was started with, the second a link, and one that it was not."""
    for name in ("runs", "elsewhere", "secret"):
        (tmp_path / name).mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv(model_places.VARIABLE, f"{tmp_path / 'runs'}{os.pathsep}{tmp_path / 'linked'}")
    return tmp_path


def test_paths_below_the_places_are_permitted(places):
    for typed in (
        places / "runs" / "a" / "b",
        places / "linked" / "a",
        places / "elsewhere",
        places / "runs" / ".." / "runs",
    ):
        assert model_places.permitted(str(typed)) == typed.resolve()


@pytest.mark.parametrize(
    "typed",
    [
        "/",
        "/etc",
        "{0}/secret",
        "{0}",
        "{0}/runs/../secret",
        "{0}/runs-of-others",
        "{0}/runs/out",
        "~nobody/x",
        "a\0b",
        "",
    ],
)
def test_any_other_path_is_refused_in_the_same_words(places, typed):
    (places / "runs" / "out").symlink_to(places / "secret")
    with pytest.raises(InputError, match=r"is not below .*runs and .*linked, where this app looks for models"):
        model_places.permitted(typed.format(places))


def test_without_a_named_folder_runs_and_fetched_models_can_be_added(tmp_path, monkeypatch):
    monkeypatch.delenv(model_places.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert model_places.permitted("runs/second") == tmp_path / "runs" / "second"
    assert model_places.permitted("artifacts/models/x") == tmp_path / "artifacts" / "models" / "x"
    with pytest.raises(InputError, match="coconut app --models"):
        model_places.permitted("second")
    assert model_places.offered_places() == ()


def test_models_of_a_named_folder_are_offered_and_others_not_looked_at(places, open_page, page_shelf):
    own = page_shelf / "models" / "tiny"
    shutil.copytree(own, places / "runs" / "mine")
    shutil.copytree(own, places / "linked" / "tiny")  # a model of this name stands on the app's own shelf
    card = places / "linked" / "tiny" / "coconut.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"samples": 4242}))
    (places / "runs" / "notes").mkdir()
    shutil.copytree(own, places / "secret" / "hidden")
    test = open_page("models")
    table = test.dataframe[0].value.set_index("model")
    assert {"mine", "tiny", "other"} <= set(table.index) and table.index.is_unique
    assert table.loc["tiny", "samples"] == 4242 and "notes" not in table.index
    test.text_input(key="folder").set_value(str(places / "secret" / "hidden")).run()
    next(button for button in test.button if button.label == "Add the folder").click().run()
    assert "is not below" in shown(test).replace("\\", "") and not test.exception
    assert "hidden" not in test.dataframe[0].value["model"].tolist()
