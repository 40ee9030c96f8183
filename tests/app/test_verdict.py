"""The verdict on a model, on its page."""

import shutil

import pytest

from analyses.exam.instruments import INSTRUMENTS
from tests.app.conftest import figure


@pytest.fixture
def few_instruments(monkeypatch):
    """One for each question."""
    few = tuple({each.question: each for each in reversed(INSTRUMENTS) if each.name != "rewrite"}.values())
    monkeypatch.setattr("analyses.verdict.verdict.INSTRUMENTS", few)
    monkeypatch.setattr("analyses.exam.instruments.INSTRUMENTS", few)


def button(test):
    return next(each for each in test.button if each.label == "Judge")


def test_a_model_is_judged_beside_the_known_ones(open_page, few_instruments, problems):
    test = open_page("verdict", model="tiny", judged="small")
    assert not test.table and len(test.get("plotly_chart")) == 1, "the exam alone, before anything was asked"
    button(test).click().run()
    assert not test.exception and not test.error
    answers = test.table[0].value
    assert len(answers) == 8 and answers["what was found"].str.len().min() > 10
    drawn = figure(test)["data"][0]
    assert "tiny" in drawn["x"][0] and len(drawn["x"]) == 5
    # What was read is kept: it stands there at once, and there is nothing more to judge.
    test.run()
    assert len(test.table[0].value) == 8 and button(test).disabled


def test_the_exam_says_where_it_is_made(open_page, page_shelf):
    moved = page_shelf / "moved"
    shutil.move(page_shelf / "exam", moved)
    try:
        test = open_page("verdict")
        assert not test.exception and any("coconut exam" in each.value for each in test.info)
    finally:
        shutil.move(moved, page_shelf / "exam")
