"""The arithmetic world: what its questions tell, problems drawn from it, and what is wrong with one of them."""

import json
from collections import Counter

import numpy as np
import pytest

from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from coconut_core.problems.gsm8k.sampler import WorldSettings, sample_problems
from coconut_core.problems.gsm8k.statistics import measured
from coconut_core.problems.gsm8k.task import GSM8K
from coconut_core.problems.gsm8k.validation import violations
from coconut_core.problems.gsm8k.world import FORMS, read_world, words
from coconut_core.problems.registry import load_problems

FACTS = (
    "Ann has 4 boxes of 6 pens each. Ben has 9 more pens than Cara. Cara had 30 pens and lost 12. Dan has as many pens"
)
TOLD = f"{FACTS} as Ann and Ben together. Eve has 2 fewer pens than Dan."
SOUND = {
    "question": f"{TOLD} How many pens does Dan have?",
    "steps": ["<<30-12=18>>", "<<4*6=24>>", "<<18+9=27>>", "<<24+27=51>>"],
    "answer": "51",
}


def changed(**fields) -> dict:
    return SOUND | fields


@pytest.fixture(scope="module")
def drawn():
    return sample_problems(WorldSettings(), 400, 3)


def test_a_question_is_read_and_recomputed():
    world = read_world(SOUND["question"])
    assert world.number_of == {"Ann": 24, "Cara": 18, "Ben": 27, "Dan": 51, "Eve": 49}
    assert world.needed("Dan") == {"Ann", "Ben", "Cara", "Dan"} and world.equation("Eve") == "<<51-2=49>>"
    problem = GSM8K.from_text(SOUND["question"].replace(". ", ".\n "))
    assert violations(problem.to_json()) == [] and sorted(problem.steps) == sorted(SOUND["steps"])


def test_every_sentence_is_read_as_the_fact_that_it_was_written_from(drawn):
    forms, wordings = Counter(), set()
    for problem in drawn:
        world = read_world(problem.question)
        sentences = problem.question.split(". ")[:-1]
        for fact, sentence in zip(world.facts, sentences, strict=True):
            texts = [fact.text(world.things, which) for which in range(len(FORMS[fact.form][1]))]
            assert f"{sentence}." in texts
            wordings.add((fact.form, texts.index(f"{sentence}.")))
            forms[fact.form] += 1
    assert forms.keys() == FORMS.keys() and len(wordings) == sum(len(wordings) for _, wordings in FORMS.values())


def test_drawn_problems_are_sound_and_as_was_asked():
    settings = WorldSettings(steps={1: 0.5, 4: 0.5}, unneeded=(1, 2), numbers=(2, 60), largest_factor=5)
    problems = sample_problems(settings, 300, (4, 2))
    assert problems == sample_problems(settings, 300, (4, 2)) != sample_problems(settings, 300, (4, 3))
    assert set_violations(GSM8K, [problem.to_json() for problem in problems]) == []
    assert 120 < sum(len(problem.steps) == 1 for problem in problems) < 180
    for problem in problems:
        assert len(problem.steps) in (1, 4)
        world = problem.world
        assert 1 <= len(world.fact_of.keys() - world.needed(world.asked)) <= 2
        for equation in problem.equations:
            assert all(2 <= number <= 60 for number in (*equation.operands, equation.result))
            factor = {"*": min(equation.operands), "/": equation.operands[1]}.get(equation.operators, 2)
            assert factor <= 5
        # The text says where operands come from; that equal numbers say so, too, is what official files rely on.
        for equation, sources in zip(problem.equations, problem.sources, strict=True):
            owner = next(each for each in world.fact_of if world.equation(each) == f"<<{equation.text}>>")
            needed = {world.equation(other) for other in world.fact_of[owner].persons} - {None}
            computed = {f"<<{problem.equations[source].text}>>" for source in sources if source is not None}
            assert computed == needed


