"""ProntoQA: sentences read and rendered, official records both ways, the proof, what the steps of a model say."""

import json
import re

import pytest

from analyses.readings.reasoning_process import reasoning_process
from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from coconut_core.problems.prontoqa import edits
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.task import PRONTOQA
from coconut_core.problems.prontoqa.text import Fact, read_fact, read_question
from coconut_core.problems.prontoqa.validation import facts_key, question_key, violations
from coconut_core.problems.registry import load_problems, save_problems, task_of

SOUND = {
    "question": (
        "Gorpuses are impuses. Each tumpus is a gorpus. Tumpuses are floral. Impuses are not happy. Every impus is a "
        "lorpus. Rompuses are happy. Each jompus is a brimpus. Every jompus is not floral. Alex is a tumpus. "
        "True or false: Alex is happy."
    ),
    "steps": [
        "Alex is a tumpus. Each tumpus is a gorpus.",
        "Alex is a gorpus. Gorpuses are impuses.",
        "Alex is an impus. Impuses are not happy.",
        "Alex is not happy.",
    ],
    "answer": "False",
}


def changed(**fields) -> dict:
    return SOUND | fields


def reworded(old: str, new: str) -> dict:
    assert old in SOUND["question"]
    return changed(question=SOUND["question"].replace(old, new))


def test_official_records_are_read_proved_and_written_as_they_were(official_prontoqa, tmp_path):
    records = json.loads(official_prontoqa.read_text())
    problems = load_problems(official_prontoqa)
    assert len(problems) == 200 and task_of(problems) is PRONTOQA
    save_problems(tmp_path / "again.json", problems)
    again = json.loads((tmp_path / "again.json").read_text())
    assert again == records and [list(record) for record in again] == [list(record) for record in records]
    assert set_violations(PRONTOQA, records) == []
    for problem in problems:
        # Facts rendered from what was read are the text; the proof is the official chain, though files do not give it.
        assert problem.sentences.text == problem.question
        assert ProntoqaProblem.from_text(problem.question) == problem
        assert problem.hops == len(problem.steps) == 6


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("Tumpuses are gorpuses.", Fact("tumpus", "gorpus", "plural")),
        ("Impuses are not bright.", Fact("impus", "not bright", "plural")),
        ("Each tumpus is an impus.", Fact("tumpus", "impus", "Each")),
        ("Every impus is bright.", Fact("impus", "bright", "Every")),
        ("Alex is an impus.", Fact("Alex", "impus", "person")),
        ("Alex is not bright.", Fact("Alex", "not bright", "person")),
    ],
)
def test_a_sentence_is_the_fact_that_it_says(sentence, fact):
    assert read_fact(sentence) == fact and fact.text == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "Tumpuses are a gorpus.",
        "Each tumpus is gorpuses.",
        "Every tumpus is.",
        "Each tumpus is not.",
        "Every is a gorpus.",
    ]
    + [
        "tumpuses are gorpuses.",
        "Each cat is a gorpus.",
        "Tumpuses are not gorpuses.",
        "Alex is a bright.",
        "Alex was x.",
    ],
)
def test_what_is_no_fact_is_not_taken_for_one(sentence):
    assert read_fact(sentence) is None
    with pytest.raises(InputError, match="is not a ProntoQA sentence"):
        read_question(f"Alex is a tumpus. {sentence} True or false: Alex is happy.")


def test_a_pasted_question_gets_its_graph_and_its_proof():
    problem = PRONTOQA.from_text(SOUND["question"].replace(". ", ".\n  "))
    assert problem.to_json() == SOUND
    assert [problem.names[node] for node in problem.path] == ["Alex", "tumpus", "gorpus", "impus", "not happy"]
    assert problem.marks[problem.names.index("happy")] == "distractor"
    assert problem.fact_texts[0] == "Gorpuses are impuses" and len(problem.fact_texts) == len(problem.facts) == 9
    assert problem.asked() == "True or false: Alex is happy." == PRONTOQA.label(problem)
    phrases = dict(zip(problem.names, problem.phrases, strict=True))
    assert (phrases["impus"], phrases["tumpus"], phrases["not happy"]) == ("an impus", "a tumpus", "not happy")
    assert phrases["Alex"] is None
    assert PRONTOQA.from_text(PRONTOQA.example).to_json()["answer"] == "False"


