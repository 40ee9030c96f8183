"""Every way in which a problem or a set can be unsound is found and listed."""

import copy
import json
import random

import numpy as np
import pytest

from coconut_core.errors import InputError
from coconut_core.problems.checking import Violation, set_violations
from coconut_core.problems.prosqa.further_questions import further_questions
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import OFFICIAL, sample_problems
from coconut_core.problems.prosqa.statistics import measured
from coconut_core.problems.prosqa.task import PROSQA
from coconut_core.problems.prosqa.validation import facts_key, question_key, violations
from coconut_core.problems.registry import load_problems

SOUND = {
    "question": (
        "Tom is a lempus. Every lempus is a rompus. Bob is a wumpus. Every rompus is a zumpus. "
        "Tom is a gorpus. Every gorpus is a rompus. Is Tom a wumpus or zumpus?"
    ),
    "answer": "Tom is a zumpus.",
    "steps": ["Tom is a lempus.", "Every lempus is a rompus.", "Every rompus is a zumpus."],
    "idx_to_symbol": ["Tom", "Bob", "lempus", "wumpus", "rompus", "zumpus", "gorpus"],
    "edges": [[0, 2], [1, 3], [2, 4], [4, 5], [0, 6], [6, 4]],
    "root": 0,
    "target": 5,
    "neg_target": 3,
}


def changed(**fields) -> dict:
    return copy.deepcopy(SOUND) | fields


def reworded(old: str, new: str) -> dict:
    return changed(question=SOUND["question"].replace(old, new))


def test_sound_records_break_nothing(official_prosqa):
    assert violations(SOUND) == []
    assert set_violations(PROSQA, json.loads(official_prosqa.read_text())) == []


def test_an_edge_of_the_path_that_the_text_leaves_out_is_found():
    """The known broken kind: the graph is right, but no text leads from the root to the chain."""
    text = SOUND["question"].replace("Tom is a lempus. ", "").replace("Tom is a gorpus. ", "")
    found = violations(changed(question=text))
    assert "The edge from 'Tom' to 'lempus' is not in the question." in found
    assert "By the text the target 'zumpus' cannot be reached from the root." in found


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ("text", "is an object"),
        (changed(root=None), "'root' must hold a whole number"),
        (changed(idx_to_symbol=["Tom"] * 7), "name twice"),
        (
            changed(idx_to_symbol=["Tom", "Bob", "lem pus", "wumpus", "rompus", "zumpus", "gorpus"]),
            "not one word",
        ),
        (reworded("Every", "All"), "is not a ProsQA sentence"),
        (reworded("Bob is", "Max is"), "names 'Max', which is not a node"),
        (reworded("Bob is a wumpus.", "Bob is a wumpus. Bob is a zumpus."), "'Bob' is a 'zumpus' is not an edge"),
        (reworded("Bob is a wumpus.", "Bob is a wumpus. Bob is a wumpus."), "stated 2 times"),
        (changed(edges=[*SOUND["edges"], [0, 2]]), "holds an edge twice"),
        (changed(edges=[*SOUND["edges"], [4, 2]]), "run in a circle"),
        (changed(edges=[*SOUND["edges"], [3, 0]]), "root 'Tom' has a parent"),
        (reworded("Tom is a lempus.", "Every Tom is a lempus."), "with and without"),
        (
            changed(question=SOUND["question"].replace("Tom is a", "Every Tom is a")),
            "root 'Tom' is not a person in the question",
        ),
        (reworded("Bob is a wumpus.", "Bob is a wumpus. Every wumpus is a Bob."), "person 'Bob' has a parent"),
        (changed(target=4), "target 'rompus' is not a leaf"),
        (changed(neg_target=2), "distractor 'lempus' is not a leaf"),
        (changed(neg_target=2), "distractor 'lempus' can be reached"),
        (changed(neg_target=5), "Target and distractor are both 'zumpus'"),
        (changed(target=3, neg_target=5), "target 'wumpus' cannot be reached"),
        (reworded("Is Tom", "Is Bob"), "asks about 'Bob', not about the root 'Tom'"),
        (reworded("a wumpus or zumpus", "a rompus or zumpus"), "offers 'rompus' and 'zumpus'"),
        (changed(answer="Tom is a wumpus."), "answer 'Tom is a wumpus.'"),
        (changed(answer="Tom is a zumpus"), "answer"),
        (changed(steps=[]), "are not a path"),
        (changed(steps=SOUND["steps"][:2]), "do not lead from the root to the target"),
        (changed(steps=SOUND["steps"][::2]), "are not a path"),
        (changed(steps=["Tom is a zumpus."]), "take 1 hops, but the shortest path has 3"),
        (changed(steps=["Tom is a zumpus."]), "step from 'Tom' to 'zumpus' is not a fact"),
        (changed(steps=["Every Tom is a lempus.", *SOUND["steps"][1:]]), "are not written"),
    ],
)
def test_each_broken_invariant_is_listed(record, what):
    assert any(what in sentence for sentence in violations(record)), violations(record)