def test_the_world_is_near_the_official_file_where_it_is_meant_to_be(drawn, official_gsm8k):
    official = measured(load_problems(official_gsm8k.with_name("gsm_valid.json")))
    assert official.frame()["agrees"].all()
    own = measured(drawn)
    assert own.mean_steps == pytest.approx(official.mean_steps, abs=0.3)
    assert all(own.operators[each] == pytest.approx(official.operators[each], abs=0.13) for each in "+-*/")
    assert own.answer_given == 0 and own.whole == 1
    assert own.following == pytest.approx(official.following, abs=0.05)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_sentences_are_told_in_the_order_of_computing_as_often_as_asked(share):
    problems = sample_problems(WorldSettings(steps={3: 0.5, 4: 0.5}, in_order=share), 200, 0)
    told = [problem.world.in_order for problem in problems]
    assert all(told) if share else sum(told) < 40
    for problem in problems:
        world = problem.world
        by_text = [equation for fact in world.facts if (equation := world.equation(fact.owner)) in problem.steps]
        assert not world.in_order or list(problem.steps) == by_text
        assert {fact.owner: fact for fact in world.put_in_order().facts} == world.fact_of
        assert world.put_in_order().in_order


def test_more_than_one_equation_can_come_next_and_the_order_does_not_tell(drawn):
    """Where two branches are joined, either may be first: the one whose sentence comes first has no privilege."""
    both = first_told = 0
    for problem in (problem for problem in drawn if not problem.world.in_order):
        world, open_first = problem.world, [i for i, s in enumerate(problem.sources) if set(s) == {None}]
        if len(open_first) == 2:
            both += 1
            told = [owner for owner in (fact.owner for fact in world.facts) if world.equation(owner) in problem.steps]
            steps = [world.equation(owner) for owner in told]
            ranks = sorted(steps.index(problem.steps[i]) for i in open_first)
            first_told += steps.index(problem.steps[0]) == ranks[0]
    assert both > 20 and 0.3 < first_told / both < 0.7


def test_no_result_is_a_number_of_the_question(drawn):
    for problem in drawn:
        world = problem.world
        given = {number for fact in world.facts for number in fact.numbers}
        results = [world.number_of[fact.owner] for fact in world.facts if fact.operator]
        assert len(set(results)) == len(results) and not given.intersection(results)


def test_further_questions_ask_about_the_same_facts():
    settings = WorldSettings(steps={2: 0.5, 3: 0.5}, unneeded=(1, 1))
    found = 0
    for seed, problem in enumerate(sample_problems(settings, 40, 0)):
        others = GSM8K.further_questions(problem, 3, settings, np.random.default_rng(seed))
        for other in others:
            assert violations(other.to_json()) == [] and len(other.steps) in (2, 3)
            assert GSM8K.facts_key(other.question) == GSM8K.facts_key(problem.question)
            assert GSM8K.question_key(other.question) != GSM8K.question_key(problem.question)
        found += len(others)
    assert found > 10
    assert GSM8K.further_questions(GSM8K.read(changed(question="How?")), 3, settings, np.random.default_rng(0)) == []


