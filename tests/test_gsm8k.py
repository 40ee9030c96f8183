"""GSM8k: official records both ways, equations read exactly, answers compared as numbers, unsound items named."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from coconut_core.problems.gsm8k.arithmetic import Equation, read_number, written
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.task import GSM8K
from coconut_core.problems.gsm8k.validation import violations
from coconut_core.problems.registry import load_problems, save_problems, task_of

SPRINTS = {
    "question": "James runs 3 sprints of 60 meters 3 times a week. How many meters does he run a week?",
    "steps": ["<<3*3=9>>", "<<9*60=540>>"],
    "answer": "540",
}


def changed(**fields) -> dict:
    return SPRINTS | fields


@pytest.fixture(scope="module", params=[("valid", 500), ("test", 1_319)], ids=["valid", "test"])
def official(request, official_gsm8k) -> tuple[Path, int]:
    name, count = request.param
    return official_gsm8k.with_name(f"gsm_{name}.json"), count


def test_official_records_come_back_exactly(official, tmp_path):
    path, count = official
    problems = load_problems(path)
    assert len(problems) == count and task_of(problems) is GSM8K
    save_problems(tmp_path / "again.json", problems)
    again, records = (json.loads(file.read_text()) for file in (tmp_path / "again.json", path))
    assert again == records and [list(each) for each in again] == [list(each) for each in records]


def test_every_official_item_is_sound_or_named_with_its_reason(official):
    path, count = official
    records = json.loads(path.read_text())
    found = set_violations(GSM8K, records)
    # No official equation is false: what is wrong is a step that is missing or empty.
    assert {each.what.split(" ")[0] for each in found} == {"The", "Step"}
    assert all("end in" in each.what or "is empty" in each.what for each in found)
    assert len({each.item for each in found}) == {500: 34, 1_319: 111}[count]
    for item in {each.item for each in found}:
        problem = Gsm8kProblem.from_json(records[item])
        assert not problem.equations or problem.equations[-1].result != read_number(problem.answer)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("540", 540),
        ("1,450,000", 1_450_000),
        ("5.00", 5),
        ("05.50", Fraction(11, 2)),
        (".5", Fraction(1, 2)),
        ("7.", 7),
        ("3/4", Fraction(3, 4)),
        ("-3", -3),
        ("- 3", -3),
        ("\u22123", -3),
        ("+3", 3),
        ("$18", 18),
        ("-$18", -18),
        ("$-18", -18),
        ("€ 1,000.50", Fraction(2_001, 2)),
        ("25%", 25),
        ("12 apples.", 12),
        ("", None),
        ("many", None),
        ("5 or 6", None),
        ("1.2.3", None),
        ("--3", None),
        ("-$-3", None),
        ("1/0", None),
        ("9" * 5_000, None),
    ],
)
def test_an_answer_is_read_as_one_number_or_as_none(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [(540, "540"), (Fraction(11, 2), "5.5"), (Fraction(-1, 80), "-0.0125"), (Fraction(1, 3), "1/3"), (0, "0")],
)
def test_a_number_has_one_spelling(number, text):
    assert written(Fraction(number)) == text and read_number(text) == number


def test_answers_are_compared_as_numbers_and_their_sign_counts():
    debt = Gsm8kProblem.from_json(changed(answer="-1,500"))
    for said in ("### -1500", "### -$1,500.00", "<<1=1>>\n### -1500 dollars", "### 3 ### -1500"):
        assert GSM8K.is_right(debt, said), said
    for said in ("### 1500", "### 1,500", "-1500", "### -150", "### -1500 or 2", "### -15,00.5", "###"):
        assert not GSM8K.is_right(debt, said), said
    assert not GSM8K.is_right(Gsm8kProblem.from_json(changed(answer="5")), "### -5")


@pytest.mark.parametrize(
    ("step", "value", "operands", "operators"),
    [
        ("<<16-3-4=9>>", 9, [16, 3, 4], "--"),
        ("<<60/100*5=3>>", 3, [60, 100, 5], "/*"),
        ("<<2/.5=4>>", 4, [2, Fraction(1, 2)], "/"),
        ("<<.1+.2=.3>>", Fraction(3, 10), [Fraction(1, 10), Fraction(1, 5)], "+"),
        ("<<80-(1/2)*80=40>>", 40, [80, 1, 2, 80], "-/*"),
        ("<<2-(3+-4)*2=4>>", 4, [2, 3, 4, 2], "-+*"),
        ("<<-5+2=-3>>", -3, [5, 2], "+"),
        ("<<3/4=3/4>>", Fraction(3, 4), [3, 4], "/"),
        ("<<10/3=3.33>>", Fraction(10, 3), [10, 3], "/"),
        ("<<20=20>>", 20, [20], ""),
        (" <<3 * 3 = 9>> ", 9, [3, 3], "*"),
    ],
)
def test_an_equation_is_read_and_recomputed(step, value, operands, operators):
    equation = Equation.from_step(step)
    assert (equation.value, list(equation.operands), equation.operators) == (value, operands, operators)
    assert equation.holds


@pytest.mark.parametrize("step", ["<<10/3=3.34>>", "<<10/3=3>>", "<<3*3=10>>", "<<5-8=3>>", "<<.1+.2=.30001>>"])
def test_a_false_equation_is_not_taken_for_a_rounded_one(step):
    assert not Equation.from_step(step).holds


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("", "is empty"),
        ("3*3=9", "is not an equation"),
        ("<<3*3>>", "is not an equation"),
        ("<<3=3=3>>", "is not an equation"),
        ("<<3x3=9>>", "more than numbers"),
        ("<<import os=1>>", "more than numbers"),
        ("<<3*=9>>", "lacks a number"),
        ("<<*3=9>>", "lacks a number"),
        ("<<=9>>", "or nothing"),
        ("<<3 3=9>>", "cannot be read from '3' on"),
        ("<<(3*3=9>>", "not closed"),
        ("<<3)=9>>", "cannot be read from ')' on"),
        ("<<3/(2-2)=9>>", "divides by zero"),
        ("<<" + "(" * 40 + "3" + ")" * 40 + "=3>>", "brackets"),
        (f"<<{'9' * 31}=1>>", "31 digits"),
        ("<<" + "1+" * 5_000 + "1=5001>>", "characters"),
    ],
)
def test_what_is_no_equation_is_refused_in_a_sentence(step, what):
    with pytest.raises(InputError, match=r".") as refused:
        Equation.from_step(step)
    assert what in str(refused.value) and len(str(refused.value)) < 250


def test_the_computation_has_an_edge_from_every_operand():
    """An operand that a step computed comes from the latest step with this result; every other one is given."""
    steps = ["<<3*3=9>>", "<<9*60=540>>", "<<12-3=9>>", "<<540/9=60>>"]
    problem = Gsm8kProblem.from_json(changed(steps=steps))
    assert problem.sources == ((None, None), (0, None), (None, None), (1, 2))
    assert problem.given == {3, 60, 12}
    edges = {(("given", 3), 0), (0, 1), (("given", 60), 1), (("given", 12), 2), (("given", 3), 2), (1, 3), (2, 3)}
    assert set(problem.computation.edges) == edges


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ("text", "must be an object"),
        ({"question": "How many?", "answer": "9"}, "'steps' is missing"),
        (changed(answer=540), "'answer' must hold a text"),
        (changed(steps=[]), "'steps' is empty"),
        (changed(steps=["<<3*3=9>>", ""]), "Step 1 is empty"),
        (changed(steps=["<<3*3=10>>", "<<10*54=540>>"]), "Step 0 says 3*3=10, but 3*3 is 9"),
        (changed(steps=["<<3*3=9>>", "<<9*6=54>>"]), "The steps end in 54, not in the answer 540"),
        (changed(answer="540 or 541"), "not one number"),
        (changed(answer="-540"), "not in the answer -540"),
        (changed(steps=["Nine.", "<<9*60=540>>"]), "Step 0 'Nine.' is not an equation"),
    ],
)
def test_what_is_unsound_is_named(record, what):
    assert violations(SPRINTS) == []
    found = violations(record)
    assert any(what in each for each in found), found
