"""Sets of problems that are made or uploaded in the app, and their links."""

import json
from pathlib import Path

import pytest

from coconut_core.errors import InputError
from tests.conftest import APP


def test_a_set_made_here_is_used_on_other_pages(open_page):
    test = open_page("problems")
    test.slider(key="make_nodes").set_value((7, 10))
    test.number_input(key="make_count").set_value(12)
    test.button[0].click().run()
    assert not test.exception and not test.error
    made = next(name for name in test.selectbox(key="browse").options if name.startswith("made here"))
    test.selectbox(key="browse").select(made).run()
    assert any("12 of 12" in element.value for element in test.caption)
    test.switch_page("workbench/pages/search_tree.py").run()
    assert made in test.selectbox(key="set").options
    test.selectbox(key="set").select(made).run()
    assert not test.exception and not test.error


def test_a_set_is_uploaded_and_a_torn_one_told(open_page, problems):
    test = open_page("problems")
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("mine.json", b'[{"question": "Ev', "application/json")).run()
    assert "no whole JSON file" in test.error[0].value and not test.exception
    content = json.dumps([problem.to_json() for problem in problems[:4]]).encode()
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("mine.json", content, "application/json")).run()
    assert not test.error
    name = next(name for name in test.selectbox(key="browse").options if name.startswith("uploaded here: mine.json ("))
    test.selectbox(key="browse").select(name).run()
    assert any("4 of 4" in element.value for element in test.caption)
    elsewhere = open_page("search_tree", set=name)
    assert elsewhere.selectbox(key="set").value == name and not elsewhere.sidebar.warning
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
    from workbench import problem_sets

    test = open_page("problems")
    content = json.dumps([problem.to_json() for problem in problems[4:6]]).encode()
    uploader = next(each for each in test.get("file_uploader") if each.key == "upload")
    uploader.set_value(("pushed.json", content, "application/json")).run()
    name = next(name for name in test.selectbox(key="browse").options if "pushed" in name)
    test.selectbox(key="browse").select(name).run()
    test.selectbox(key="set").select(name).run()
    problem_sets._uploads().pop(name)
    test.switch_page("workbench/pages/search_tree.py").run()
    assert not test.exception and test.selectbox(key="set").options == ["small"]
    with pytest.raises(InputError, match="no longer here"):
        problem_sets.problem_set(Path("absent"), name)


def test_what_comes_first_does_not_depend_on_the_session(open_page):
    test = open_page("problems", browse="made here: 8-11 nodes, 2-3 hops, seed 5, 9 problems")
    assert test.selectbox(key="browse").options[0] == "small" and len(test.selectbox(key="browse").options) == 2


def test_a_link_to_an_upload_that_is_gone_says_so(open_page, page_shelf, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("COCONUT_ARTIFACTS", str(page_shelf))
    test = AppTest.from_file(APP, default_timeout=90)
    test.query_params["set"] = "uploaded here: theirs.json (0123456789ab)"
    test.run()
    assert "theirs" in test.sidebar.warning[0].value and "upload the file again" in test.sidebar.warning[0].value
    assert test.selectbox(key="set").value == "small" and not test.exception
