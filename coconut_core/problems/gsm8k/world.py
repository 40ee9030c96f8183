"""The arithmetic world of our own: who has how many of some thing, told in sentences of fixed forms.

    Ann has 4 boxes of 6 pens each. Ben has 9 more pens than Cara. Cara had 30 pens and lost 12. Dan has as many pens as
    Ann and Ben together. How many pens does Dan have?

Every sentence gives one person's number: as a given number, or as one operation on given numbers and other persons'
numbers. So the question says the whole computation, quantities that the answer does not need among them, and a text can
be read back and recomputed (`read_world`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from coconut_core.errors import InputError
from coconut_core.problems.records import quotable

PERSONS = tuple(
    """Ann Ben Cara Dan Eve Finn Gina Hugo Iris Jon Kim Leo
    Mia Noah Olga Paul Rosa Sven Tara Uri Vera Will Yara Zoe""".split()
)
THINGS = tuple("apples books cards coins cups hats keys nuts pens shells stamps stones".split())
ASKED = "How many {things} does {p} have?"
FORMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "given": ("", ("{p} has {a} {things}.",)),
    "bought": ("+", ("{p} had {a} {things} and bought {b}.", "{p} had {a} {things} and found {b}.")),
    "lost": ("-", ("{p} had {a} {things} and lost {b}.", "{p} had {a} {things} and sold {b}.")),
    "boxes": ("*", ("{p} has {a} boxes of {b} {things} each.", "{p} has {a} bags of {b} {things} each.")),
    "share": ("/", ("{p} got one of {b} equal shares of {a} {things}.",)),
    "more": ("+", ("{p} has {a} more {things} than {q}.",)),
    "fewer": ("-", ("{p} has {a} fewer {things} than {q}.",)),
    "times": ("*", ("{p} has {a} times as many {things} as {q}.",)),
    "part": ("/", ("{p} has as many {things} as one of {a} equal shares of those of {q}.",)),
    "together": ("+", ("{p} has as many {things} as {q} and {r} together.",)),
    "difference": ("-", ("{p} has as many {things} as {q} has more than {r}.",)),
}
"""Operation and wordings of each form. Its operands are, in this order, the persons q and r and the numbers a and b."""
_PATTERNS = {"p": "[A-Z][a-z]+", "q": "[A-Z][a-z]+", "r": "[A-Z][a-z]+", "a": r"\d{1,30}", "b": r"\d{1,30}"}
_PATTERNS |= {"things": "[a-z]+"}


def _pattern(template: str) -> re.Pattern:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{x}>{_PATTERNS[x]})" if i % 2 else re.escape(x) for i, x in enumerate(parts)))


_READ = [(form, _pattern(each)) for form, (_, wordings) in FORMS.items() for each in wordings]
_READ_ASKED = _pattern(ASKED)


def words() -> tuple[str, ...]:
    """Every word of the texts, numbers left out."""
    texts = " ".join([ASKED, *(each for _, wordings in FORMS.values() for each in wordings)])
    return tuple(dict.fromkeys([*re.findall(r"[A-Za-z]+(?![^{]*\})", texts), *PERSONS, *THINGS]))


@dataclass(frozen=True)
class Fact:
    """One sentence: the number of `owner`."""

    owner: str
    form: str
    """A key of `FORMS`."""
    persons: tuple[str, ...]
    """Those whose numbers it needs: the first operands."""
    numbers: tuple[int, ...]
    """Those that it gives: the other operands."""

    @property
    def operator(self) -> str:
        """ "" for a given number."""
        return FORMS[self.form][0]

    def text(self, things: str, wording: int = 0) -> str:
        """The sentence, in one of the wordings of its form."""
        wordings = FORMS[self.form][1]
        values = {"p": self.owner, "things": things}
        values |= dict(zip("qr", self.persons, strict=False)) | dict(zip("ab", self.numbers, strict=False))
        return wordings[wording % len(wordings)].format(**values)


@dataclass(frozen=True)
class World:
    """The sentences of a question, and what it asks."""

    things: str
    facts: tuple[Fact, ...]
    """In the order of the text."""
    asked: str
    """Whose number."""

    @cached_property
    def fact_of(self) -> dict[str, Fact]:
        return {fact.owner: fact for fact in self.facts}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The persons in an order in which every number can be computed."""
        return tuple(TopologicalSorter({fact.owner: fact.persons for fact in self.facts}).static_order())

    @property
    def in_order(self) -> bool:
        """Whether every number can be computed where its sentence stands, from what came before."""
        place = {fact.owner: number for number, fact in enumerate(self.facts)}
        return all(place[other] < place[fact.owner] for fact in self.facts for other in fact.persons)

    def put_in_order(self) -> "World":
        """The same sentences, moved only as far as it takes for every number to be computed where it stands."""
        placed: dict[str, Fact] = {}
        waiting = list(self.facts)
        while waiting:
            ready = next(fact for fact in waiting if placed.keys() >= set(fact.persons))
            placed[ready.owner] = ready
            waiting.remove(ready)
        return replace(self, facts=tuple(placed.values()))

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Everybody's number."""
        found: dict[str, int] = {}
        for owner in self.order:
            fact = self.fact_of[owner]
            operands = (*(found[other] for other in fact.persons), *fact.numbers)
            found[owner] = _result(fact.operator, *operands) if fact.operator else operands[0]
        return found

    def equation(self, owner: str) -> str | None:
        """How a person's number is computed, as a step says it; None for a given number."""
        fact = self.fact_of[owner]
        if not fact.operator:
            return None
        left, right = (*(self.number_of[other] for other in fact.persons), *fact.numbers)
        return f"<<{left}{fact.operator}{right}={self.number_of[owner]}>>"

    def needed(self, owner: str) -> frozenset[str]:
        """Everybody whose number a person's number is computed from, the person included."""
        found, waiting = {owner}, [owner]
        while waiting:
            others = set(self.fact_of[waiting.pop()].persons) - found
            found |= others
            waiting += others
        return frozenset(found)


