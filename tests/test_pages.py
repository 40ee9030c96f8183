"""The pages beside the search tree, without a browser: what they show, how they hand over, what they say when empty."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import APP
from workbench.model_shelf import model_folders
from workbench.run_tables import config_differences, models_table
from workbench.training_history import training_history

FORMATTED = {"change", "figure"}
PAGES = ("what_if", "population", "thoughts", "compare_runs", "problems", "models")


def figure(test, index=0):
    return json.loads(test.get("plotly_chart")[index].proto.spec)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_renders(open_page, name):
    test = open_page(name)
    assert not test.exception and not test.error


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_to_do_where_there_is_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(tmp_path))
    test = AppTest.from_file(str(APP), default_timeout=60).run()
    test.switch_page(f"workbench/pages/{name}.py").run()
    assert not test.exception
    assert any(word in element.value for element in test.info for word in ("There is no", "There are no"))


def test_models_are_listed_with_what_is_wrong(open_page):
    test = open_page("models")
    table = test.dataframe[0].value
    assert table["model"].tolist() == ["other", "tiny", "torn"] and table["usable"].tolist() == [True, True, False]
    assert any("torn" in element.value for element in test.warning)
    test.session_state["models"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert not test.exception
    assert [e.label for e in test.main.expander][1:] == ["Provenance", "Measured when it was stored", "Config"]


def test_runs_are_compared(open_page):
    test = open_page("compare_runs")
    assert {trace["name"] for trace in figure(test)["data"]} == {"other", "tiny"}
    assert test.dataframe[0].value["model"].tolist() == ["other", "tiny", "torn"]
    differences = test.dataframe[1].value
    assert differences["field"].tolist() == ["seed"] and differences.loc[0, "other"] == "5"
    test.selectbox(key="curve").select("accuracy, k = 3").run()
    assert figure(test)["data"][0]["y"] and not test.exception


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
    assert f"Is {problems[4].root_name}" in figure(test)["layout"]["title"]["text"]


def test_the_words_of_thoughts_are_shown(open_page):
    test = open_page("thoughts")
    assert figure(test)["data"][0]["x"][0] == "thought 1"
    assert len(test.dataframe[0].value) == 2 * 6 * 5
    assert {"norm", "cosine with thought 6"} < set(test.dataframe[0].value)
    assert len(test.get("plotly_chart")) == 2


def test_the_thoughts_of_a_control_stand_below(open_page):
    test = open_page("thoughts", beside="tiny")
    assert [each.value for each in test.subheader] == ["other", "Control: tiny".replace(":", "\\:")]
    assert figure(test)["data"][0]["z"] == figure(test, 2)["data"][0]["z"], "the weights are the same"
    assert not test.exception and len(test.get("plotly_chart")) == 4


def test_tables_survive_cards_and_histories_that_are_odd(tmp_path, tiny_checkpoint):
    shutil.copytree(tiny_checkpoint, tmp_path / "a")
    card = json.loads((tmp_path / "a" / "coconut.json").read_text())
    card["run"], card["metrics"] = [], None
    (tmp_path / "a" / "coconut.json").write_text(json.dumps(card))
    with (tmp_path / "a" / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train"}\n{"kind": "tr')
    folders = model_folders(tmp_path)
    assert models_table(folders)["seed"].isna().all() and config_differences(folders).empty
    assert {"loss", "accuracy, k = 3"} <= set(training_history(folders[0])["kind"])


def test_all_runs_answer_the_same_problems(open_page, problems):
    test = open_page("compare_runs")
    before = len(test.get("plotly_chart"))
    test.toggle(key="answer").set_value(True).run()
    assert not test.exception and not test.error
    assert len(test.get("plotly_chart")) == before + 1
    table = test.dataframe[1].value
    assert (
        len(table) == 6
        and set(table["model"]) == {"tiny", "other", "untrained", ""}
        and (table["n"] == len(problems)).all()
    )
    assert {"difference_low", "mcnemar_p", "low", "high", "generated_tokens"} <= set(table)


def test_a_run_that_cannot_be_asked_is_left_out_of_the_table(open_page, page_shelf):
    folder = page_shelf / "models" / "spoilt"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    try:
        test = open_page("compare_runs", answer="true")
        assert any("Left out" in e.value and "model\\_sha256" in e.value for e in test.warning), test.warning
        assert {"tiny", "other"} < set(test.dataframe[1].value["model"]) and not test.exception
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("method", "kind", "told"),
    [("cot", "zero", "no slots"), ("pause_as_thought", "swap", "same embedding"), ("coconut", "freeze", None)],
)
def test_a_change_that_can_change_nothing_is_not_told_as_one(open_page, page_shelf, method, kind, told):
    folder = page_shelf / "models" / "another"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    card = json.loads((folder / "coconut.json").read_text()) | {"method": method}
    (folder / "coconut.json").write_text(json.dumps(card | ({"max_thoughts": 0} if method == "cot" else {})))
    try:
        test = open_page("what_if", model="another")
        test.multiselect(key="which").set_value([1])
        test.selectbox(key="change").select(kind).run()
        assert any("nothing yet" in element.value for element in test.markdown) and not test.exception
        assert told is None or any(told in element.value for element in test.info)
    finally:
        shutil.rmtree(folder)


def test_the_way_back_is_there_when_the_text_is_no_problem(open_page):
    test = open_page("what_if", edited="nonsense")
    assert "no problem that can be asked" in test.error[0].value
    next(button for button in test.button if button.label == "Undo all edits").click().run()
    assert not test.error and any("nothing yet" in element.value for element in test.markdown)


def test_an_edit_shows_before_and_after(open_page, problems):
    test = open_page("what_if")
    assert any("nothing yet" in element.value for element in test.markdown)
    text = test.text_area(key="edited").value
    fact = test.selectbox(key="fact").options[0]
    next(button for button in test.button if button.label == "Turn the choice round").click().run()
    assert not test.exception
    assert test.text_area(key="edited").value != text
    assert any("asked “Is" in element.value for element in test.markdown)
    test.text_area(key="edited").set_value(text.replace(fact + " ", "", 1)).run()
    assert not test.exception
    said = " ".join(element.value for element in (*test.markdown, *test.error))
    assert "dropped" in said or "no problem that can be asked" in said
    test.text_area(key="edited").set_value("nonsense").run()
    assert not test.exception and "no problem that can be asked" in test.error[0].value


def test_edits_belong_to_their_problem_and_come_back_with_the_page(open_page):
    def changed():
        return next(element.value for element in test.markdown if "Changed:" in element.value)

    def press(label):
        next(button for button in test.button if button.label == label).click().run()

    test = open_page("what_if")
    press("Turn the choice round")
    test.switch_page("workbench/pages/thoughts.py").run()
    test.switch_page("workbench/pages/what_if.py").run()
    assert "asked" in changed() and not test.exception
    again = open_page("what_if", edited=test.query_params["edited"])
    assert again.text_area(key="edited").value == test.text_area(key="edited").value
    press("Undo all edits")
    assert "nothing yet" in changed() and "edited" not in test.query_params
    press("Turn the choice round")
    chosen = test.selectbox(key="problem")
    chosen.select(next(option for option in chosen.options if option != chosen.value)).run()
    assert "nothing yet" in changed() and not test.exception


@pytest.mark.parametrize("kind", ["zero", "noise", "blur", "freeze", "swap", "remove"])
def test_thoughts_can_be_changed(open_page, kind):
    test = open_page("what_if")
    test.slider(key="k").set_value(6)
    test.selectbox(key="change").select(kind).run()
    assert not test.exception and not test.error
    before, after = (figure(test, index) for index in (0, 1))
    values = [next(t for t in f["data"] if t["name"] == "values")["marker"]["color"] for f in (before, after)]
    # The first thought that can be frozen is the second: all are the first one then.
    assert values[0] != values[1]


def test_edits_of_a_text():
    from coconut_core.errors import InputError
    from workbench import edits

    text = "Tom is a lempus. Every lempus is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"
    assert edits.without_fact(text, "Bob is a wumpus.").startswith("Tom is a lempus. Every lempus is a rompus. Is Tom")
    assert "Bob is a wumpus. Tom is a wumpus. Is" in edits.with_fact(text, "Tom", "wumpus")
    assert "Bob is a wumpus. Every wumpus is a rompus. Is" in edits.with_fact(text, "wumpus", "rompus")
    assert edits.renamed(text, "lempus", "zumpus").count("zumpus") == 2
    assert edits.turned_round(text).endswith("Is Tom a rompus or wumpus?")
    assert edits.facts_of(text.replace(". ", ".\n")) == edits.facts_of(text)
    assert edits.renamed(text, "lempus", "x+").count("x+") == 2
    assert edits.renamed(edits.renamed(text, "lempus", "x+"), "x+", "y").count(" y") == 2
    assert edits.renamed(text, "rompus", r"\1").endswith(r"or \1?")
    assert edits.names_of(text) == (("Bob", "Tom", "lempus", "rompus", "wumpus"), ("lempus", "rompus", "wumpus"))
    for fault, change in (
        ("cannot be a name", lambda: edits.renamed(text, "lempus", "two words")),
        ("is not in the text", lambda: edits.renamed(text, "gorpus", "x")),
        ("no fact of the text", lambda: edits.without_fact(text, "Tom is a gorpus.")),
        ("is a fact already", lambda: edits.with_fact(text, "Tom", "lempus")),
        ("in the text already", lambda: edits.renamed(text, "lempus", "rompus")),
        ("at least one fact", lambda: edits.without_fact("Tom is a a. Is Tom a a or b?", "Tom is a a.")),
    ):
        with pytest.raises(InputError, match=fault):
            change()


def test_everything_is_in_the_zip(monkeypatch):
    import io
    import zipfile

    import pandas as pd
    import plotly.graph_objects as go

    from analyses import export
    from workbench.bundles import bundle

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


def test_a_folder_can_be_added_and_a_broken_one_is_refused(open_page, tiny_checkpoint, tmp_path):
    shutil.copytree(tiny_checkpoint, tmp_path / "fresh")
    test = open_page("models")
    test.text_input(key="folder").set_value(str(tmp_path / "absent")).run()
    next(button for button in test.button if button.label == "Add the folder").click().run()
    assert "absent" in test.error[0].value and "missing" in test.error[0].value and not test.exception
    test.text_input(key="folder").set_value(str(tmp_path / "fresh")).run()
    next(button for button in test.button if button.label == "Add the folder").click().run()
    assert not test.error and not test.exception
    assert test.dataframe[0].value["model"].tolist()[-1] == "fresh"
    shutil.copytree(tiny_checkpoint, tmp_path / "untrained")
    test.text_input(key="folder").set_value(str(tmp_path / "untrained")).run()
    next(button for button in test.button if button.label == "Add the folder").click().run()
    assert "a model of this name already" in test.error[0].value and not test.exception
    test.switch_page("workbench/pages/search_tree.py").run()
    test.selectbox(key="model").select("fresh").run()
    assert not test.exception and not test.error


def test_where_thoughts_lie(open_page, tiny_llama, problems):
    import numpy as np

    from analyses.thought_space import CLASSES, thought_space
    from coconut_core.problems.graph import frontier

    test = open_page("thoughts")
    assert len(test.get("plotly_chart")) == 2 and not test.exception
    problem, others = problems[0], problems[1:6]
    found = thought_space(tiny_llama, problem, others)
    frame = found.frame()
    assert len(frame) == 6 * len(problem.names)
    for k in range(1, 7):
        own = frame[(frame["thought"] == k) & (frame["class"] == CLASSES[0])]
        assert set(own["name"]) == {problem.names[node] for node in frontier(problem.graph, problem.root, k)}
    # Cosines and coordinates by hand.
    from coconut_core.stopping import thought_states

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


def test_figures_on_dark_pages_keep_their_data():
    import pandas as pd

    from analyses.palette import DARK, LIGHT, darkened
    from workbench.problem_map import problem_map

    table = pd.DataFrame(
        {
            "problem": [0, 1, 2],
            "question": ["a", "b", "c"],
            "hops": [2, 3, 4],
            "candidate mass, k = 1": [0.9, 0.2, 0.5],
            "right, k = 6": [True, False, True],
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
    keys = [("selectbox", box.key) for box in test.main.selectbox if box.key not in FORMATTED]
    keys += [("toggle", each.key) for each in test.main.toggle]
    for kind, key in keys:
        if kind == "selectbox":
            box = test.selectbox(key=key)
            box.select_index(len(box.options) - 1).run()
        else:
            test.toggle(key=key).set_value(True).run()
        assert not test.exception, (name, key)


def test_written_values_follow_the_threshold(open_page):
    test = open_page("search_tree", k="1")
    shown = {}
    for least in ("all", ".5", "none"):
        test.selectbox(key="written").select(least).run()
        texts = next(trace for trace in figure(test)["data"] if trace.get("name") == "written values")["text"]
        shown[least] = sum(map(bool, texts))
    assert shown["all"] == len(texts) > shown[".5"] >= shown["none"] == 0
