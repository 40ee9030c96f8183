"""Figures of one problem: what counts as right, and what is said where there is nothing to see."""

import numpy as np
import pytest

from analyses.figures.one_problem.case_study import CaseStudy
from analyses.figures.one_problem.search_tree import SearchTree
from analyses.readings.values import NodeValues
from coconut_core.problems.prosqa.problem import ProsqaProblem

TEXT = "Tom is a lempus. Every lempus is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"


@pytest.fixture
def tree():
    """Values of one problem for k = 0..3: all of them 0.1."""
    problem = ProsqaProblem.from_text(TEXT)
    value = np.full((1, 4, len(problem.names)), 0.1)
    return lambda k: SearchTree("a model", NodeValues((problem,), (0, 1, 2, 3), "entity", value, 0 * value), 0, k, True)


def test_an_answer_of_the_case_study_is_right_by_the_rule_of_the_task(tree):
    """As in every accuracy: words without the mark before the answer are none."""
    texts = ["### Tom is a rompus.", "Tom is a rompus.", "### Tom is a wumpus."]
    case = CaseStudy(tree(1), "the first", tuple(("a model", k, text) for k, text in enumerate(texts)))
    assert case.frame()["correct"].tolist() == [True, False, False]
    assert list(case.figure().data[-1].cells["values"][-1]) == ["right", "wrong", "wrong"]


def test_the_caption_of_a_tree_names_the_candidates_or_says_that_there_are_none(tree):
    assert "candidates: rompus 0.1; together 0.10" in tree(2).caption()
    assert tree(3).caption() == "No node may be named next after 3 thoughts: there is nothing for them to hold."