def test_fewest_hops_are_as_asked():
    assert violations(SOUND, min_hops=4) == ["The target is 3 hops from the root, fewer than 4."]


def test_repeats_are_found_whatever_the_order_of_the_text():
    problem = sample_problems(OFFICIAL, 1, 0)[0]
    order = list(range(len(problem.edges)))
    random.Random(0).shuffle(order)
    again = ProsqaProblem.from_graph(
        problem.names, problem.edges, problem.root, problem.target, problem.distractor, facts=order
    )
    assert again.question != problem.question
    assert set_violations(PROSQA, [problem.to_json(), SOUND, again.to_json()]) == [Violation(2, "Repeats item 0.")]


def test_overlap_with_another_set_is_found_whatever_is_asked():
    problem = sample_problems(OFFICIAL, 1, 0)[0]
    asked = further_questions(problem, 1, np.random.default_rng(0))[0]
    assert facts_key(asked.question) == facts_key(problem.question)
    assert question_key(asked.question) != question_key(problem.question)
    found = set_violations(PROSQA, [SOUND, problem.to_json()], {"train": ["junk", {}, asked.to_json()]})
    assert found == [Violation(1, "Its facts are those of item 2 of train.")]
    assert set_violations(PROSQA, [problem.to_json(), asked.to_json()], min_steps=1) == []


def test_statistics_of_the_official_file(official_prosqa):
    found = measured(load_problems(official_prosqa))
    assert (found.problems, found.fewest_nodes, found.most_nodes) == (300, 17, 28)
    assert found.nodes == pytest.approx(22.82)
    assert found.second_row == pytest.approx(4.397, abs=0.001)
    assert found.hops == pytest.approx({3: 124 / 300, 4: 133 / 300, 5: 36 / 300, 6: 7 / 300})
    assert found.lower_degree == pytest.approx(2 / 3, abs=0.001)
    frame = found.frame()
    assert list(frame) == ["statistic", "measured", "official", "agrees"]
    assert frame.agrees.all()


def test_statistics_of_one_small_problem():
    found = measured([ProsqaProblem.from_json(SOUND)])
    assert (found.edges, found.shortest_paths, found.root_children) == (6, 2, 2)
    assert (found.second_row, found.parentless, found.correct_root_children) == (1, 2, 1)
    assert found.lower_degree == 0.5
    assert found.in_degrees == pytest.approx((2 / 7, 4 / 7, 1 / 7, 0, 0, 0))
    assert not found.frame().agrees.all()


def test_nothing_and_unreachable_targets_cannot_be_measured():
    with pytest.raises(InputError, match="no problems"):
        measured([])
    with pytest.raises(InputError, match="cannot be reached"):
        measured([ProsqaProblem.from_json(changed(target=3, neg_target=5))])
