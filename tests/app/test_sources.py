"""Where problems come from: sets, random ones, pasted text, uploads; and what bad ones get."""

import json
import shutil
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from coconut_core.problems.prosqa.sampler import SamplerSettings
from coconut_core.problems.registry import DEFAULT, TASKS
from coconut_core.training.fields import world_of_training
from tests.app.conftest import asked, drawn_tree, shown, tree, upload
from tests.conftest import APP
from workbench.choices.problem_sources import UPLOAD_MEGABYTES

EXAMPLE = TASKS[DEFAULT].example


def test_random_problems_come_back_by_their_seed(app):
    test = app(source="random", seed="11")
    assert not test.exception and not test.error
    assert "4 to 7 nodes" in shown(test) or "5 to 7 nodes" in shown(test)
    assert drawn_tree(app(source="random", seed="11")) == drawn_tree(test)
    assert drawn_tree(app(source="random", seed="12")) != drawn_tree(test)
    test.button(key="any").click().run()
    assert test.number_input(key="seed").value != 11 and drawn_tree(test) != drawn_tree(app(source="random", seed="11"))


def test_pasted_text_is_read_and_stands_in_the_link(app):
    test = app(source="pasted text")
    assert "Paste a question" in shown(test) and not test.exception
    test.text_area(key="text").set_value(EXAMPLE).run()
    assert not test.error and "Is Tom a lempus or scrompus" in asked(test)
    assert drawn_tree(app(source="pasted text", text=EXAMPLE)) == drawn_tree(test)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hello world", "Every X is a Y"),
        ("Tom is a lempus. Every lempus is a rempus.", "does not end with a choice"),
        ("Tom is a a. Every a is a b. Every b is a a. Every c is a d. Is Tom a b or d?", "circle"),
        ("Tom is a lempus. Every rempus is a gorpus. Is Tom a lempus or yumpus?", "no fact names"),
        ("Tom is a lempus. Tom is a rempus. Is Tom a lempus or rempus?", "Both candidates"),
        ("Tom is a <b>x</b>. Every y is a z. Is Tom a <b>x</b> or z?", "lacks the name"),
        ('[{"question": "trunc', "not a whole JSON"),
        ('{"question": 3, "root": 0}', "idx"),
        ("[[[[" * 2000, "not a whole JSON"),
    ],
)
def test_bad_text_is_one_sentence(app, text, fault):
    test = app(source="pasted text", text=text)
    assert not test.exception
    (error,) = test.error
    assert fault in error.value.replace("\\", "")
    assert "Traceback" not in error.value


def test_an_upload_is_a_set_and_chosen(app, problems):
    test = app()
    assert upload(test, [problem.to_json() for problem in problems[:4]])
    assert test.selectbox(key="set").value.startswith("uploaded here: mine.json (")
    test.selectbox(key="problem").select_index(3).run()
    assert f"Is {problems[3].root_name}" in asked(test)
    linked = app(set=test.selectbox(key="set").value, problem=test.selectbox(key="problem").value)
    assert f"Is {problems[3].root_name}" in asked(linked)


def test_bad_uploads_are_one_sentence(app, problems):
    record = problems[0].to_json()
    cyclic = record | {"edges": [*record["edges"], record["edges"][0][::-1]]}
    bad = {
        b'[{"question": "Every': "not a whole JSON file",
        b"\xff\xfe\x00": "not a whole JSON file",
        b"[]": "no list of problems",
        b'[{"root": 0}]': "idx_to_symbol",
        b'[{"name": "x"}]': "Field 'question' is missing",
        json.dumps([cyclic]).encode(): "circle",
        json.dumps([record | {"target": 999}]).encode(): "999",
        json.dumps([record | {"question": "What?"}]).encode(): "Every X is a Y",
        json.dumps([record | {"idx_to_symbol": ["\ud800", *record["idx_to_symbol"][1:]]}]).encode(): "list of texts",
    }
    for content, fault in bad.items():
        test = app()
        upload(test, content)
        assert not test.exception, test.exception
        (error,) = test.error
        assert fault in error.value.replace("\\", ""), error.value
        assert "mine.json" in error.value.replace("\\", "")


def test_an_unsound_problem_is_drawn_with_a_warning(app, problems):
    record = problems[0].to_json() | {"answer": "Tom is a gorpus."}
    test = app()
    upload(test, [record])
    assert "not sound" in test.warning[0].value and tree(test)["nodes"]


def test_a_torn_file_of_problems_is_named_and_harmless(app):
    test = app(set="torn")
    assert not test.exception and "torn.json" in test.error[0].value.replace("\\", "")
    test.selectbox(key="set").select("world/small").run()
    assert not test.error and tree(test)


def test_without_bundled_problems_the_other_sources_work(tmp_path, shelf, monkeypatch):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    shutil.copytree(shelf / "models" / "tiny", tmp_path / "models" / "tiny")
    test = AppTest.from_file(APP, default_timeout=60).run()
    assert not test.exception and "Draw a random one" in test.info[0].value
    test.radio(key="source").set_value("random").run()
    assert tree(test)


def test_random_problems_are_of_the_models_own_world(tiny_run):
    world = replace(tiny_run.worlds[-1], problems=SamplerSettings(nodes=(8, 14), hops={2: 0.5, 4: 0.5}))
    run = replace(tiny_run, worlds=(*tiny_run.worlds, world)).as_dict()
    task = TASKS[DEFAULT]
    settings, words = world_of_training(task, json.loads(json.dumps({"run": run})))
    assert settings == SamplerSettings(nodes=(8, 14), hops={2: 0.5, 4: 0.5})
    assert "8 to 14 nodes, 2 to 4 hops" in words and "training" in words
    for card in (
        {},
        {"run": {"worlds": []}},
        {"run": None},
        {"run": {"worlds": [{"nodes": [1], "hops": 3}]}},
    ):
        assert world_of_training(task, card)[0] == SamplerSettings()


def test_uploads_are_limited_in_size():
    import tomllib

    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] >= UPLOAD_MEGABYTES
