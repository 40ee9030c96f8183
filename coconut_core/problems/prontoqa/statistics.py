"""What a set of ProntoQA problems is like, beside the official validation file (200 items, measured by this code)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.official_statistics import beside_official
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.proof import consequences, proof
from coconut_core.problems.prontoqa.shortcuts import AT_CHANCE, NAMED_ELSEWHERE
from coconut_core.problems.prontoqa.text import ABOUT_A_PERSON, FORMS, Sentences, is_class, negation, read_question

OFFICIAL = {
    "sentences": 26.0,
    "words": 104.845,
    "different words": 42.875,
    "steps": 6.0,
    "words of the steps": 43.62,
    "classes": 14.0,
    "rules between classes": 11.0,
    "rules with properties": 12.0,
    "share of plural, classes": 0.4964,
    "share of Each, classes": 0.2650,
    "share of Every, classes": 0.2386,
    "share of plural, properties": 0.4863,
    "share of Each, properties": 0.2475,
    "share of Every, properties": 0.2663,
    "share of negated properties": 0.3383,
    "share of negated queries": 0.54,
    "share of True": 0.445,
    "classes of the person": 2.0,
    "chains from the first of them": 0.49,
    "classes beside the chain": 8.0,
    "classes out of reach": 1.0,
    "rules with the asked property": 2.0,
    "place of the rule that decides": 0.5127,
    f"right by {NAMED_ELSEWHERE.label}": 1.0,
}


@dataclass(frozen=True)
class ProntoqaStatistics:
    """Means over a set of problems; shares are between 0 and 1."""

    problems: int
    means: Mapping[str, float] = field(hash=False)
    """Every statistic by name, in the order of the table."""
    shortcuts: Mapping[str, tuple[float, float]] = field(hash=False)
    """Accuracy of each shortcut that should be at chance, and what it would be if its guesses told nothing."""

    def chance_levels(self) -> str:
        """What guessing is right in."""
        right = self.means[f"right by {NAMED_ELSEWHERE.label}"]
        return (
            f"{self.means['share of True']:.0%} of the answers are True; believing the class that other sentences "
            f"name is right in {right:.0%}, without any chain."
        )

    def frame(self):
        """One row a statistic: `statistic`, `measured`, `official`, `agrees`.

        Statistics agree within 3% or .02. A shortcut stands beside its chance level and agrees where its 95% interval
        (normal approximation) holds it.
        """
        import pandas as pd

        frame = beside_official([(name, value, OFFICIAL[name]) for name, value in self.means.items()])
        rows = [(name, *values) for name, values in self.shortcuts.items()]
        shortcuts = pd.DataFrame(rows, columns=["statistic", "measured", "official"])
        error = np.sqrt(shortcuts.official * (1 - shortcuts.official) / self.problems)
        shortcuts["agrees"] = (shortcuts.measured - shortcuts.official).abs() <= 1.96 * error
        return pd.concat([frame, shortcuts], ignore_index=True)


def measured(problems: Sequence[ProntoqaProblem]) -> ProntoqaStatistics:
    """Measure a set of sound problems; `InputError` if it is empty."""
    if not problems:
        raise InputError("There are no problems to measure: give at least one.")
    every, guessed = [], []
    for problem in problems:
        # Not `problem.sentences`, which every problem of a set would keep, nor its graph.
        sentences = read_question(problem.question)
        every.append(_one(problem, sentences))
        guessed.append([shortcut.guess(sentences) for shortcut in AT_CHANCE])
    answers = np.array([problem.answer == "True" for problem in problems])
    shortcuts = {}
    for shortcut, guesses in zip(AT_CHANCE, np.array(guessed).T, strict=True):
        true, said = answers.mean(), guesses.mean()
        chance = float(true * said + (1 - true) * (1 - said))
        shortcuts[f"right by {shortcut.label}, beside chance"] = (float((guesses == answers).mean()), chance)
    return ProntoqaStatistics(
        problems=len(problems),
        means={name: float(np.mean([one[name] for one in every])) for name in OFFICIAL},
        shortcuts=shortcuts,
    )


def _one(problem: ProntoqaProblem, sentences: Sentences) -> dict[str, float]:
    """The statistics of one problem."""
    rules = [fact for fact in sentences.facts if fact.form != ABOUT_A_PERSON]
    of_classes = [fact for fact in rules if is_class(fact.child)]
    of_properties = [fact for fact in rules if not is_class(fact.child)]
    classes = set(filter(is_class, problem.names))
    reached = classes & consequences(sentences.facts, sentences.person).keys()
    chain = [fact.child for fact in proof(sentences)]
    decides = next((at for at, fact in enumerate(rules) if fact.child == chain[-1]), 0)
    first = [fact.child for fact in sentences.facts if fact.form == ABOUT_A_PERSON]
    forms = {
        f"share of {form}, {kind}": sum(fact.form == form for fact in group) / max(1, len(group))
        for kind, group in (("classes", of_classes), ("properties", of_properties))
        for form in FORMS
    }
    asked = {sentences.asked, negation(sentences.asked)}
    return {
        "sentences": len(sentences.facts) + 1,
        "words": len(problem.question.split()),
        "different words": len({word.lower().strip(".:") for word in problem.question.split()}),
        "steps": len(problem.steps),
        "words of the steps": sum(len(step.split()) for step in problem.steps),
        "classes": len(classes),
        "rules between classes": len(of_classes),
        "rules with properties": len(of_properties),
        **forms,
        "share of negated properties": sum(fact.child.startswith("not ") for fact in of_properties)
        / max(1, len(of_properties)),
        "share of negated queries": float(sentences.asked.startswith("not ")),
        "share of True": float(problem.answer == "True"),
        "classes of the person": len(first),
        "chains from the first of them": float(first[0] == chain[0]),
        "classes beside the chain": len(reached.difference(chain)),
        "classes out of reach": len(classes - reached),
        "rules with the asked property": sum(fact.child in asked for fact in rules),
        "place of the rule that decides": decides / max(1, len(rules) - 1),
        f"right by {NAMED_ELSEWHERE.label}": float(str(NAMED_ELSEWHERE.guess(sentences)) == problem.answer),
    }
