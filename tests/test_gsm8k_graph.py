"""The computation as a graph: what may come next, what written equations are worth, and models, figures and pages."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest

from analyses.drawing.tree.figure import Reading, tree_figure
from analyses.figures.result_decoding import result_decoding
from analyses.readings.reasoning_process import reasoning_process
from analyses.readings.study import Study
from analyses.readings.values import node_values
from analyses.report import export
from analyses.report.report import make_report
from coconut_core.checkpoints import load_model
from coconut_core.definition import implicit_value
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.gsm8k.problem import QUESTION, Gsm8kProblem
from coconut_core.problems.gsm8k.sampler import WorldSettings, sample_problems
from coconut_core.problems.gsm8k.task import GSM8K
from coconut_core.problems.registry import load_problems, save_problems
from coconut_core.training.config_files import load_config
from coconut_core.training.loop import train
from tests.conftest import APP

CONFIG = """
name: sums
task: gsm8k
model: {layers: 1, width: 16, heads: 2, feed_forward: 16}
worlds: [{epochs: 1, steps: {2: 0.5, 3: 0.5}, numbers: [2, 60], unneeded: [1, 1]}]
max_latent_stage: 3
uniform_prob: 0.3
samples_per_epoch: 64
batch_size_training: 16
questions_per_text: 2
validation_problems: 6
"""
JOINED = (
    "Ann has 4 boxes of 6 pens each. Ben has 9 more pens than Cara. Cara had 30 pens and lost 12. Dan has as many pens "
    "as Ann and Ben together. Eve has 2 fewer pens than Ann. How many pens does Dan have?"
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A model of the arithmetic world, and a file of its problems, as the app finds them."""
    folder = tmp_path_factory.mktemp("sums")
    (folder / "sums.yaml").write_text(CONFIG)
    config = load_config(folder / "sums.yaml", [f"save_path={folder / 'runs'}"])
    shutil.copytree(train(config, "coconut train sums.yaml", quiet=True), folder / "models" / "sums")
    (folder / "problems").mkdir()
    save_problems(folder / "problems" / "sums.json", sample_problems(config.worlds[0].problems, 8, 0))
    return folder


@pytest.fixture
def joined() -> Gsm8kProblem:
    return GSM8K.from_text(JOINED)


def named(problem, nodes) -> set[str]:
    return {problem.names[node] for node in nodes}


def test_rows_are_the_steps_that_are_needed(joined):
    depth = {joined.names[node]: row for node, row in joined.depth.items()}
    assert depth == {QUESTION: 0, "4*6=24": 1, "30-12=18": 1, "18+9=27": 2, "24-2=22": 2, "24+27=51": 3}
    assert joined.target_name == "24+27=51" and joined.hops == 3
    assert [joined.names[node] for node in joined.path] == [QUESTION, "30-12=18", "18+9=27", "24+27=51"]
    assert named(joined, joined.correct) == named(joined, joined.optimal) == {*depth} - {"24-2=22"}


def test_what_may_come_next_is_what_can_be_computed_by_then(joined):
    assert [named(joined, joined.candidates(k)) for k in range(5)] == [
        {"4*6=24", "30-12=18"},
        {"4*6=24", "30-12=18", "18+9=27", "24-2=22"},
        {"4*6=24", "18+9=27", "24-2=22"},
        {"24+27=51", "24-2=22"},
        set(),
    ]


def test_the_next_step_is_a_candidate_in_every_order():
    for problem in sample_problems(WorldSettings(), 200, 5):
        for k, equation in enumerate(problem.equations):
            assert equation.text in named(problem, problem.candidates(k))
        assert problem.candidates(len(problem.equations)) == frozenset()


def test_official_problems_have_the_graph_of_their_steps(official_gsm8k):
    problems = load_problems(official_gsm8k)
    for problem in problems:
        assert set(problem.depth) == {problem.root} | {child for _, child in problem.edges}
        reached = problem.target in problem.depth
        assert bool(problem.path) == reached == bool(problem.optimal)
    assert sum(problem.target in problem.depth for problem in problems) > 1_200
    steps = ["<<3*3=9>>", "<<9*60=540>>", "<<3*3=9>>", "<<9+9=18>>"]
    twice = Gsm8kProblem.of("?", "20", steps)
    assert twice.names == (QUESTION, "3*3=9", "9*60=540", "9+9=18", "20") and twice.target == 4
    assert twice.edges == ((0, 1), (1, 2), (1, 3)) and twice.marks == {4: "target"}
    assert twice.phrases == (None, *twice.names[1:4], None)


@pytest.mark.parametrize(
    ("k", "text", "process"),
    [
        (0, "<<30-12=18>>\n<<18+9=27>>\n<<4*6=24>>\n<<24+27=51>>\n### 51", "correct path"),
        (0, "<<4*6=24>> <<24-2=22>> <<30-12=18>> <<18+9=27>> <<24+27=51>> ### 51", "longer path"),
        (0, "<<4*6=24>> <<18+9=27>> <<30-12=18>> <<24+27=51>> ### 51", "hallucination"),
        (0, "<<30-12=18>> <<18+9=28>> <<4*6=24>> <<24+28=52>> ### 52", "hallucination"),
        (0, "<<4*6=24>> <<24-2=22>> ### 22", "wrong target"),
        (0, "<<18+9=27>> <<4*6=24>> <<24+27=51>> ### 51", "hallucination"),
        (1, "<<18+9=27>> <<4*6=24>> <<24+27=51>> ### 51", "correct path"),
        (2, "<<24+27=51>> ### 51", "hallucination"),
        (3, "<<24+27=51>> ### 51", "correct path"),
        (0, "### 51", "correct label"),
        (3, "### 52", "incorrect label"),
        (0, "nothing at all ### 51", "hallucination"),
    ],
)
def test_what_is_written_has_its_class(joined, k, text, process):
    assert reasoning_process(joined, text, k) == process