def test_candidates_are_what_the_next_step_may_say_of_the_person():
    problem = PRONTOQA.from_text(SOUND["question"])
    named = [{problem.names[node] for node in problem.candidates(k)} for k in range(6)]
    assert named == [{"tumpus"}, {"gorpus"}, {"impus"}, {"lorpus", "not happy"}, set(), set()]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "is an object with question, steps and answer"),
        (changed(question=3), "'question' must hold a text"),
        (changed(answer="Perhaps"), "'answer' must hold True or False"),
        (changed(answer="True"), "'answer' says True, but Alex is not happy: the answer is False"),
        (reworded("Impuses are not happy", "Impuses are not hot"), "'question': Of 'Alex is happy' .* neither follows"),
        (reworded("Tumpuses are floral", "Tumpuses are happy"), "both follow"),
        (reworded("Each tumpus is a gorpus", "Gorpuses are tumpuses"), "neither follows"),
        (reworded("Every impus is a lorpus", "Every impus is a gorpus"), "run in a circle"),
        (reworded("Tumpuses are floral", "Gorpuses are impuses"), "'Gorpuses are impuses.' is stated 2 times"),
        (reworded("Tumpuses are floral", "Jompuses are floral"), "say of 'jompus' both 'floral' and its negation"),
        (reworded(" True or false: Alex is happy.", ""), "does not end with a query"),
        (reworded("Alex is a tumpus. True", "True"), "neither follows"),
        (changed(question="True or false: Alex is happy."), "has no facts"),
        (changed(question=SOUND["question"] + " Alex is a tumpus."), "Text follows the query"),
        (changed(steps=[]), "steps are not written like"),
        (changed(steps=["", *SOUND["steps"][1:]]), "steps are not written like"),
        (changed(steps=SOUND["steps"][1:]), "'Alex is a gorpus.' is not a fact of the question"),
        (changed(steps=SOUND["steps"][:-1]), "steps are not written like"),
        (changed(steps=[*SOUND["steps"][:-1], "Alex is happy."]), "steps are not written like"),
        (changed(steps=[SOUND["steps"][0], SOUND["steps"][2], SOUND["steps"][3]]), "do not lead from Alex"),
        (changed(steps=[SOUND["steps"][0], SOUND["steps"][3]]), "do not lead from Alex to 'not happy'"),
        (changed(steps=[each.replace("Each", "Every") for each in SOUND["steps"]]), "is not a fact of the question"),
    ],
)
def test_what_is_unsound_is_said(record, message):
    found = violations(record)

    assert any(re.search(message, each) for each in found), found


def test_the_steps_are_at_least_as_many_as_asked():
    assert violations(SOUND, min_steps=4) == []
    assert violations(SOUND, min_steps=5) == ["The answer takes 4 steps, fewer than 5."]


def test_a_question_is_known_by_its_facts_in_any_order_and_form():
    first, second = SOUND["question"].split(". ", 1)
    moved = second.replace("Alex is a tumpus. True", f"Alex is a tumpus. {first}. True").replace("Each", "Every")
    turned = SOUND["question"].replace("Alex is happy", "Alex is not happy")
    assert facts_key(moved) == facts_key(SOUND["question"]) == facts_key(turned)
    assert question_key(moved) == question_key(SOUND["question"]) != question_key(turned)


@pytest.mark.parametrize(
    ("text", "k", "chain"),
    [
        ("Alex is a tumpus. Tumpuses are gorpuses.", 0, [("Alex", "tumpus"), ("tumpus", "gorpus")]),
        ("Alex is a gorpus. Gorpuses are impuses. Alex is an impus.", 1, [("gorpus", "impus")]),
        ("Alex is a gorpus. Gorpuses are impuses. Alex is a lorpus.", 1, [("gorpus", "impus"), ("impus", "lorpus")]),
        ("Rex is a gorpus. Gorpuses are impuses.", 1, [("Rex", "gorpus"), ("gorpus", "impus")]),
        ("Alex is not happy.", 3, []),
        ("", 6, []),
        ("Alex is a. Gorpuses", 1, None),
    ],
)
def test_what_a_model_wrote_is_a_chain_of_edges(text, k, chain):
    assert PRONTOQA.read_chain(PRONTOQA.read(SOUND), text, k) == chain