def test_facts_are_the_same_in_any_order_and_others_where_a_number_differs():
    *facts, asked = SOUND["question"].split(". ")
    turned = ". ".join([*reversed(facts), asked])
    assert GSM8K.facts_key(turned) == GSM8K.facts_key(SOUND["question"])
    assert GSM8K.facts_key(turned.replace("12", "13")) != GSM8K.facts_key(turned)
    assert GSM8K.facts_key("Tom eats. Ann runs. Why?") != GSM8K.facts_key("Ann runs. Tom eats. Why?")


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (changed(answer="52"), "The question asks for 51, not for 52"),
        (changed(question=f"{TOLD} How many pens does Eve have?"), "The steps lack <<51-2=49>>"),
        (changed(question=f"{TOLD} How many pens does Finn have?"), "No sentence gives the number of Finn"),
        (changed(question=SOUND["question"].replace("30", "31")), "Step 0 '<<30-12=18>>' is not what the answer needs"),
        (changed(question=SOUND["question"].replace("30", "10")), "10-12, which is not a whole number above zero"),
        (changed(question=SOUND["question"].replace("Cara had 30 pens and lost 12", "Cara got one of 12 equal shares "
         "of 30 pens")), "30/12, which is not a whole number"),
        (changed(question=SOUND["question"].replace("Eve has", "Dan has")), "gives Dan a second number"),
        (changed(question=SOUND["question"].replace("2 fewer pens", "2 fewer cups")), "counts cups, but pens"),
        (changed(question=SOUND["question"].replace("Cara had 30 pens and lost 12", "Cara has 2 more pens than Eve")),
         "in a circle"),
        (changed(steps=[SOUND["steps"][i] for i in (2, 0, 1, 3)]),
         "Step 0 '<<18+9=27>>' comes before one that it needs"),
        (changed(steps=[*SOUND["steps"][:2], *SOUND["steps"]]), "Step 2 '<<30-12=18>>' computes once more"),
        (changed(steps=[*SOUND["steps"], "<<51-2=49>>"]), "Step 4 '<<51-2=49>>' is not what the answer needs"),
        (changed(steps=SOUND["steps"][1:]), "The steps lack <<30-12=18>>"),
    ],
)  # fmt: skip
def test_what_is_unsound_is_named(record, what):
    assert violations(SOUND) == []
    found = violations(record)
    assert any(what in each for each in found), found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Ann has 3 pens. How many pens has she?", "does not ask for a number"),
        ("Ann has three pens. How many pens does Ann have?", "is no sentence of the arithmetic world"),
        ("", "does not ask for a number"),
    ],
)
def test_a_pasted_question_that_cannot_be_read_is_quoted(text, what):
    with pytest.raises(InputError, match=what):
        GSM8K.from_text(text)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"steps": {}}, "steps must give"),
        ({"steps": {9: 1.0}}, "each 1 to 8"),
        ({"steps": {2: -1.0}}, "finite weight"),
        ({"unneeded": (0, 9)}, "unneeded must be a range within 0 to 6"),
        ({"numbers": (1, 100)}, "numbers must be a range"),
        ({"numbers": (5, 50)}, "20 times the smallest"),
        ({"largest_factor": 1}, "largest_factor must be"),
    ],
)
def test_settings_that_make_no_world_are_refused(settings, what):
    with pytest.raises(InputError, match=what):
        WorldSettings(**settings)


def test_every_word_of_the_texts_is_known(drawn):
    known = {*words()}
    for problem in drawn:
        assert {word.strip(".?") for word in problem.question.split() if not word.strip(".?").isdigit()} <= known


def test_files_are_made_and_checked_by_the_commands(tmp_path, monkeypatch, capsys):
    from workbench.commands.__main__ import main

    def coconut(*arguments) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["coconut", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        shown = capsys.readouterr()
        return done.value.code or 0, shown.out + shown.err

    sizes = ["--train", 30, "--valid", 20, "--test", 0, "--steps", "2-3", "--numbers", "2-90", "--unneeded", "1"]
    assert coconut("data", "make", "gsm8k", "--out", tmp_path, *sizes)[0] == 0
    train, valid = (tmp_path / f"gsm8k_{split}.json" for split in ("train", "valid"))
    code, said = coconut("data", "check", valid, "--against", train)
    assert code == 0 and "20 problems, all sound" in said and "share of products" in said
    records = json.loads(valid.read_text())
    records[3] |= {"answer": "1"}
    valid.write_text(json.dumps(records))
    code, said = coconut("data", "check", valid)
    assert code == 2 and "item 3: The steps end in" in said and "in 1 of 20 problems" in said
    for wrong, what in (["--steps", "x"], "is not a range"), (["--hops", "3"], "have none"):
        code, said = coconut("data", "make", "gsm8k", "--out", tmp_path / "no", *wrong)
        assert code == 2 and what in said and not (tmp_path / "no").exists()
