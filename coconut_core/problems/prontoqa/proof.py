"""What follows from facts: forward chaining, breadth first, and the proof of a query."""

from collections.abc import Sequence

from coconut_core.errors import InputError
from coconut_core.problems.prontoqa.text import Fact, Sentences, negation


def consequences(facts: Sequence[Fact], person: str) -> dict[str, Fact]:
    """Everything that follows about a person, nearest first, with the fact that it follows by.

    Of several facts by which something follows in as few steps, it is the first in the text.
    """
    about: dict[str, list[Fact]] = {}
    for fact in facts:
        about.setdefault(fact.parent, []).append(fact)
    found: dict[str, Fact] = {}
    known = [person]
    for name in known:
        for fact in about.get(name, ()):
            if fact.child not in found:
                found[fact.child] = fact
                known.append(fact.child)
    return found


def chain_to(found: dict[str, Fact], person: str, name: str) -> tuple[Fact, ...]:
    """The facts of `consequences` from the person to something that follows, in their order."""
    chain = [found[name]]
    while chain[-1].parent != person:
        chain.append(found[chain[-1].parent])
    return tuple(reversed(chain))


def proof(sentences: Sentences) -> tuple[Fact, ...]:
    """A shortest chain of facts from the person to the literal that holds: the one asked about, or its negation.

    `InputError` unless exactly one of them follows.
    """
    person, asked = sentences.person, sentences.asked
    found = consequences(sentences.facts, person)
    holds = [literal for literal in (asked, negation(asked)) if literal in found]
    if len(holds) != 1:
        which = "both follow" if holds else "neither follows"
        raise InputError(
            f"Of '{person} is {asked}' and '{person} is {negation(asked)}' {which} from the facts: let exactly one."
        )
    return chain_to(found, person, holds[0])