@pytest.mark.parametrize(
    ("text", "k", "process"),
    [
        (" ".join(SOUND["steps"]), 0, "correct path"),
        (" ".join(SOUND["steps"][2:]), 2, "correct path"),
        (" ".join(SOUND["steps"][1:]), 0, "hallucination"),
        ("Alex is a gorpus. Gorpuses are impuses. Alex is an impus. Every impus is a lorpus.", 1, "wrong target"),
        ("Alex is a gorpus. Gorpuses are lorpuses. Alex is a lorpus.", 1, "hallucination"),
        ("Alex is a rompus. Rompuses are happy.", 2, "hallucination"),
        ("Rex is a gorpus. Gorpuses are impuses. Rex is an impus. Impuses are not happy.", 1, "hallucination"),
        ("Alex is not happy.", 3, "correct label"),
    ],
)
def test_what_a_model_wrote_is_classed_by_its_chain(text, k, process):
    assert reasoning_process(PRONTOQA.read(SOUND), f"{text} ### False", k) == process


def test_edits_keep_the_text_a_question():
    text = PRONTOQA.from_text(PRONTOQA.example).question
    assert edits.facts_of(text.replace(". ", ".\n"))[:2] == ["Each tumpus is a gorpus.", "Tumpuses are floral."]
    assert "floral" not in edits.without_fact(text, "Tumpuses are floral.")
    assert "jompus. Alex is a wumpus. True" in edits.with_fact(text, "Alex", "wumpus")
    assert "jompus. Every wumpus is not floral. True" in edits.with_fact(text, "wumpus", "not floral")
    moved = edits.renamed(edits.renamed(text, "impus", "zumpus"), "tumpus", "impus")
    assert "Each impus is a gorpus. Impuses are floral." in moved and "Alex is an impus." in moved
    assert edits.renamed(text, "Alex", "Rex").count("Rex") == 3 and "Alex" not in edits.renamed(text, "Alex", "Rex")
    assert edits.turned_round(text).endswith("True or false: Alex is not happy.")
    assert edits.turned_round(edits.turned_round(text)) == text
    first, last = edits.names_of(text)
    assert first[0] == "Alex" and {"tumpus", "impus"} <= set(first) and {"floral", "not floral", "impus"} <= set(last)
    for fault, change in (
        ("cannot be the name of a class", lambda: edits.renamed(text, "tumpus", "Rex")),
        ("cannot be the name of a person", lambda: edits.renamed(text, "Alex", "rex")),
        ("is not in the text", lambda: edits.renamed(text, "zumpus", "yumpus")),
        ("in the text already", lambda: edits.renamed(text, "tumpus", "impus")),
        ("not a fact of the text", lambda: edits.without_fact(text, "Alex is a gorpus.")),
        ("is a fact already", lambda: edits.with_fact(text, "tumpus", "floral")),
        ("at least one fact", lambda: edits.without_fact("Alex is shy. True or false: Alex is shy.", "Alex is shy.")),
    ):
        with pytest.raises(InputError, match=fault):
            change()


def test_what_was_edited_is_said():
    before = PRONTOQA.from_text(PRONTOQA.example)
    after = PRONTOQA.from_text(edits.turned_round(edits.with_fact(before.question, "jompus", "shy")))
    added, asked, answer = edits.changes(before, after)
    assert "Every jompus is shy." in added and "is not happy" in asked and "“True”" in answer
    first, rest = before.question.split(". ", 1)
    moved = PRONTOQA.from_text(rest.replace("Alex is a tumpus.", f"{first}. Alex is a tumpus."))
    assert edits.changes(before, moved) == ["stated in another order"] and edits.changes(before, before) == []
