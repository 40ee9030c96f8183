"""All pages beside the search tree: what they show, how they hand over, what they say when empty."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import asked, figure
from tests.conftest import APP

FORMATTED = {"kind", "figure"}
AT_THE_TOP = {"model", "problem", "set", "second"}
PAGES = ("what_if", "population", "thoughts", "verdict", "compare_runs", "problems", "models")


@pytest.mark.parametrize("name", ["search_tree", *PAGES])
def test_every_page_renders(open_page, name):
    test = open_page(name)
    assert not test.exception and not test.error
    for drawn in test.get("plotly_chart"):  # without these the browser draws each figure twice
        layout = json.loads(drawn.proto.spec)["layout"]
        assert layout["datarevision"] and "template" not in layout


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_to_do_where_there_is_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    test = AppTest.from_file(APP, default_timeout=60).run()
    test.switch_page(f"workbench/pages/{name}.py").run()
    assert not test.exception
    assert any(word in element.value for element in test.info for word in ("There is no", "There are no"))


def test_problems_can_be_searched_and_opened(open_page, problems):
    test = open_page("problems")
    wanted = problems[4].target_name
    test.text_input(key="search").set_value(f"is a {wanted}").run()
    table = test.dataframe[0].value
    assert 4 in table["problem"].tolist() and len(table) < len(problems)
    row = table["problem"].tolist().index(4)
    test.session_state[f"browsed small is a {wanted}"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    test.run()
    next(button for button in test.button if "search tree" in button.label).click().run()
    assert test.selectbox(key="problem").value.startswith("4 ")
    assert f"Is {problems[4].root_name}" in asked(test)


def test_the_words_of_thoughts_are_shown(open_page):
    test = open_page("thoughts")
    assert figure(test)["data"][0]["x"] == list("123456")
    assert len(test.dataframe[0].value) == 2 * 6 * 5
    assert {"norm", "cosine with thought 6"} < set(test.dataframe[0].value)
    assert len(test.get("plotly_chart")) == 2


def test_the_thoughts_of_a_control_stand_below(open_page):
    test = open_page("thoughts", beside="tiny")
    assert [each.value for each in test.subheader] == ["other", "Control: tiny".replace(":", "\\:")]
    assert figure(test)["data"][0]["z"] == figure(test, 2)["data"][0]["z"], "the weights are the same"
    assert not test.exception and len(test.get("plotly_chart")) == 4


def test_everything_is_in_the_zip(monkeypatch):
    import io
    import zipfile

    import pandas as pd
    import plotly.graph_objects as go

    from analyses.report import export
    from analyses.report.bundles import bundle

    monkeypatch.setattr(export, "image_fault", lambda: "no browser")
    frame, drawing = pd.DataFrame({"a": [1, 2]}), go.Figure(go.Scatter(y=[1, 3]))
    content = bundle({"model": "tiny"}, {"values": frame}, {"tree": drawing}, {"problem.json": "{}"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = ["plotly.min.js", "problem.json", "tree.html", "values.csv"]
        assert sorted(archive.namelist()) == ["manifest.json", *files]
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["model"] == "tiny" and manifest["files"] == files
        assert pd.read_csv(io.BytesIO(archive.read("values.csv"))).equals(frame)
        page = archive.read("tree.html").decode()
    assert 'src="plotly.min.js"' in page and "http" not in page and '"y":[1,3]' in page


def test_where_thoughts_lie(open_page, tiny_llama, problems):
    import numpy as np

    from analyses.figures.one_problem.thought_space import thought_space
    from analyses.readings.node_classes import AROUND_FRONTIER

    test = open_page("thoughts")
    assert len(test.get("plotly_chart")) == 2 and not test.exception
    problem, others = problems[0], problems[1:6]
    found = thought_space(tiny_llama, problem, others)
    frame = found.frame()
    assert len(frame) == 6 * len(problem.names)
    for k in range(1, 7):
        own = frame[(frame["thought"] == k) & (frame["class"] == AROUND_FRONTIER[0])]
        assert set(own["name"]) == {problem.names[node] for node in problem.candidates(k)}
    # Cosines and coordinates by hand.
    from coconut_core.thoughts import thought_states

    states = thought_states(tiny_llama, [problem], 6)[0].numpy()
    token = tiny_llama.tokenizer(problem.names[3], add_special_tokens=False)["input_ids"][0]
    embedding = tiny_llama.lm.get_input_embeddings().weight[token].detach().numpy()
    by_hand = states[1] @ embedding / np.linalg.norm(states[1]) / np.linalg.norm(embedding)
    assert found.cosine[1, 3] == pytest.approx(by_hand, abs=1e-5)
    assert np.allclose(found.norm, np.linalg.norm(states, axis=1), rtol=1e-5)
    # Two components cannot be further apart than the thoughts themselves.
    apart = np.linalg.norm(found.path[0, 0] - found.path[0, 3])
    assert apart <= np.linalg.norm(states[0] - states[3]) + 1e-6
    assert 0 < found.explained.sum() <= 1


def test_a_page_shows_a_figure_and_leaves_it_as_it_is():
    def page():
        import plotly.graph_objects as go

        from workbench.widgets.figures import show_figure

        figure = go.Figure(data=[{"y": [1]}], layout={"template": "none"})
        before = figure.to_json()
        show_figure(figure, "one", "A figure.", on_select="rerun", selection_mode="points")
        assert figure.to_json() == before

    test = AppTest.from_function(page).run()
    assert test.get("plotly_chart") and not test.exception


def test_figures_on_dark_pages_keep_their_data():
    import pandas as pd

    from analyses.drawing.palette import DARK, LIGHT, darkened
    from analyses.figures.problem_map import problem_map

    table = pd.DataFrame(
        {
            "problem": [0, 1, 2],
            "question": ["a", "b", "c"],
            "hops": [2, 3, 4],
            "candidate mass, k = 1": [0.9, 0.2, 0.5],
            "right in the end": [True, False, True],
        }
    )
    light = problem_map(table, "hops", "candidate mass, k = 1")
    dark = darkened(light)
    assert dark.layout.paper_bgcolor == DARK.paper and dark.data[0].marker.color == DARK.scale[3]
    for before, after in zip(light.to_plotly_json()["data"], dark.to_plotly_json()["data"], strict=True):
        assert before["x"] == after["x"] and before["y"] == after["y"] and before["name"] == after["name"]
    assert not any(colour in dark.to_json() for colour in (LIGHT.paper, LIGHT.ink, LIGHT.distractor))


@pytest.mark.parametrize("name", ["search_tree", *PAGES])
def test_a_link_with_values_that_do_not_exist_opens_the_page(open_page, name):
    nonsense = dict.fromkeys(("k", "source", "set", "problem", "seed", "text", "second", "written"), "nonsense")
    nonsense |= dict.fromkeys(("controls", "population", "figure", "runs", "curve", "axis", "browse", "opening"), "9e9")
    test = open_page(name, **nonsense)
    assert not test.exception and not test.error


@pytest.mark.parametrize("name", PAGES)
def test_every_choice_of_every_page_can_be_made(open_page, name):
    """Each selectbox and toggle of the page, one after another, to its last value.

    AppTest cannot choose by place where what is shown is not what is stored; those have tests of their own.
    """
    test = open_page(name)
    keys = [("selectbox", box.key) for box in test.main.selectbox if box.key not in FORMATTED | AT_THE_TOP]
    keys += [("toggle", each.key) for each in test.main.toggle]
    for kind, key in keys:
        if kind == "selectbox":
            box = test.selectbox(key=key)
            box.select_index(len(box.options) - 1).run()
        else:
            test.toggle(key=key).set_value(True).run()
        assert not test.exception, (name, key)
