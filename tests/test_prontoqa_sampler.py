"""Fresh ProntoQA problems: sound, like the official ones, and with no answer in their words."""

import json

import numpy as np
import pytest

from analyses.readings.intervals import wilson
from coconut_core.errors import InputError
from coconut_core.problems.checking import set_violations
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.sampler import CLASSES, FAMILIES, PERSONS, SamplerSettings, sample_problems
from coconut_core.problems.prontoqa.shortcuts import AT_CHANCE, NAMED_ELSEWHERE, SHORTCUTS
from coconut_core.problems.prontoqa.statistics import measured
from coconut_core.problems.prontoqa.task import PRONTOQA
from coconut_core.problems.prontoqa.text import negation
from coconut_core.problems.registry import load_problems
from tests.command_line import coconut


@pytest.fixture(scope="module")
def drawn():
    return sample_problems(SamplerSettings(), 5_000, 1)


def test_fresh_problems_are_like_the_official_ones(drawn):
    frame = measured(drawn).frame()
    assert frame.agrees.all(), frame[~frame.agrees]
    # A set with other shares is told from them.
    other = measured(sample_problems(SamplerSettings(steps={4: 1.0}), 200, 0)).frame().set_index("statistic").agrees
    assert not other[["steps", "sentences", "words", "classes"]].any() and other["rules with the asked property"]


def test_the_official_numbers_are_those_of_the_official_file(official_prontoqa):
    statistics = measured(load_problems(official_prontoqa))
    frame = statistics.frame().set_index("statistic").loc[list(statistics.means)]
    assert np.allclose(frame.measured, frame.official, atol=1e-4)
    words = {word for name in (*PERSONS, *CLASSES, *sum(FAMILIES, ())) for word in name.split()}
    problems = load_problems(official_prontoqa)
    names = {word for problem in problems for name in problem.names for word in name.split()} - {"not"}
    assert names == words
    vocabulary = set(PRONTOQA.vocabulary)
    assert set(PRONTOQA.words(problems)) <= vocabulary
    texts = [text for p in problems for text in (p.question, *p.steps, p.answer)]
    assert {word for text in texts for word in text.replace(".", " .").replace(":", " :").split()} <= vocabulary


def test_words_alone_do_not_tell_the_answer(drawn):
    few = drawn[:2_000]
    true = np.mean([problem.answer == "True" for problem in few])
    for shortcut in AT_CHANCE:
        guesses = [shortcut.guess(problem.sentences) for problem in few]
        right, said = [str(guess) == p.answer for guess, p in zip(guesses, few, strict=True)], np.mean(guesses)
        low, high = wilson(sum(right), len(right))
        assert low <= true * said + (1 - true) * (1 - said) <= high, shortcut.name
    # The one that official problems allow is there to be seen, and in the table of methods.
    assert all(NAMED_ELSEWHERE.is_right(problem) for problem in drawn[:200])
    assert [rule.name for rule in PRONTOQA.rules] == [shortcut.name for shortcut in SHORTCUTS]
    assert PRONTOQA.rules[-1].is_right(drawn[0])


def test_shortcuts_guess_by_what_they_say():
    def guesses(facts: str, asked: str) -> list[bool]:
        sentences = PRONTOQA.from_text(f"{facts} Alex is a tumpus. True or false: Alex is {asked}.").sentences
        return [shortcut.guess(sentences) for shortcut in SHORTCUTS]

    facts = "Tumpuses are not happy. Each impus is happy. Each tumpus is a gorpus."
    assert guesses(facts, "happy") == [True, True, True, False]
    assert guesses(facts, "not happy") == [False, False, True, True]
    assert guesses(f"{facts} Gorpuses are hot. Gorpuses are red. Gorpuses are shy.", "not happy")[1]


@pytest.mark.parametrize("steps", range(2, 8))
def test_fresh_problems_of_every_length_are_sound(steps):
    settings = PRONTOQA.settings_of(steps=f"{steps}")
    problems = sample_problems(settings, 60, (steps, 1))
    assert problems == sample_problems(settings, 60, (steps, 1)) != sample_problems(settings, 60, (steps, 2))
    assert set_violations(PRONTOQA, [problem.to_json() for problem in problems], min_steps=steps) == []
    for problem in problems:
        assert len(problem.steps) == problem.hops == steps
        assert ProntoqaProblem.from_text(problem.question) == problem


def test_further_questions_differ_in_the_last_sentence_alone(drawn):
    rng = np.random.default_rng(0)
    settings = SamplerSettings(steps={2: 0.5, 6: 0.5})
    for problem in drawn[:40]:
        further = PRONTOQA.further_questions(problem, 20, settings, rng)
        # Of six steps: the problem's own literal and that of the class beside the last; of two: the two first classes'.
        assert len({each.question for each in further} - {problem.question}) == len(further) == 7
        for each in further:
            assert each.question.rpartition(". ")[0] == problem.question.rpartition(". ")[0]
            assert len(each.steps) in settings.steps
            assert PRONTOQA.violations(each.to_json(), min_steps=2) == []
        turned = next(each for each in further if each.sentences.asked == negation(problem.sentences.asked))
        assert turned.answer != problem.answer and turned.steps == problem.steps
    assert PRONTOQA.further_questions(drawn[0], 2, SamplerSettings(steps={3: 1.0}), rng)
    assert len(PRONTOQA.further_questions(drawn[0], 2, settings, rng)) == 2


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"steps": "1-3"}, "each 2 to 7"),
        ({"steps": "6:0"}, "finite weight above 0"),
        ({"steps": "six"}, "--steps 'six' is not a range"),
    ],
)
def test_sizes_that_do_not_exist_are_refused(sizes, message):
    with pytest.raises(InputError, match=message):
        PRONTOQA.settings_of(**sizes)
    with pytest.raises(InputError, match="must be 0 or more"):
        sample_problems(SamplerSettings(), -1, 0)


def test_files_are_made_and_checked_by_commands(tmp_path):
    folder, sizes = tmp_path / "data", ("--train", 20, "--valid", 5, "--test", 5)
    made = coconut("data", "make", "prontoqa", "--out", folder, *sizes, "--steps", "4:0.5,6:0.5")
    assert made.returncode == 0 and {path.name for path in folder.iterdir()} >= {
        "prontoqa_train.json",
        "prontoqa_valid.json",
    }
    checked = coconut("data", "check", folder / "prontoqa_test.json", "--against", folder / "prontoqa_train.json")
    assert checked.returncode == 0 and "5 problems, all sound" in checked.stdout
    records = json.loads((folder / "prontoqa_test.json").read_text())
    records[1]["answer"] = {"True": "False", "False": "True"}[records[1]["answer"]]
    (folder / "broken.json").write_text(json.dumps(records))
    broken = coconut("data", "check", folder / "broken.json")
    assert broken.returncode == 2 and "item 1: Field 'answer' says" in broken.stdout
    refused = coconut("data", "make", "prontoqa", "--out", tmp_path / "none", "--nodes", "8-14")
    assert refused.returncode == 2 and "problems of ProntoQA have none" in refused.stderr
    assert not (tmp_path / "none").exists()