def test_values_are_of_the_equations_that_may_come_next(shelf):
    checkpoint, problems = load_model(shelf / "models" / "sums"), load_problems(shelf / "problems" / "sums.json")
    values = node_values(checkpoint.model, problems, ks=range(3))
    frame = values.frame()
    assert (frame["opening"] == "equation").all() and (frame.loc[frame["name"] == QUESTION, "value"] == 0).all()
    total = values.candidate_mass + values.other_mass + values.off_graph
    assert np.allclose(total, 1) and (frame.loc[frame["name"] != QUESTION, "value"] > 0).all()
    problem, model = problems[0], checkpoint.model
    asked, opening, name = (model.tokenizer(each)["input_ids"] for each in (problem.question, "<<", problem.names[1]))
    for k in range(3):
        forced = [model.tokens.end, *opening]
        defined = implicit_value(model.lm, [*asked, model.tokens.begin], k, forced, name)
        assert values.value[0, k, 1] == pytest.approx(defined, rel=1e-3)
    shown = tree_figure(problem, values.at(0, 1), Reading("sums", 1, "<<"))
    texts = next(trace for trace in shown.data if trace.name == "names").text
    assert QUESTION in texts and len(texts) == len(problem.depth) and "How many" in shown.layout.title.text


def test_answers_are_numbers_in_the_model_s_words(shelf):
    checkpoint, problems = load_model(shelf / "models" / "sums"), load_problems(shelf / "problems" / "sums.json")
    written = answers(checkpoint.model, problems, ks=(0,), chain=True, max_new_tokens=12)
    assert all(text.startswith("<<") for (text,) in written.text)


def test_an_item_without_equations_has_values_of_nothing(shelf):
    model, problem = load_model(shelf / "models" / "sums").model, Gsm8kProblem.of("How many pens?", "3", [""])
    values = node_values(model, [problem], ks=(0, 1))
    assert (values.value == 0).all() and (values.off_graph == 1).all()


def test_figures_are_made_and_what_needs_words_is_left_out(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "image_fault", lambda: "no browser")
    only = ["table_1", "table_2", "figure_4", "figure_5", "figure_6", "figure_7_k1", "figure_8", "figure_9"]
    only += ["superposition", "attention", "commitment", "search_order", "calibration"]
    data = shelf / "problems" / "sums.json"
    manifest = make_report([shelf / "models" / "sums"], data, tmp_path, only=only, progress=False)
    left_out = {name: entry["left_out"] for name, entry in manifest["figures"].items() if "left_out" in entry}
    assert {"figure_4", "superposition"} <= left_out.keys() <= {"figure_4", "superposition", "attention"}, left_out
    assert "One token does not tell the nodes of GSM8k from each other" in left_out["figure_4"]
    assert pd.read_csv(tmp_path / "table_1.csv")["paper_accuracy"][0] == 0.341


def test_thoughts_are_read_as_this_problem_s_numbers_and_as_other_problems(shelf):
    """Against a computation by hand, one problem and one number after the other."""
    checkpoint = load_model(shelf / "models" / "sums")
    problems = sample_problems(WorldSettings(steps={2: 0.5, 3: 0.5}, numbers=(2, 60), unneeded=(1, 1)), 40, 1)
    study = Study([("sums", checkpoint)], problems)
    decoded, model = result_decoding(study), checkpoint.model
    assert decoded.numbers == ("result 1", "result 2", "result 3", "answer", "given numbers")
    with torch.inference_mode():
        said = model.logits(study.thoughts(study.model)).double().softmax(-1)
    digit = [model.tokenizer.convert_tokens_to_ids(str(number)) for number in range(10)]
    for step, number in ((2, 2), (-1, 3)):
        having = [index for index, problem in enumerate(problems) if len(problem.results) > step]
        by_hand = np.array(
            [[said[own, 1, digit[int(problems[other].results[step][0])]].item() for other in having] for own in having]
        )
        assert np.allclose(decoded.own[0, having, 1, number], by_hand.diagonal(), atol=1e-6)
        others = (by_hand.sum(1) - by_hand.diagonal()) / (len(having) - 1)
        assert np.allclose(decoded.other[0, having, 1, number], others, atol=1e-6)
        assert np.isnan(decoded.own[0, :, 1, number]).sum() == len(problems) - len(having)
    table = decoded.frame()
    assert (table["low"].dropna() <= table["high"].dropna()).all() and "stands out most" in decoded.caption()
    assert len(decoded.figure().data) == 3


def test_thoughts_are_read_as_numbers_where_steps_compute_some():
    laptop_problems = load_problems("laptop")
    with pytest.raises(InputError, match="steps compute no numbers"):
        result_decoding(Study([("laptop", load_model("prosqa_laptop"))], laptop_problems[:10]))


@pytest.mark.parametrize("page", ["search_tree", "what_if", "population", "thoughts", "problems", "models"])
def test_the_app_shows_it(shelf, monkeypatch, page):
    monkeypatch.setenv("COCONUT_ARTIFACTS", str(shelf))
    app = AppTest.from_file(APP, default_timeout=180).run()
    app.switch_page(f"workbench/pages/{page}.py").run()
    assert not app.exception and not app.error, [each.value for each in (*app.exception, *app.error)]
    if page == "search_tree":
        assert any("How many" in each.value for each in (*app.subheader, *app.markdown, *app.title, *app.header))
    if page == "problems":
        assert {"Steps", "Numbers", "Unneeded"} <= {each.label for each in app.slider} and len(app.dataframe) >= 2
    if page == "thoughts":
        assert any("One token does not tell" in each.value for each in app.info)
