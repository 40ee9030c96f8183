"""The English of a ProntoQA question: its sentences read into facts, and facts rendered as sentences.

A question is a list of facts and one last sentence that asks whether a property holds of a person:

    Each tumpus is a gorpus. Gorpuses are not happy. Alex is a tumpus. True or false: Alex is happy.

Names say what they are. A class is an invented word that ends in "pus", its plural in "puses", a person has a capital
initial, and every other word is a property. A property and its negation are the two literals "happy" and "not happy".
What is said of one individual has an article where it is a class: "a tumpus", "an impus", "happy", "not happy". These
are the words whose probability a value is, so that "an" needs no case of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coconut_core.errors import InputError
from coconut_core.problems.records import quotable

PLURAL = "plural"
FORMS = (PLURAL, "Each", "Every")
"""How a rule may be worded: "Gorpuses are grimpuses.", "Each gorpus is a grimpus.", "Every gorpus is a grimpus."."""
WORDS = tuple("Each Every is are a an not . True or false :".split())
"""Every word of the language that is no name."""
ABOUT_A_PERSON = "person"
"""The form of a fact about a person, "Alex is a tumpus."."""
CLASS = r"[a-z]+pus"
"""What the name of a class looks like."""
PERSON = r"(?!(?:Each|Every|True)\b)[A-Z][^\s.?:]*"
"""What the name of a person looks like."""
_PROPERTY = r"(?!(?:not|an?)\.)(?!\S*pus(?:es)?\.)[^\s.?:]+"
_PHRASE = rf"(?:an? (?P<one>{CLASS})|(?P<literal>(?:not )?{_PROPERTY}))"
_SINGULAR = re.compile(rf"(?:(?P<form>Each|Every) (?P<kind>{CLASS})|(?P<person>{PERSON})) is {_PHRASE}\.(?: |$)")
_PLURAL = re.compile(
    rf"(?P<many>[A-Z][a-z]*pus)es are (?:(?P<ones>{CLASS})es|(?P<literal>(?:not )?{_PROPERTY}))\.(?: |$)"
)
_ASKED = re.compile(rf"True or false: (?P<person>{PERSON}) is (?P<literal>(?:not )?{_PROPERTY})\.")
_SENTENCE = re.compile(r"[^.?]*[.?]?")


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence: whatever is `parent` is `child`."""

    parent: str
    """A class, or a person."""
    child: str
    """A class, or a literal."""
    form: str
    """One of `FORMS`, or `ABOUT_A_PERSON`."""

    @property
    def text(self) -> str:
        """The sentence, with its full stop."""
        if self.form == PLURAL:
            subject = plural(self.parent)
            said = plural(self.child) if is_class(self.child) else self.child
            return f"{subject[0].upper()}{subject[1:]} are {said}."
        subject = self.parent if self.form == ABOUT_A_PERSON else f"{self.form} {self.parent}"
        return f"{subject} is {phrase(self.child)}."


@dataclass(frozen=True)
class Sentences:
    """A question as it is read, before any graph."""

    facts: tuple[Fact, ...]
    """In the order of the text."""
    person: str
    """Of whom the last sentence asks."""
    asked: str
    """The literal that it asks about."""

    @property
    def text(self) -> str:
        return " ".join([*(fact.text for fact in self.facts), asked_text(self.person, self.asked)])


def is_class(name: str) -> bool:
    """Whether a name is a class's, by its ending."""
    return name.endswith("pus")


def plural(name: str) -> str:
    return f"{name}es"


def words_of(name: str) -> tuple[str, ...]:
    """The words that a name is written with: of a class also the plural, as it stands inside a sentence and before."""
    if not is_class(name):
        return tuple(name.split())
    return name, plural(name), plural(name).capitalize()


def phrase(name: str) -> str:
    """What is said of an individual: "a tumpus", "an impus", "happy", "not happy"; of a person, the name."""
    if not is_class(name):
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def negation(literal: str) -> str:
    """The other literal of the same property."""
    return literal.removeprefix("not ") if literal.startswith("not ") else f"not {literal}"


def read_question(text: str) -> Sentences:
    """The facts and the last sentence of a question; `InputError` quotes the sentence that is not ProntoQA."""
    text = " ".join(text.split())
    facts, position = [], 0
    while match := _fact_at(text, position):
        fact, position = match
        facts.append(fact)
    asked = _ASKED.fullmatch(text, position)
    if not asked:
        sentence = _SENTENCE.match(text, position)[0].strip()  # type: ignore[index]
        if not sentence:
            raise InputError('The question does not end with a query: end it with "True or false: Alex is happy.".')
        if _ASKED.fullmatch(sentence):
            raise InputError(f'Text follows the query "{quotable(sentence)}": put it last.')
        raise InputError(
            f'"{quotable(sentence)}" is not a ProntoQA sentence: write facts as "Each tumpus is a gorpus.", "Gorpuses '
            'are not happy." or "Alex is a tumpus.", classes ending in "pus", and end with "True or false: Alex is '
            'happy.".'
        )
    if not facts:
        raise InputError('The question has no facts: write them as "Each tumpus is a gorpus." before the query.')
    return Sentences(tuple(facts), asked["person"], asked["literal"])


def read_fact(sentence: str) -> Fact | None:
    """The fact of one sentence with its full stop; None where it is none."""
    match = _fact_at(sentence, 0)
    return match[0] if match and match[1] == len(sentence) else None


def _fact_at(text: str, position: int) -> tuple[Fact, int] | None:
    """The fact that starts at a position, and where the next sentence does."""
    if match := _PLURAL.match(text, position):
        parent = match["many"][0].lower() + match["many"][1:]
        return Fact(parent, match["ones"] or match["literal"], PLURAL), match.end()
    if match := _SINGULAR.match(text, position):
        form = match["form"] or ABOUT_A_PERSON
        return Fact(match["kind"] or match["person"], match["one"] or match["literal"], form), match.end()
    return None


def asked_text(person: str, literal: str) -> str:
    """The last sentence of a question."""
    return f"True or false: {person} is {literal}."


def steps_text(person: str, chain: Sequence[Fact]) -> tuple[str, ...]:
    """The steps over a chain of facts that starts at the person: each class that is reached, with the rule that is used
    next, and the conclusion alone."""
    reached = [f"{person} is {phrase(fact.child)}." for fact in chain]
    rules = [f" {fact.text}" for fact in chain[1:]]
    return tuple(said + rule for said, rule in zip(reached, [*rules, ""], strict=True))


def read_steps(text: str, person: str, k: int) -> list[tuple[str, str]] | None:
    """(parent, child) of every edge in what a model wrote about a person; None if a sentence is not a fact.

    A rule is an edge. What is said of the person restates what the rule before it reached, and is no edge of its own;
    where it says something else, that is an edge which no graph has. A first sentence is a fact of the question after
    k = 0 thoughts, and restates what thoughts reached after more. A conclusion alone is no chain.
    """
    edges: list[tuple[str, str]] = []
    reached = None
    for sentence in re.findall(r"[^.]+\.?", text):
        fact = read_fact(f"{sentence.strip().removesuffix('.')}.")
        if fact is None:
            if sentence.strip():
                return None
            continue
        if fact.parent != person or (reached is None and k == 0):
            edges.append((fact.parent, fact.child))
        elif reached is not None and reached != fact.child:
            edges.append((reached, fact.child))
        reached = fact.child
    return edges
