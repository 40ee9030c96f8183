"""Compare runs and Models: what they list, what is left out."""

import hashlib
import json
import shutil

from analyses.figures.trainings.training_history import training_history
from tests.app.conftest import figure, upload
from workbench.choices import model_places
from workbench.choices.model_shelf import model_folders
from workbench.computed.run_tables import config_differences, models_table


def test_models_are_listed_with_what_is_wrong(open_page):
    test = open_page("models")
    table = test.dataframe[0].value
    assert table["model"].tolist() == ["other", "tiny", "torn"] and table["usable"].tolist() == [True, True, False]
    assert any("torn" in element.value for element in test.warning)
    test.session_state["models"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    test.run()
    assert not test.exception
    assert [e.label for e in test.main.expander][1:] == ["Provenance", "Measured when it was stored", "Config"]


def test_the_chosen_folder_may_be_taken_away(open_page, page_shelf):
    folder = page_shelf / "models" / "unlucky"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    (folder / "coconut.json").write_text("torn")  # what cannot be used stands last
    test = open_page("models")
    last = len(test.dataframe[0].value) - 1
    test.session_state["models"] = {"selection": {"rows": [last], "columns": [], "cells": []}}
    assert test.run().subheader[0].value == "unlucky"
    shutil.rmtree(folder)
    test.run()
    assert not test.exception and not test.subheader and any("Choose a row" in each.value for each in test.caption)


def test_runs_are_compared(open_page):
    test = open_page("compare_runs")
    assert {trace["name"] for trace in figure(test)["data"]} == {"other", "tiny"}
    assert test.dataframe[0].value["model"].tolist() == ["other", "tiny", "torn"]
    differences = test.dataframe[1].value
    assert differences["field"].tolist() == ["seed"] and differences.loc[0, "other"] == "5"
    test.selectbox(key="curve").select("accuracy, k = 3").run()
    assert figure(test)["data"][0]["y"] and not test.exception


def test_tables_survive_cards_and_histories_that_are_odd(tmp_path, tiny_checkpoint):
    shutil.copytree(tiny_checkpoint, tmp_path / "a")
    card = json.loads((tmp_path / "a" / "coconut.json").read_text())
    card["run"], card["metrics"] = [], None
    (tmp_path / "a" / "coconut.json").write_text(json.dumps(card))
    with (tmp_path / "a" / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train"}\n{"kind": "tr')
    folders = model_folders(tmp_path)
    assert models_table(folders)["seed"].isna().all() and config_differences(folders).empty
    assert {"loss", "accuracy, k = 3"} <= set(training_history(folders[0].path)["kind"])


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


def test_a_run_that_cannot_read_a_name_is_left_out_of_the_table(open_page, page_shelf):
    folder = page_shelf / "models" / "wordless"
    shutil.copytree(page_shelf / "models" / "tiny", folder)
    vocabulary = (folder / "tokenizer.json").read_text().replace('"Every"', '"Any"')
    (folder / "tokenizer.json").write_text(vocabulary)
    card = json.loads((folder / "coconut.json").read_text())
    card["tokenizer_sha256"] = hashlib.sha256(vocabulary.encode()).hexdigest()
    (folder / "coconut.json").write_text(json.dumps(card))
    try:
        test = open_page("compare_runs", answer="true")
        warnings = [each.value.replace("\\", "") for each in test.warning]
        assert any("wordless: The model's vocabulary lacks the name" in each for each in warnings), warnings
        assert {"tiny", "other"} < set(test.dataframe[1].value["model"]) and not test.exception
    finally:
        shutil.rmtree(folder)


def test_problems_without_steps_are_answered_too(open_page, problems):
    """They are drawn with a warning, so that a table of them can be asked for."""
    test = open_page("population", most="3")
    assert upload(test, [problem.to_json() | {"steps": []} for problem in problems[:2]])
    test.switch_page("workbench/pages/compare_runs.py").run()
    name = next(each for each in test.selectbox(key="asked").options if "mine.json" in each)
    test.selectbox(key="asked").select(name).run()
    test.toggle(key="answer").set_value(True).run()
    assert not test.exception and not test.error and (test.dataframe[1].value["n"] == 2).all()


def test_a_folder_can_be_added_and_a_broken_one_is_refused(open_page, tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(model_places, "USUAL", (str(tmp_path),))
    shutil.copytree(tiny_checkpoint, tmp_path / "fresh")
    test = open_page("models")
    test.text_input(key="folder").set_value(str(tmp_path / "absent")).run()
    next(button for button in test.button if button.label == "Add the folder").click().run()
    assert "absent" in test.error[0].value and "no such folder" in test.error[0].value and not test.exception
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
