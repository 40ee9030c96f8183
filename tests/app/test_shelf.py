"""Models on the shelf: broken ones, absent ones, those that change, and where there is none."""

import json
import shutil

from streamlit.testing.v1 import AppTest

from tests.app.conftest import move, shown, tree, trees, values
from tests.conftest import APP
from workbench.choices.model_shelf import model_folders


def test_broken_models_are_listed_and_harmless(app, shelf):
    test = app()
    assert test.selectbox(key="model").options == ["tiny", "empty", "foreign", "truncated"]
    faults = test.selectbox(key="model").help.replace("\\", "")
    assert "empty: coconut.json, config.json" in faults and "truncated: model.safetensors is not whole" in faults
    assert "foreign: coconut.json lacks" in faults
    for option, fault in (("truncated", "model.safetensors"), ("empty", "is missing")):
        test.selectbox(key="model").select(option).run()
        assert not test.exception
        assert fault in test.error[0].value.replace("\\", "")
    test.selectbox(key="model").select("tiny").run()
    assert not test.error and tree(test)


def test_a_model_that_is_not_here_is_not_replaced_by_another(app, shelf):
    test = app(model="theirs")
    assert "no model of this name" in test.error[0].value and not test.get("plotly_chart")
    assert test.selectbox(key="model").value == "theirs"
    test.selectbox(key="model").select("tiny").run()
    assert not test.error and tree(test)
    # Trained anew, its folder is gone for a while.
    (shelf / "models" / "tiny").rename(shelf / "models" / ".tiny")
    try:
        test.run()
        assert "no model of this name" in test.error[0].value
    finally:
        (shelf / "models" / ".tiny").rename(shelf / "models" / "tiny")
    test.run()
    assert not test.error and tree(test)


def test_a_model_is_asked_for_as_many_thoughts_as_it_has(app, shelf):
    folder = shelf / "models" / "longer"
    shutil.copytree(shelf / "models" / "tiny", folder)
    try:
        card = json.loads((folder / "coconut.json").read_text()) | {"max_thoughts": 9}
        (folder / "coconut.json").write_text(json.dumps(card))
        test = app(model="longer")
        assert trees(test)["ks"] == list(range(10))
        move(test, 9)
        assert trees(test)["k"] == 9 and not test.exception
        assert "theirs" in app(second="theirs").warning[0].value
        beside = app(second="longer", model="tiny")
        assert trees(beside)["ks"] == list(range(10)) and not beside.exception
        move(beside, 9)
        beside.switch_page("workbench/pages/what_if.py").run()
        assert not beside.exception and trees(beside)["k"] == 6 and len(beside.dataframe[0].value) == 6
        move(beside, 4)
        beside.selectbox(key="model").select("longer").run()
        assert trees(beside)["ks"] == list(range(10)) and trees(beside)["k"] == 4
        assert len(beside.dataframe[0].value) == 9 and not beside.exception
    finally:
        shutil.rmtree(folder)


def test_without_models_the_page_says_how_to_train_one(tmp_path, monkeypatch):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and "coconut train" in test.info[0].value


def test_a_retrained_model_is_seen(shelf, tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copytree(shelf / "models" / "tiny", tmp_path / "models" / "m")
    (before,) = model_folders(tmp_path / "models")
    assert model_folders(tmp_path / "models") == (before,)
    (tmp_path / "models" / "m" / "model.safetensors").touch()
    (after,) = model_folders(tmp_path / "models")
    assert after.fingerprint != before.fingerprint


def test_a_model_that_is_trained_anew_is_read_anew(app, shelf):
    other = shelf / "models" / "anew"
    shutil.copytree(shelf / "models" / "tiny", other)
    try:
        test = app(model="anew", k=1)
        before = values(test)
        from safetensors.torch import load_file, save_file

        from coconut_core.files import sha256

        weights = load_file(other / "model.safetensors")
        save_file({n: w * 1.5 for n, w in weights.items()}, other / "model.safetensors", {"format": "pt"})
        card = json.loads((other / "coconut.json").read_text())
        card["model_sha256"] = sha256(other / "model.safetensors")
        (other / "coconut.json").write_text(json.dumps(card))
        test.run()
        assert not test.exception and not test.error
        after = values(test)
        assert before != after
    finally:
        shutil.rmtree(other)


def test_a_second_model_that_cannot_be_read_leaves_the_page(app, shelf):
    other = shelf / "models" / "twin"
    shutil.copytree(shelf / "models" / "tiny", other)
    weights = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    try:
        test = app(second="twin")
        assert not test.exception and len(test.error) == 1 and "model_sha256" in test.error[0].value.replace("\\", "")
        assert tree(test)["nodes"]
    finally:
        shutil.rmtree(other)


def test_a_model_without_thoughts_says_so(app, shelf):
    shutil.copytree(shelf / "models" / "tiny", shelf / "models" / "words")
    card = json.loads((shelf / "models" / "words" / "coconut.json").read_text())
    card |= {"method": "cot", "max_thoughts": 0}
    (shelf / "models" / "words" / "coconut.json").write_text(json.dumps(card))
    try:
        test = app(model="words", k=3)
        assert not test.exception and not test.error
        assert "has no thoughts" in shown(test)
        assert trees(test)["heads"][0][3]["before"] == "After no thought the model says: "
    finally:
        shutil.rmtree(shelf / "models" / "words")