def _result(operator: str, left: int, right: int) -> int:
    """The whole and positive result; `InputError` where there is none."""
    sound = {"+": True, "-": left > right, "*": True, "/": right > 0 and left % right == 0}
    if not sound[operator]:
        raise InputError(f"The question computes {left}{operator}{right}, which is not a whole number above zero.")
    return {"+": left + right, "-": left - right, "*": left * right, "/": left // right if right else 0}[operator]


def is_told(question: str) -> bool:
    """Whether every sentence of a question is one of this world, whatever they say together."""
    *sentences, asked = _sentences(question)
    return bool(_READ_ASKED.fullmatch(asked)) and all(
        any(pattern.fullmatch(sentence) for _, pattern in _READ) for sentence in sentences
    )


def read_world(question: str) -> World:
    """The world that a question tells; `InputError` quotes the sentence that is none of it or contradicts another."""
    *sentences, asked = _sentences(question)
    found = _READ_ASKED.fullmatch(asked)
    if found is None:
        usual = ASKED.format(p="Ann", things="pens")
        raise InputError(f'"{quotable(asked)}" does not ask for a number: end with "{usual}"')
    facts: dict[str, Fact] = {}
    for sentence in sentences:
        fact, things = _read_fact(sentence)
        if things != found["things"]:
            asked_for = found["things"]
            raise InputError(f'"{quotable(sentence)}" counts {things}, but {asked_for} are asked for: name one thing.')
        if fact.owner in facts:
            raise InputError(f'"{quotable(sentence)}" gives {fact.owner} a second number: give one.')
        facts[fact.owner] = fact
    world = World(found["things"], tuple(facts.values()), found["p"])
    for name in (world.asked, *(other for fact in world.facts for other in fact.persons)):
        if name not in facts:
            raise InputError(f"No sentence gives the number of {name}: add one.")
    try:
        _ = world.order
    except CycleError as error:
        raise InputError("The sentences need each other's numbers in a circle: change one of them.") from error
    _ = world.number_of
    return world


def _sentences(question: str) -> list[str]:
    return re.split(r"(?<=[.?])\s+", " ".join(question.split()))


def _read_fact(sentence: str) -> tuple[Fact, str]:
    for form, pattern in _READ:
        if found := pattern.fullmatch(sentence):
            parts = found.groupdict()
            persons = [parts[name] for name in "qr" if name in parts]
            numbers = [int(parts[name]) for name in "ab" if name in parts]
            return Fact(parts["p"], form, tuple(persons), tuple(numbers)), parts["things"]
    raise InputError(f'"{quotable(sentence)}" is no sentence of the arithmetic world: write it like "Ann has 4 pens.".')
