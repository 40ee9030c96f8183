"""A task of one folder and one line goes all the way: made, trained, answered, valued, drawn and shown in the app."""

import json
import shutil

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analyses.drawing.tree.figure import Reading, tree_figure
from analyses.readings.values import node_values
from analyses.report import export
from analyses.report.report import make_report
from coconut_core.checkpoints import load_model
from coconut_core.problems.registry import TASKS, load_problems, task_of
from coconut_core.training.config_files import load_config
from coconut_core.training.loop import train
from tests.conftest import APP

CONFIG = """
name: rivers
task: toy
model: {layers: 1, width: 16, heads: 2, feed_forward: 16}
worlds: [{epochs: 1, rivers: [4, 6]}]
max_latent_stage: 3
uniform_prob: 0.3
samples_per_epoch: 64
batch_size_training: 16
validation_problems: 6
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A model of the toy task, and a file of its problems, as the app finds them."""
    TASKS.add("toy", "tests.toy.task:TOY")
    folder = tmp_path_factory.mktemp("toy")
    (folder / "rivers.yaml").write_text(CONFIG)
    config = load_config(folder / "rivers.yaml", [f"save_path={folder / 'runs'}"])
    trained = train(config, "coconut train rivers.yaml", quiet=True)
    shutil.copytree(trained, folder / "models" / "rivers")
    problems = TASKS["toy"].sample(TASKS["toy"].settings(), 8, 0)
    (folder / "problems").mkdir()
    (folder / "problems" / "rivers.json").write_text(json.dumps([problem.to_json() for problem in problems]))
    yield folder
    TASKS.remove("toy")


@pytest.fixture
def rivers(shelf):
    return load_problems(shelf / "problems" / "rivers.json")


def test_its_files_are_known_by_their_records(shelf, rivers):
    assert task_of(rivers) is TASKS["toy"] and rivers[0].to_json()["places"] == list(rivers[0].names)
    card = load_model(shelf / "models" / "rivers").card
    assert card["task"] == "toy" and card["run"]["worlds"][0]["rivers"] == [4, 6]


def test_values_are_of_the_names_that_may_come_next(shelf, rivers):
    model = load_model(shelf / "models" / "rivers").model
    values = node_values(model, rivers, ks=range(3))
    assert values.value.shape[:2] == (8, 3) and (values.frame()["opening"] == "next").all()
    for index, problem in enumerate(rivers):
        children = {child for parent, child in problem.edges if parent == problem.root}
        assert set(values.candidates[index, 0].nonzero()[0]) == children
    reading = Reading("rivers", 1, "Next")
    drawn = tree_figure(rivers[0], values.at(0, 1), reading)
    names = next(trace for trace in drawn.data if trace.name == "names").text
    assert len(names) == len(rivers[0].names)
    assert {trace.name for trace in drawn.data} >= {"target"} and "How does" in drawn.layout.title.text


def test_figures_are_made_and_what_it_lacks_is_left_out(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "image_fault", lambda: "no browser")
    only = ["table_1", "table_2", "figure_5", "figure_7_k1", "figure_8", "superposition", "attention", "search_order"]
    manifest = make_report(
        [shelf / "models" / "rivers"], shelf / "problems" / "rivers.json", tmp_path, only=only, progress=False
    )
    left_out = {name: entry["left_out"] for name, entry in manifest["figures"].items() if "left_out" in entry}
    assert list(left_out) == ["table_2"] and "no statistics of rivers" in left_out["table_2"]
    assert pd.read_csv(tmp_path / "table_1.csv")["paper_accuracy"].isna().all()


@pytest.mark.parametrize("page", ["search_tree", "what_if", "population", "thoughts", "problems", "models"])
def test_the_app_shows_it(shelf, monkeypatch, page):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(shelf))
    app = AppTest.from_file(APP, default_timeout=90).run()
    app.switch_page(f"workbench/pages/{page}.py").run()
    assert not app.exception and not app.error, [each.value for each in (*app.exception, *app.error)]
    if page == "search_tree":
        assert any("How does" in each.value for each in (*app.subheader, *app.markdown, *app.title, *app.header))
    if page == "problems":
        label = next(each.label for each in app.slider if each.label.lower() == "rivers")
        assert label


def test_the_commands_take_it(shelf, tmp_path, monkeypatch, capsys):
    from workbench.commands.__main__ import main

    def coconut(*arguments):
        monkeypatch.setattr("sys.argv", ["coconut", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        assert not done.value.code, capsys.readouterr().err
        return capsys.readouterr().out

    model, data = shelf / "models" / "rivers", shelf / "problems" / "rivers.json"
    coconut("values", model, data, "--k", "0-2", "--out", tmp_path / "values.csv")
    assert set(pd.read_csv(tmp_path / "values.csv")["k"]) == {0, 1, 2}
    assert "accuracy" in coconut("evaluate", model, data, "--k", "0,3")
    assert "8 problems, all sound" in coconut("data", "check", data)
