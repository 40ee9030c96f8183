"""The English of a ProsQA question: its sentences read into names, and names rendered as sentences.

A question is a list of facts and one last sentence that asks for a choice:

    Every shumpus is a rempus. Tom is a terpus. ... Is Tom a lempus or scrompus?

A name is one word: any characters but white space, full stop and question mark. It is never interpreted,
whatever it holds. The article is "a" throughout, as in the official text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coconut_core.errors import InputError
from coconut_core.problems.records import quotable

NAME = r"[^\s.?]+"
_FACT = re.compile(rf"(Every )?({NAME}) is a ({NAME})\.(?: |$)")
_ASKED = re.compile(rf"Is ({NAME}) a ({NAME}) or ({NAME})\?")
_STEP = re.compile(r"(?:Every )?(\S+) is a (\S+)")
_SENTENCE = re.compile(r"[^.?]*[.?]?")


@dataclass(frozen=True)
class Sentences:
    """A question as it is read, before any graph: names only, in the order of the text."""

    facts: tuple[tuple[str, str], ...]
    """(parent, child) of each fact."""
    persons: frozenset[str]
    """Names that open a fact without "Every"."""
    root: str
    choices: tuple[str, str]


def read_question(text: str) -> Sentences:
    """The facts and the last sentence of a question; `InputError` quotes the sentence that is not ProsQA."""
    text = " ".join(text.split())
    facts: list[tuple[str, str]] = []
    persons: set[str] = set()
    kinds: set[str] = set()
    position = 0
    while match := _FACT.match(text, position):
        every, parent, child = match.groups()
        if parent == "Every":
            break
        (kinds if every else persons).add(parent)
        facts.append((parent, child))
        position = match.end()
    asked = _ASKED.fullmatch(text, position)
    if not asked:
        sentence = _SENTENCE.match(text, position)[0].strip()  # type: ignore[index]
        if not sentence:
            raise InputError('The question does not end with a choice: end it with "Is Tom a X or Y?".')
        if _ASKED.fullmatch(sentence):
            raise InputError(f'Text follows the choice "{quotable(sentence)}": put it last.')
        raise InputError(
            f'"{quotable(sentence)}" is not a ProsQA sentence: write facts as "Every X is a Y." or '
            '"Tom is a X." and end with "Is Tom a X or Y?".'
        )
    if not facts:
        raise InputError('The question has no facts: write them as "Every X is a Y." or "Tom is a X." before it.')
    if both := sorted(persons & kinds):
        raise InputError(f'{both[0]!r} opens facts with and without "Every": a name is a person or a kind, not both.')
    return Sentences(tuple(facts), frozenset(persons), asked[1], (asked[2], asked[3]))


def read_fact(sentence: str) -> tuple[bool, str, str]:
    """(is it said of a person, parent, child) of one fact or step; `InputError` if it is neither."""
    match = _FACT.fullmatch(" ".join(sentence.split()))
    if not match:
        raise InputError(f'"{quotable(sentence)}" is not a fact: write "Every X is a Y." or "Tom is a X.".')
    return match[1] is None, match[2], match[3]


def asked_text(root: str, first: str, second: str) -> str:
    """The last sentence of a question."""
    return f"Is {root} a {first} or {second}?"


def answer_text(root: str, target: str) -> str:
    """The answer, without the "### " that layouts put in front of it."""
    return f"{root} is a {target}."


def steps_text(names: Sequence[str], path: Sequence[int]) -> tuple[str, ...]:
    """One sentence for each edge of a path that starts at a person."""
    pairs = zip(path, path[1:], strict=False)
    return tuple(
        f"{names[a]} is a {names[b]}." if i == 0 else f"Every {names[a]} is a {names[b]}."
        for i, (a, b) in enumerate(pairs)
    )


def fact_text(parent: str, child: str, persons: frozenset[str]) -> str:
    """One fact; a fact about a person is written without "Every"."""
    return f"{parent} is a {child}." if parent in persons else f"Every {parent} is a {child}."


def read_steps(text: str) -> list[tuple[str, str]] | None:
    """(parent, child) of every step in what a model wrote before its answer; None if a sentence is not a step."""
    steps = [_STEP.fullmatch(sentence.strip()) for sentence in text.split(".") if sentence.strip()]
    return [(step[1], step[2]) for step in steps] if all(steps) else None
