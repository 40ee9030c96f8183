"""Tasks other than the usual one: what the pages offer of them, and what they say where a task lacks something."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from coconut_core.problems.registry import DEFAULT, TASKS
from coconut_core.training.config_files import load_config
from coconut_core.training.fields import world_of_training
from coconut_core.training.loop import train
from tests.app.conftest import asked, drawn_tree, shown, tree, upload, values
from tests.conftest import APP
from tests.test_toy_task import CONFIG
from workbench.choices.problem_sources import pasted_problem

WORDS = [
    {"question": "Ann has 3 apples. How many has she with 4 more?", "steps": ["3 and 4 are 7."], "answer": "7"},
    {
        "question": "Ben has 2 pens. How many has he with 5 more?",
        "steps": ["2 and 5 are 7.", "He has 7."],
        "answer": "7",
    },
]
"""Questions of a task without graphs."""


@pytest.fixture(scope="module")
def rivers(tmp_path_factory, tiny_checkpoint):
    """An artifacts folder: a model of a task that the app does not know, and one of the usual task."""
    TASKS.add("toy", "tests.toy.task:TOY")
    folder = tmp_path_factory.mktemp("rivers")
    (folder / "rivers.yaml").write_text(CONFIG)
    config = load_config(folder / "rivers.yaml", [f"save_path={folder / 'runs'}"])
    shutil.copytree(train(config, "coconut train rivers.yaml", quiet=True), folder / "models" / "rivers")
    shutil.copytree(tiny_checkpoint, folder / "models" / "usual")
    (folder / "problems").mkdir()
    problems = TASKS["toy"].sample(TASKS["toy"].settings(), 4, 0)
    (folder / "problems" / "rivers.json").write_text(json.dumps([problem.to_json() for problem in problems]))
    (folder / "problems" / "words.json").write_text(json.dumps(WORDS))
    yield folder
    TASKS.remove("toy")


@pytest.fixture
def open_rivers(rivers, monkeypatch):
    """Opens a page of the app, by name, with values of its link."""
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(rivers))

    def start(name, **link):
        test = AppTest.from_file(APP, default_timeout=90)
        for key, value in {"model": "rivers", **link}.items():
            test.query_params[key] = value
        test.run()
        return test.switch_page(f"workbench/pages/{name}.py").run()

    return start


def test_a_set_of_another_task_is_made_and_its_name_makes_it_again(open_rivers):
    test = open_rivers("problems")
    assert test.selectbox(key="make_task").value == "rivers", "the model's task comes first"
    test.slider(key="make_toy_rivers").set_value((5, 6))
    test.number_input(key="make_count").set_value(9)
    next(button for button in test.button if button.label == "Make").click().run()
    name = "made here (toy): 5-6 rivers, seed 0, 9 problems"
    assert name in test.selectbox(key="browse").options and not test.exception and not test.error
    table = open_rivers("problems", browse=name).dataframe[0].value
    assert len(table) == 9 and table["nodes"].between(5, 6).all()
    drawn = open_rivers("search_tree", set=name)
    assert "How does" in asked(drawn) and not drawn.error


@pytest.mark.parametrize(
    "name",
    [
        "made here (toy): 5-99 rivers, seed 0, 9 problems",
        "made here (toy): 8-11 nodes, 2-3 hops, seed 5, 9 problems",
        "made here: 5-6 rivers, seed 0, 9 problems",
        "made here (absent): 5-6 rivers, seed 0, 9 problems",
        "made here (gsm8k): seed 0, 9 problems",
    ],
)
def test_a_link_makes_no_set_with_sizes_that_its_task_lacks(open_rivers, name):
    test = open_rivers("problems", browse=name)
    assert test.selectbox(key="browse").options == ["rivers", "words"] and not test.exception and not test.error


def test_random_problems_are_of_the_model_s_task_and_world(open_rivers, rivers):
    test = open_rivers("search_tree", source="random", seed="3")
    assert "as in the model's training: 4 to 6 places" in shown(test).replace("\\", "") and not test.error
    assert "How does" in asked(test)
    test.selectbox(key="model").select("usual").run()
    assert "nodes" in shown(test) and "Is " in asked(test) and not test.error
    settings, words = world_of_training(TASKS["toy"], {"run": {"worlds": [{"rivers": [3, 5], "epochs": 1}]}})
    assert settings.rivers == (3, 5) and "3 to 5 places" in words
    assert world_of_training(TASKS["toy"], {})[1] == "as usual for rivers: 4 to 7 places"


def test_where_there_is_one_opening_none_is_offered(open_rivers):
    test = open_rivers("search_tree")
    assert not [box for box in test.selectbox if box.key == "opening"] and not test.exception
    assert "“Next”" in json.dumps(drawn_tree(test), ensure_ascii=False)
    usual = open_rivers("search_tree", model="usual", source="random")
    assert usual.selectbox(key="opening").options == list(TASKS[DEFAULT].openings.values())


def test_thoughts_can_be_changed_where_the_text_cannot(open_rivers):
    test = open_rivers("what_if")
    assert "cannot be edited fact by fact" in shown(test) and not test.text_area
    assert any("No edits yet" in element.value for element in test.markdown) and not test.error
    for kind in ("zero", "swap"):
        test = open_rivers("what_if", edits=json.dumps([["thought", 1, kind, 1]]), k="3")
        assert not test.exception and not test.error
        assert values(test) != tree(test, 1)["values"]["marker"]["color"]


def test_a_pasted_text_is_of_the_model_s_task_or_of_the_usual_one(problems):
    usual, toy, words = TASKS[DEFAULT], TASKS["toy"] if "toy" in TASKS else TASKS["other"], TASKS["gsm8k"]
    for task in (usual, toy, words):
        assert pasted_problem(usual.example, task) == usual.from_text(usual.example)
        assert pasted_problem(json.dumps(problems[0].to_json()), task) == problems[0]
        assert pasted_problem(json.dumps(WORDS[0]), task).answer == "7"
    with pytest.raises(Exception, match="cannot be read from text alone"):
        pasted_problem("Nothing that any task could read.", TASKS["other"])
    with pytest.raises(Exception, match="does not ask for a number"):
        pasted_problem("Nothing that any task could read.", words)


def test_problems_without_graphs_are_listed_and_refused_where_a_tree_is_drawn(open_rivers):
    test = open_rivers("problems", browse="words")
    table = test.dataframe[0].value
    assert list(table.columns) == ["problem", "question", "answer", "steps"] and table["steps"].tolist() == [1, 2]
    assert not test.exception and not test.error and "Every problem is sound" in shown(test)
    test.session_state["browsed words "] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    test.run()
    assert "Ben has" in test.code[0].value and not [each for each in test.button if "search tree" in each.label]
    for page, link in (("search_tree", "set"), ("what_if", "set"), ("population", "population")):
        test = open_rivers(page, **{link: "words"})
        (refusal,) = test.main.info
        assert "needs problems with graphs" in refusal.value and "questions without graphs" in refusal.value
        assert not test.exception and not test.error and not test.get("plotly_chart")
        assert not test.get("bidi_component")
    assert "1 steps" in open_rivers("thoughts", set="words").selectbox(key="problem").options[0]


def test_an_uploaded_set_of_another_task_is_chosen(open_rivers):
    test = open_rivers("search_tree")
    assert upload(test, [problem.to_json() for problem in TASKS["toy"].sample(TASKS["toy"].settings(), 2, 9)])
    assert test.selectbox(key="set").value.startswith("uploaded here: mine.json (")
    assert "How does" in asked(test) and not test.error
    refused = open_rivers("search_tree")
    assert not upload(refused, [{"places": ["ba"], "question": 3}])
    assert "mine.json, item 0" in refused.error[0].value.replace("\\", "")


def test_a_model_of_another_task_is_asked_what_it_was_trained_on():
    """Of the bundled ones: those of the usual task come first, and a set follows the model's task."""
    test = AppTest.from_file(APP, default_timeout=90).run()
    assert (test.selectbox("model").value, test.selectbox("set").value) == ("prosqa_laptop", "laptop")
    test.selectbox("model").set_value("gsm8k_laptop_base").run()
    assert test.selectbox("set").value == "laptop_arithmetic" and not test.exception and not test.error
    test.selectbox("model").set_value("prosqa_laptop").run()
    assert test.selectbox("set").value == "laptop" and not test.exception and not test.error
