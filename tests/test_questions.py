"""Problems without graphs: read, trained on, and in the figures that need no graph."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from analyses.report import export
from analyses.report.report import FIGURES, make_report
from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.generation import answers
from coconut_core.problems.gsm8k.task import Gsm8kProblem
from coconut_core.problems.problem import Problem
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.registry import load_problems, save_problems, task_of
from coconut_core.training.loop import train


@pytest.fixture
def questions(problems, tmp_path):
    """The texts of problems, without their graphs; the steps of a second file are equations."""
    records = [{"question": p.question, "steps": list(p.steps), "answer": p.answer} for p in problems]
    (tmp_path / "texts.json").write_text(json.dumps(records))
    sums = [record | {"steps": ["<<1+1=2>>", "<<2*2=4>>"][: 1 + at % 2]} for at, record in enumerate(records)]
    (tmp_path / "sums.json").write_text(json.dumps(sums))
    return tmp_path


def test_graphs_are_read_where_there_are_any(problems, questions):
    save_problems(questions / "graphs.json", problems)
    assert list(load_problems(questions / "graphs.json")) == problems
    texts = load_problems(questions / "texts.json")
    assert [type(text) for text in texts] == [Problem] * len(problems)
    assert texts[3] == Problem(problems[3].question, problems[3].answer, problems[3].steps)
    found = [load_problems(questions / f"{name}.json") for name in ("graphs", "texts", "sums")]
    assert [task_of(each).name for each in found] == ["prosqa", "other", "gsm8k"]
    assert task_of(found[2]).describe(found[2]) == "questions of 1 to 2 steps"
    assert task_of([*found[0], *found[1]]).name == task_of([]).name == "other"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "no problems"),
        ('[{"question": "Q", "steps": []}]', "item 0: Field 'answer'"),
        ('[{"question": "Q", "steps": [], "answer": "1"}, 5]', "item 1: An item must be an object"),
        ('[{"question": "Q", "steps": "S", "answer": "1"}]', "item 0: Field 'steps'"),
        ('[{"question": "Q", "st', "not a whole JSON file"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, content, told):
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(InputError, match=told):
        load_problems(tmp_path / "bad.json")


def test_the_official_file_is_read(official_gsm8k):
    found = load_problems(official_gsm8k)
    assert (
        len(found) == 1319
        and task_of(found).name == "gsm8k"
        and isinstance(found[0], Gsm8kProblem)
        and found[0].answer == "18"
    )


def test_commas_do_not_count(tiny_llama, monkeypatch):
    written = "so much ### 1,000"
    monkeypatch.setattr("coconut_core.generation.write", lambda *_: [[[1]], [[1]], [[1]]])
    monkeypatch.setattr(type(tiny_llama.tokenizer), "batch_decode", lambda *_, **__: [written])
    asked = [Problem("Is Tom a lempus or scrompus?", answer, ()) for answer in ("1000", "1,000", "100")]
    assert answers(tiny_llama, asked, ks=(0,)).correct[:, 0].tolist() == [True, True, False]


def test_a_run_is_trained_on_questions(questions, tiny_checkpoint, tiny_run, tmp_path):
    file = str(questions / "texts.json")
    given = {"worlds": (), "train_path": file, "val_path": file, "questions_per_text": 1, "num_epochs": 1}
    start = {"model": None, "load_model_path": str(tiny_checkpoint), "batch_size_training": 4, "log_every": 1}
    folder = train(replace(tiny_run, name="asked", save_path=str(tmp_path), **given, **start), "", quiet=True)
    card = load_model(folder).card
    assert card["task"] == "other" and card["metrics"]["n"] == 12


def test_figures_without_graphs_are_made_and_the_others_named(questions, tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "image_fault", lambda: "no browser")
    monkeypatch.setattr("analyses.figures.wall_clock.TIMED_PROBLEMS", 1)
    two = tmp_path / "two"
    shutil.copytree(tiny_checkpoint, two)
    card = json.loads((two / "coconut.json").read_text())
    (two / "coconut.json").write_text(json.dumps(card | {"thoughts_per_step": 2}))
    out = tmp_path / "figures"
    manifest = make_report([tiny_checkpoint], questions / "texts.json", out, sweep=[two], progress=False)
    made = {name for name, entry in manifest["figures"].items() if "files" in entry}
    without_graphs = {figure.name for figure in FIGURES if not figure.graphs}
    assert made == {"table_1", "table_4", "figure_3"} == without_graphs - {"stopping"}
    left_out = {name: entry["left_out"] for name, entry in manifest["figures"].items() if name not in made}
    assert "classifier" in left_out.pop("stopping")  # which this model has not
    assert all("graphs" in reason for reason in left_out.values())
    table = pd.read_csv(out / "table_1.csv")
    assert table["label"].str.strip().tolist()[-1] == "Untrained" and table["paper_accuracy"].isna().all()
    assert pd.read_csv(out / "figure_3.csv")["c"].tolist() == [1, 2]
    page = (out / "index.html").read_text()
    assert "questions of 2 to 3 steps" in page and "14 to 28 nodes" not in page
    assert not (out / "values.csv.gz").exists()


def test_a_problem_with_a_graph_is_a_question_too(problems):
    assert isinstance(problems[0], ProsqaProblem) and isinstance(problems[0], Problem)
