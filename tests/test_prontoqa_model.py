"""A model of ProntoQA all the way: trained, answered, valued, drawn, in the figures and in the app."""

import shutil

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analyses.drawing.tree.figure import Reading, tree_figure
from analyses.readings.values import node_values
from analyses.report import export
from analyses.report.report import make_report
from coconut_core.checkpoints import load_model
from coconut_core.generation import answers
from coconut_core.problems.prontoqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.prontoqa.text import is_class
from coconut_core.problems.registry import load_problems, save_problems
from coconut_core.training.config_files import load_config
from coconut_core.training.loop import train
from tests.command_line import coconut
from tests.conftest import APP

CONFIG = """
name: logic
task: prontoqa
model: {layers: 1, width: 16, heads: 2, feed_forward: 16}
worlds: [{epochs: 1, steps: {3: 0.5, 4: 0.5}}]
max_latent_stage: 4
uniform_prob: 0.3
samples_per_epoch: 64
questions_per_text: 2
batch_size_training: 16
validation_problems: 6
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A model that has seen a few problems, and a file of others, as the app finds them."""
    folder = tmp_path_factory.mktemp("logic")
    (folder / "logic.yaml").write_text(CONFIG)
    config = load_config(folder / "logic.yaml", [f"save_path={folder / 'runs'}"])
    shutil.copytree(train(config, "coconut train logic.yaml", quiet=True), folder / "models" / "logic")
    (folder / "problems").mkdir()
    problems = sample_problems(SamplerSettings(steps={3: 0.5, 4: 0.5}), 8, 0)
    # "an impus" is a candidate of at least one.
    assert any("impus" in (p.names[node] for node in p.candidates(k)) for p in problems for k in range(4))
    save_problems(folder / "problems" / "logic.json", problems)
    return folder


@pytest.fixture(scope="module")
def model(shelf):
    return load_model(shelf / "models" / "logic").model


@pytest.fixture(scope="module")
def problems(shelf):
    return load_problems(shelf / "problems" / "logic.json")


def test_what_is_trained_knows_every_word_of_the_official_file(model, official_prontoqa):
    official = load_problems(official_prontoqa)
    texts = [text for p in official for text in (p.question, *p.steps, p.answer)]
    unknown = model.tokenizer.unk_token_id
    assert not any(unknown in ids for ids in model.tokenizer(texts)["input_ids"])
    written = answers(model, official[:2], ks=(0, 6), max_new_tokens=8)
    assert written.correct.shape == (2, 2)


def test_a_value_is_the_probability_of_what_may_be_said_of_the_person(model, problems):
    values = node_values(model, problems, ks=range(5))
    assert (values.frame()["opening"] == "person").all()
    problem = next(p for p in problems if "impus" in p.names)
    index, node = problems.index(problem), problem.names.index("impus")
    for k in range(5):
        named = {problem.names[each] for each in np.flatnonzero(values.candidates[index, k])}
        at_distance = {name for each, name in enumerate(problem.names) if problem.depth.get(each) == k + 1}
        last = {problem.target_name} if k + 1 == problem.hops else set()
        assert named == {name for name in at_distance if is_class(name)} | last
        assert values.value[index, k, problem.root] == 0
    # By hand at k = 0: "an", and "impus" after it.
    text = f"{problem.question}\n<|start-latent|><|end-latent|>{problem.root_name} is an impus"
    ids = model.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    probability = model.lm(ids).logits[0, -3:-1].detach().double().softmax(-1)
    by_hand = float(probability[[0, 1], ids[0, -2:]].prod())
    assert values.value[index, 0, node] == pytest.approx(by_hand, rel=1e-4)


def test_a_tree_has_a_row_for_every_step_and_marks_both_literals(model, problems):
    problem = problems[0]
    values = node_values(model, [problem], ks=(1,))
    drawn = tree_figure(problem, values.at(0, 1), Reading("logic", 1, f"{problem.root_name} is"))
    assert {trace.name for trace in drawn.data} >= {"target", "distractor"}
    assert problem.asked() in drawn.layout.title.text
    names = next(trace for trace in drawn.data if trace.name == "names").text
    # The literal that does not hold is drawn apart; classes out of reach are not drawn.
    assert {problem.root_name, problem.target_name, problem.distractor_name} <= set(names)


def test_figures_are_made(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "image_fault", lambda: "no browser")
    data = shelf / "problems" / "logic.json"
    only = ["table_1", "table_2", "figure_5", "figure_7_k1", "figure_8", "figure_9", "superposition", "attention"]
    manifest = make_report([shelf / "models" / "logic"], data, tmp_path, only=only, progress=False)
    assert not [name for name, entry in manifest["figures"].items() if "left_out" in entry]
    table = pd.read_csv(tmp_path / "table_1.csv").drop_duplicates("method").set_index("method")
    assert table.loc["coconut", "paper_accuracy"] == 0.998
    assert table.loc["named_elsewhere", "accuracy"] == 1 and table.loc["query_sign", "accuracy"] < 1


@pytest.mark.parametrize("page", ["search_tree", "what_if", "population", "thoughts", "problems", "models"])
def test_the_app_shows_it(shelf, monkeypatch, page):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(shelf))
    app = AppTest.from_file(APP, default_timeout=90).run()
    app.switch_page(f"workbench/pages/{page}.py").run()
    assert not app.exception and not app.error, [each.value for each in (*app.exception, *app.error)]
    if page == "search_tree":
        assert any("True or false" in each.value for each in (*app.subheader, *app.markdown, *app.title, *app.header))


def test_the_commands_take_it(shelf, tmp_path):
    model, data = shelf / "models" / "logic", shelf / "problems" / "logic.json"
    assert coconut("values", model, data, "--k", "0-2", "--out", tmp_path / "values.csv").returncode == 0
    assert set(pd.read_csv(tmp_path / "values.csv")["k"]) == {0, 1, 2}
    evaluated = coconut("evaluate", model, data, "--k", "0,4")
    assert evaluated.returncode == 0 and "accuracy" in evaluated.stdout
