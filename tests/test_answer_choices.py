"""The probabilities of the answers that a question offers, against their definition; edits beside each other."""

import numpy as np
import pytest

from analyses.figures.causal.edited_answers import EditedAnswers
from analyses.readings.answer_choices import answer_probabilities, offered_answers
from coconut_core.definition import implicit_value
from coconut_core.encoding import Encoder
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import think_about
from tests.conftest import every_shape


@every_shape
def test_answers_have_the_probability_of_the_definition(tiny_model, problems):
    ks, encoder = (0, 2), Encoder(tiny_model.tokenizer)
    found = answer_probabilities(tiny_model, think_about(tiny_model, problems[:2], 2), ks)
    assert found.shape == (2, 2, 2)
    for problem, by_k in zip(problems[:2], found, strict=True):
        (question,) = encoder.questions([problem.question])
        for k, values in zip(ks, by_k, strict=True):
            for answer, value in zip(offered_answers(problem), values, strict=True):
                stem, whole = encoder.texts(["###", f"### {answer}"])
                opening = [tiny_model.tokens.end, *stem]
                expected = implicit_value(tiny_model.lm, question.ids, k, opening, whole[len(stem) :])
                assert value == pytest.approx(expected, rel=1e-6)


def test_the_wrong_answer_names_the_distractor(problems):
    right, wrong = offered_answers(problems[0])
    assert right == problems[0].answer
    assert problems[0].distractor_name in wrong and problems[0].target_name not in wrong
    assert offered_answers(Problem("How many?", "7", ())) == ("7",)


def test_answers_with_edits_are_counted_beside_those_without():
    before, after = np.array([True, True, True, False]), np.array([True, False, False, True])
    result = EditedAnswers("thought 1: zero vector", 6, before, after)
    unedited, edited_row = result.frame().to_dict("records")
    assert (unedited["right"], edited_row["right"], edited_row["n"]) == (3, 2, 4)
    assert (edited_row["right to wrong"], edited_row["wrong to right"]) == (2, 1)
    assert edited_row["low"] < edited_row["accuracy"] < edited_row["high"]
    assert "2 turn wrong, 1 turn right" in result.caption()
    assert [trace.y[0] for trace in result.figure().data] == ["no edit", "edited"]
