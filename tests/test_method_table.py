"""The methods side by side: accuracy (Table 1) and time (Table 4)."""

import math

import numpy as np
import pytest

from analyses.figures.method_table import Entry, MethodTable, method_table
from analyses.figures.wall_clock import WallClock, wall_clock
from analyses.readings.study import Study
from coconut_core.checkpoints import Checkpoint


def test_the_table_compares_with_the_first_model():
    def entry(name, method, correct, removed=False):
        right = np.array(correct, bool)
        return Entry(name, method, name, 0 if removed else 6, 1, False, removed, right, np.full(len(right), 12.0), 0.01)

    first = entry("a", "coconut", [1] * 8 + [0] * 2)
    second = entry("b", "cot", [1] * 2 + [0] * 7 + [1])
    third = entry("a", "coconut", [1] * 8 + [0] * 2, removed=True)
    frame = MethodTable((first, second, third), "prosqa").frame()
    assert frame["wrong_where_first_is_right"].tolist() == [0, 6, 0]
    assert frame["right_where_first_is_wrong"].tolist() == [0, 1, 0]
    assert frame["mcnemar_p"][1] == pytest.approx(2 * 8 / 128)
    assert frame["paper_accuracy"][:2].tolist() == [0.97, 0.775] and math.isnan(frame["paper_accuracy"][2])


def test_the_rule_and_the_untrained_model_stand_below_the_table(tiny_loaded, problems):
    entries = method_table([("tiny", tiny_loaded)], problems).entries
    assert [entry.label for entry in entries[2:]] == ["Untrained", "Rule: fewer parents"]
    rule = entries[-1]
    for problem, right in zip(problems, rule.correct, strict=True):
        parents = [sum(child == choice for _, child in problem.edges) for choice in problem.choices]
        assert right == (problem.choices[parents.index(min(parents))] == problem.target)
    frame = MethodTable(entries, "prosqa").frame()
    assert frame["paper_accuracy"].notna().tolist() == [True, False, False, False]
    assert math.isnan(frame["generated_tokens"].iloc[-1]) and frame["n"].nunique() == 1


def test_times_are_ratios_to_the_method_that_only_answers():
    seconds = np.array([[0.4, 0.5, 0.4], [0.1, 0.1, 0.2]])
    clock = WallClock(
        ("a", "b"), ("coconut", "no_cot"), ("Coconut", "No-CoT"), (1, 1), 5, 1, seconds, np.array([12.0, 6.0]), "prosqa"
    )
    frame = clock.frame()
    assert frame["ratio"].tolist() == pytest.approx([4, 1])
    assert (frame["ratio_low"][0], frame["ratio_high"][0]) == pytest.approx((2, 5))
    assert frame["paper_ratio"].tolist() == pytest.approx([0.15 / 0.08, 1])


def test_models_of_one_method_are_told_apart(tiny_loaded, problems):
    twins = [("a", tiny_loaded), ("b", tiny_loaded)]
    study = Study(twins, problems)
    assert [subject.label for subject in study.subjects] == ["Coconut (a)", "Coconut (b)", "Untrained"]
    labels = method_table(twins, problems[:2]).frame()["label"]
    assert labels.is_unique and {"Coconut (b)", "   Coconut, slots removed (a)", "Untrained"} <= set(labels)
    assert wall_clock(twins, problems[:1], rounds=1).labels[1] == "Coconut (b)"


def test_the_paper_s_times_are_those_of_one_thought_a_step(tiny_loaded, problems):
    two = Checkpoint(tiny_loaded.model, {"thoughts_per_step": 2, "max_thoughts": 12})
    frame = wall_clock([("one", tiny_loaded), ("two", two)], problems[:1], rounds=1).frame()
    assert frame["paper_tokens"].notna().tolist() == [True, False]
