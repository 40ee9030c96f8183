"""Sets of problems that are made or uploaded in the app, and their links."""

import json

import pytest

from coconut_core.errors import InputError
from tests.app.conftest import upload
from tests.conftest import APP


def test_a_set_made_here_is_used_on_other_pages(open_page):
    test = open_page("problems")
    test.slider(key="make_nodes").set_value((7, 10))
    test.number_input(key="make_count").set_value(12)
    next(each for each in test.button if each.label == "Make").click().run()
    assert not test.exception and not test.error
    made = next(name for name in test.selectbox(key="browse").options if name.startswith("made here"))
    test.selectbox(key="browse").select(made).run()
    assert any("12 of 12" in element.value for element in test.caption)
    test.switch_page("workbench/pages/search_tree.py").run()
    assert made in test.selectbox(key="set").options
    test.selectbox(key="set").select(made).run()
    assert not test.exception and not test.error


def test_a_set_is_uploaded_and_a_torn_one_is_refused(open_page, problems):
    test = open_page("problems")
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("mine.json", b'[{"question": "Ev', "application/json")).run()
    assert "not a whole JSON file" in test.error[0].value and not test.exception
    content = json.dumps([problem.to_json() for problem in problems[:4]]).encode()
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("mine.json", content, "application/json")).run()
    assert not test.error
    name = next(name for name in test.selectbox(key="browse").options if name.startswith("uploaded here: mine.json ("))
    test.selectbox(key="browse").select(name).run()
    assert any("4 of 4" in element.value for element in test.caption)
    elsewhere = open_page("search_tree", set=name)
    assert elsewhere.selectbox(key="set").value == name
    assert not [each for each in elsewhere.warning if "no longer here" in each.value]
    assert elsewhere.selectbox(key="problem").value.startswith("0 ")


def test_a_link_makes_a_set_again(open_page):
    name = "made here: 8-11 nodes, 2-3 hops, seed 5, 9 problems"
    test = open_page("population", population=name)
    assert test.selectbox(key="population").value == name and not test.exception
    assert len(test.dataframe[0].value) == 9 and test.dataframe[0].value["nodes"].between(8, 11).all()
    again = open_page("problems", browse=name)
    assert again.dataframe[0].value["question"].tolist() == test.dataframe[0].value["question"].tolist()


@pytest.mark.parametrize(
    "name",
    [
        "made here: 8-11 nodes, 2-3 hops, seed 5, 900000 problems",
        "made here: 8-4 nodes, 2-3 hops, seed 5, 9 problems",
        "made here: 8-11 nodes, 2-3 hops, seed 99999999999, 9 problems",
        "made here: 8-11 nodes, 0-3 hops, seed 5, 9 problems",
        f"made here: 8-11 nodes, 2-3 hops, seed {'9' * 5000}, 9 problems",
    ],
)
def test_a_link_makes_no_set_that_the_page_would_not(open_page, name):
    test = open_page("problems", browse=name)
    assert test.selectbox(key="browse").options == ["small"] and not test.exception and not test.error


def test_an_upload_that_is_pushed_out_leaves_the_pages(open_page, problems):
    from workbench.choices import problem_sets

    test = open_page("problems")
    content = json.dumps([problem.to_json() for problem in problems[4:6]]).encode()
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("pushed.json", content, "application/json")).run()
    name = next(name for name in test.selectbox(key="browse").options if "pushed" in name)
    test.selectbox(key="browse").select(name).run()
    test.switch_page("workbench/pages/search_tree.py").run()
    test.selectbox(key="set").select(name).run()
    problem_sets._uploads().pop(name)
    test.run()
    assert not test.exception and test.selectbox(key="set").options == ["small"]
    with pytest.raises(InputError, match="no longer here"):
        problem_sets.problem_set(name)


def test_a_problem_of_a_set_that_was_pushed_out_cannot_be_opened(open_page, problems):
    from workbench.choices import problem_sets

    test = open_page("population", most="3")
    assert upload(test, [problem.to_json() for problem in problems[6:9]])
    name = next(each for each in test.selectbox(key="population").options if "mine.json" in each)
    test.selectbox(key="population").select(name).run()
    key = f"rows {name} {hash((0, 1, 2))} {hash(())}"
    test.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    test.run()
    problem_sets._uploads().pop(name)
    next(each for each in test.button if "search tree" in each.label).click().run()
    assert not test.exception and "no longer here" in test.warning[0].value


def test_what_was_uploaded_again_is_the_latest(problems):
    from workbench.choices import problem_sets

    contents = [json.dumps([problem.to_json()]).encode() for problem in problems[: problem_sets.KEPT_UPLOADS + 1]]
    first, *others = (problem_sets.upload_set("mine.json", content) for content in contents[:-1])
    assert problem_sets.upload_set("mine.json", contents[0]) == first
    problem_sets.upload_set("mine.json", contents[-1])
    assert first in problem_sets._uploads() and others[0] not in problem_sets._uploads()


def test_statistics_of_a_problem_without_an_edge_are_refused(open_page):
    alone = {"question": "Tom is a lempus. Every lempus is a rompus. Is Tom a lempus or rompus?", "answer": "x"}
    alone |= {"steps": [], "idx_to_symbol": ["Tom", "lempus", "rompus"], "edges": []}
    test = open_page("problems")
    upload(test, [alone | {"root": 0, "target": 0, "neg_target": 1}])
    test.selectbox(key="browse").select(next(n for n in test.selectbox(key="browse").options if "mine" in n)).run()
    assert not test.exception and any("the target is the root itself" in each.value for each in test.warning)


def test_what_comes_first_does_not_depend_on_the_session(open_page):
    test = open_page("problems", browse="made here: 8-11 nodes, 2-3 hops, seed 5, 9 problems")
    assert test.selectbox(key="browse").options[0] == "small" and len(test.selectbox(key="browse").options) == 2


def test_a_link_to_an_upload_that_is_gone_says_so(open_page, page_shelf, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("COCONUT_ARTIFACTS", str(page_shelf))
    test = AppTest.from_file(APP, default_timeout=90)
    test.query_params["set"] = "uploaded here: theirs.json (0123456789ab)"
    test.run()
    assert "theirs" in test.warning[0].value and "upload the file again" in test.warning[0].value
    assert test.selectbox(key="set").value == "small" and not test.exception
