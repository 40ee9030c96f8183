"""Ways to answer without following the rules: what a text may tell by its words alone.

Three are at chance in the sampler's problems: the sign of the query is drawn apart from the answer, and every text
states both signs of the property. The fourth one is right on every official problem: the class
with the contrary literal is named in no other sentence, since the person is not of it. A right answer is therefore no
proof that a chain was followed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.text import Fact, Sentences, is_class, negation
from coconut_core.problems.task import Rule


@dataclass(frozen=True)
class Shortcut:
    """A rule that guesses whether the query is true."""

    name: str
    label: str
    guess: Callable[[Sentences], bool]

    def is_right(self, problem: ProntoqaProblem) -> bool:
        return str(self.guess(problem.sentences)) == problem.answer

    @property
    def rule(self) -> Rule:
        return Rule(self.name, f"Rule: {self.label}", self.is_right)


def _query_sign(sentences: Sentences) -> bool:
    """True unless the last sentence is negated."""
    return not sentences.asked.startswith("not ")


def _few_negations(sentences: Sentences) -> bool:
    """True unless more than a third of the literals, the query's among them, are negated."""
    literals = [fact.child for fact in sentences.facts if not is_class(fact.child)] + [sentences.asked]
    return 3 * sum(literal.startswith("not ") for literal in literals) <= len(literals)


def _word_overlap(sentences: Sentences) -> bool:
    """What the fact about the property says that shares most of its words with the query; of several the first."""
    asked = {"is", *sentences.asked.split()}

    def overlap(fact: Fact) -> float:
        words = set(fact.text.removesuffix(".").split())
        return len(words & asked) / len(words | asked)

    return max(_about_the_property(sentences), key=overlap).child == sentences.asked


def _named_elsewhere(sentences: Sentences) -> bool:
    """What the fact about the property says whose class most other sentences name."""
    names = [name for fact in sentences.facts for name in (fact.parent, fact.child)]
    return max(_about_the_property(sentences), key=lambda fact: names.count(fact.parent)).child == sentences.asked


def _about_the_property(sentences: Sentences) -> list[Fact]:
    return [fact for fact in sentences.facts if fact.child in (sentences.asked, negation(sentences.asked))]


AT_CHANCE = (
    Shortcut("query_sign", "sign of the last sentence", _query_sign),
    Shortcut("few_negations", "few negations", _few_negations),
    Shortcut("word_overlap", "word overlap", _word_overlap),
)
NAMED_ELSEWHERE = Shortcut("named_elsewhere", "class named elsewhere", _named_elsewhere)
SHORTCUTS = (*AT_CHANCE, NAMED_ELSEWHERE)
