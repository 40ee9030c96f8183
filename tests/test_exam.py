"""Marks of the instruments on models whose algorithm is known, and what they say by the thresholds."""

from dataclasses import replace

import pandas as pd
import pytest

from analyses.exam import thresholds
from analyses.exam.exam import Exam, examine, truth
from analyses.exam.instruments import INSTRUMENTS, QUESTIONS
from analyses.exam.reading import OPEN, Reading
from coconut_core.bundled import artifacts
from coconut_core.checkpoints import Checkpoint
from coconut_core.errors import InputError
from coconut_core.known.algorithms import KNOWN
from coconut_core.known.folder import known_checkpoint
from coconut_core.methods import METHODS
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

PROBLEMS = 20


@pytest.fixture(scope="module")
def problems():
    return sample_problems(SamplerSettings(nodes=(10, 14), hops={2: 1.0, 3: 1.0}), PROBLEMS, seed=2)


@pytest.fixture(scope="module")
def exam(problems):
    return examine([(name, known_checkpoint(name)) for name in ("known_bfs", "known_decoy")], problems)


def test_the_table_that_is_kept_has_every_instrument_on_every_model():
    table = pd.read_csv(artifacts() / "exam" / "exam.csv")
    models = table["model"].unique()
    assert set(KNOWN) < set(models)
    assert {*zip(table["model"], table["instrument"], strict=True)} == {
        (model, each.name) for model in models for each in INSTRUMENTS
    }
    assert not table.duplicated(["model", "instrument"]).any()


def test_a_model_that_an_instrument_has_not_read_has_an_empty_cell(exam):
    table = exam.table[(exam.table["model"] != "known_decoy") | (exam.table["instrument"] != "lens")]
    whole, less = ([text for row in Exam(each).figure().data[0].text for text in row] for each in (exam.table, table))
    assert less.count("") == whole.count("") + 1


@pytest.mark.parametrize(
    ("found", "n", "said"), [(90, 100, "yes"), (0, 100, "no"), (10, 100, OPEN), (0, 3, OPEN), (3, 3, "yes")]
)
def test_what_is_said_follows_from_the_interval(found, n, said):
    assert Reading(found, n).said == said
    assert 0 < thresholds.LEAST_SHARE < 1


def test_every_question_has_instruments_and_every_known_model_an_answer():
    assert {each.question for each in INSTRUMENTS} == set(QUESTIONS)
    for name in KNOWN:
        assert {truth(each, name) for each in INSTRUMENTS} <= {"yes", "no"}
    assert {truth(each, None) for each in INSTRUMENTS} == {""}


def test_changed_thoughts_tell_a_search_that_is_used_from_one_that_is_not(exam, problems):
    table = exam.frame().set_index(["model", "instrument"])
    assert len(table) == 2 * len(INSTRUMENTS)
    used = table[table["question"] == "used"]
    decoy = used.loc["known_decoy", "found"]
    assert (decoy.drop("noise") == 0).all()
    # Noise is off every distribution: it also stands where heads look for a candidate, and derails what read nothing.
    assert decoy["noise"] > 0 and used.loc[("known_decoy", "noise"), "mark"] == "wrong"
    second = sum(problem.choices[1] == problem.target for problem in problems)
    # Zero vectors hold no node, so the candidate named first is taken.
    assert used.loc[("known_bfs", "zero"), "found"] == second == used.loc[("known_bfs", "no_thoughts"), "found"]
    assert used.loc[("known_bfs", "at_its_step"), "found"] == second
    assert (table["mark"] == "wrong").sum() == sum(table["said"].ne(table["true"]) & table["said"].ne(OPEN))


def test_both_hold_the_frontier_and_several_nodes_of_it(exam):
    table = exam.frame()
    # A probe needs more problems to learn the names from.
    read = table[table["question"].isin(("frontier", "several")) & (table["instrument"] != "probe")]
    assert (read["found"] == read["n"]).all() and (read["n"] > 5).all()
    assert (read["said"] == "yes").all() and (read["mark"] == "right").all()


def test_its_picture_has_every_reading_and_its_caption_what_is_not_right(exam):
    cells = [text for row in exam.figure().data[0].text for text in row if text]
    assert len(cells) == len(exam.frame()) and all(text.endswith(("✓", "✗", "?")) for text in cells)
    right = (exam.frame()["mark"] == "right").sum()
    assert exam.caption().startswith(f"{right} of {len(exam.frame())} marks are right")


def test_a_model_without_slots_is_refused(problems):
    model = known_checkpoint("known_bfs").model.with_method(METHODS["no_cot"])
    with pytest.raises(InputError, match="has no thoughts"):
        examine([("none", Checkpoint(model, {"max_thoughts": 0}))], problems)


def test_all_thoughts_of_a_model_with_more_than_six_are_changed(problems):
    checkpoint = replace(known_checkpoint("known_bfs"), card={"max_thoughts": 8})
    table = examine([("eight", checkpoint)], problems[:4]).frame().set_index("instrument")
    assert table.loc["swap", "n"] == 4 and (table["mark"] == "").all()
