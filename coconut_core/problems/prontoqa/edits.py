"""Edits of a problem as text: facts dropped and added, names changed, the query turned round; and what changed.

Every edit reads the text and renders it anew, so that articles and plurals follow: "a tumpus" renamed is "an impus".
"""

import re
from dataclasses import replace

from coconut_core.errors import InputError
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.text import (
    ABOUT_A_PERSON,
    CLASS,
    PERSON,
    Fact,
    Sentences,
    asked_text,
    is_class,
    negation,
    read_question,
)


def facts_of(text: str) -> list[str]:
    """The sentences of a question without its last one."""
    return [fact.text for fact in read_question(text).facts]


def without_fact(text: str, fact: str) -> str:
    """The question without one of its facts; `InputError` if it is the only one."""
    sentences = read_question(text)
    kept = tuple(each for each in sentences.facts if each.text != fact)
    if len(kept) == len(sentences.facts):
        raise InputError(f"“{fact}” is not a fact of the text; choose one that is.")
    if not kept:
        raise InputError("A question needs at least one fact; add one before dropping the last.")
    return replace(sentences, facts=kept).text


def with_fact(text: str, parent: str, child: str) -> str:
    """The question with one more fact, before its last sentence."""
    sentences = read_question(text)
    fact = Fact(parent, child, "Every" if is_class(parent) else ABOUT_A_PERSON)
    if (parent, child) in {(each.parent, each.child) for each in sentences.facts}:
        raise InputError(f"“{fact.text}” is a fact already; choose other names.")
    return replace(sentences, facts=(*sentences.facts, fact)).text


def renamed(text: str, old: str, new: str) -> str:
    """The question with the name of a class or a person changed wherever it stands."""
    sentences = read_question(text)
    if is_class(old) and not re.fullmatch(CLASS, new):
        raise InputError(f'{new!r} cannot be the name of a class: use a word of small letters that ends in "pus".')
    if not is_class(old) and not re.fullmatch(PERSON, new):
        raise InputError(f"{new!r} cannot be the name of a person: use one word with a capital initial.")
    names = _names(sentences)
    if new in names:
        raise InputError(f"{new!r} is in the text already; choose a name that is not.")
    if old not in names:
        raise InputError(f"{old!r} is not in the text; choose a name that is.")
    name = {old: new}
    facts = [Fact(name.get(f.parent, f.parent), name.get(f.child, f.child), f.form) for f in sentences.facts]
    return Sentences(tuple(facts), name.get(sentences.person, sentences.person), sentences.asked).text


def names_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that can stand first in a fact of the text, persons and classes, and those that can stand last: classes and
    literals, each property with and without "not"."""
    names = _names(read_question(text))
    persons = {name for name in names if name[0].isupper()}
    classes = {name for name in names if is_class(name)}
    literals = {each for name in names - persons - classes for each in (name, negation(name))}
    return tuple(sorted(persons | classes)), tuple(sorted(classes) + sorted(literals))


def turned_round(text: str) -> str:
    """The question with the negation of what it asks."""
    sentences = read_question(text)
    return replace(sentences, asked=negation(sentences.asked)).text


def changes(before: ProntoqaProblem, after: ProntoqaProblem) -> list[str]:
    """What the edits changed, a phrase each."""
    old, new = (facts_of(problem.question) for problem in (before, after))
    found = [f"dropped “{fact}”" for fact in old if fact not in new]
    found += [f"added “{fact}”" for fact in new if fact not in old]
    was, now = (asked_text(each.sentences.person, each.sentences.asked) for each in (before, after))
    if was != now:
        found.append(f"asked “{now}”")
    if before.answer != after.answer:
        found.append(f"the right answer is now “{after.answer}”")
    if not found and before.question != after.question:
        found.append("stated in another order")
    return found


def _names(sentences: Sentences) -> set[str]:
    return {name for fact in sentences.facts for name in (fact.parent, fact.child)} | {
        sentences.person,
        sentences.asked,
    }
