"""Edits of a problem as text: facts dropped and added, names changed, the choice turned round; and what changed."""

import re
from collections.abc import Sequence

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.text import NAME, asked_text, read_question


def facts_of(text: str) -> list[str]:
    """The sentences of a question without its last one."""
    return [f"{sentence}." for sentence in _one_line(text).rpartition(". ")[0].split(". ")]


def without_fact(text: str, fact: str) -> str:
    """The question without one of its facts; `InputError` if it is the only one."""
    facts = facts_of(text)
    if fact not in facts:
        raise InputError(f"“{fact}” is not a fact of the text; choose one that is.")
    if len(facts) == 1:
        raise InputError("A question needs at least one fact; add one before dropping the last.")
    facts.remove(fact)
    return " ".join([*facts, _choice(text)])


def with_fact(text: str, parent: str, child: str) -> str:
    """The question with one more fact, before its last sentence."""
    sentences = read_question(text)
    subject = parent if parent in sentences.persons else f"Every {parent}"
    fact = f"{subject} is a {child}."
    if fact in facts_of(text):
        raise InputError(f"“{fact}” is a fact already; choose other names.")
    return " ".join([*facts_of(text), fact, _choice(text)])


def renamed(text: str, old: str, new: str) -> str:
    """The question with a name changed wherever it stands."""
    if not re.fullmatch(NAME, new):
        raise InputError(f"{new!r} cannot be a name: use one word without full stop or question mark.")
    if _word(new).search(text):
        raise InputError(f"{new!r} is in the text already; choose a name that is not.")
    if not _word(old).search(text):
        raise InputError(f"{old!r} is not in the text; choose a name that is.")
    return _word(old).sub(lambda _: new, text)


def names_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that can stand first in a fact of the text, and those that can stand last: no person is a kind."""
    sentences = read_question(text)
    names = sorted({name for fact in sentences.facts for name in fact})
    return tuple(names), tuple(name for name in names if name not in sentences.persons)


def turned_round(text: str) -> str:
    """The question with its two candidates in the other order."""
    sentences = read_question(text)
    first, second = sentences.choices
    return " ".join([*facts_of(text), f"Is {sentences.root} a {second} or {first}?"])


def retold(text: str, order: Sequence[int]) -> str:
    """The question with those facts, by their number, in that order."""
    facts = facts_of(text)
    return " ".join([*(facts[at] for at in order), _choice(text)])


def asked_of(text: str, person: str) -> str:
    """The question asked of another person."""
    return " ".join([*facts_of(text), asked_text(person, *read_question(text).choices)])


def changes(before: ProsqaProblem, after: ProsqaProblem) -> list[str]:
    """What the edits changed, a phrase each."""
    old, new = (set(facts_of(problem.question)) for problem in (before, after))
    found = [f"dropped “{fact}”" for fact in facts_of(before.question) if fact not in new]
    found += [f"added “{fact}”" for fact in facts_of(after.question) if fact not in old]
    if _choice(before.question) != _choice(after.question):
        found.append(f"asked “{_choice(after.question)}”")
    if before.answer != after.answer:
        found.append(f"the right answer is now “{after.answer}”")
    if not found and before.question != after.question:
        found.append("stated in another order")
    return found


def _word(name: str) -> re.Pattern:
    """The name where it stands as a word of its own."""
    return re.compile(rf"(?<![^\s]){re.escape(name)}(?![^\s.?])")


def _choice(text: str) -> str:
    return _one_line(text).rpartition(". ")[2]


def _one_line(text: str) -> str:
    """White space is free in a question; between its sentences stands one blank."""
    return " ".join(text.split())
