"""Seeded ProntoQA problems that match the official ones, thousands a second.

problems = sample_problems(SamplerSettings(), 1_000, seed=0)

Every official problem has one shape. The person is of two classes. From one of them a chain of rules leads, class by
class, to the literal that holds. Each class of the chain has one more rule, to a class that leads nowhere; the last one
has two. The person's other class leads to one class and no further. A last class, out of reach, has the contrary
literal, so that every text states both signs of the property. All classes have one property, but for two of those that
lead nowhere; no two properties of a text are of one family, but for the two literals of the one that is asked about.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.text import (
    ABOUT_A_PERSON,
    FORMS,
    Fact,
    Sentences,
    asked_text,
    is_class,
    negation,
)
from coconut_core.problems.ranges import require_weights

PERSONS = tuple("Alex Fae Max Polly Rex Sally Sam Stella Wren".split())
CLASSES = tuple(
    """brimpus dumpus gorpus grimpus impus jompus lempus lorpus numpus rompus shumpus sterpus tumpus vumpus wumpus
    yumpus zumpus""".split()
)
FAMILIES = tuple(
    tuple(line.split())
    for line in """
    blue brown orange red
    large small
    liquid luminous metallic wooden
    opaque transparent
    feisty happy nervous shy
    bright dull
    bitter sour spicy sweet
    earthy floral fruity
    cold hot temperate
    aggressive amenable angry kind mean
    discordant loud melodic muffled
    fast moderate slow
    overcast rainy snowy sunny windy
    """.strip().splitlines()
)
"""Properties of which a text has at most one, but for the one that is asked about."""

FEWEST_STEPS, MOST_STEPS = 2, 7
"""More steps would need more classes and families than there are."""

# Shares of the official validation file.
_TRUE = 0.445
_NEGATED_QUERY = 0.54
"""Drawn apart from the answer, so that the sign of the query does not tell it."""
_NEGATED_ON_CHAIN, _NEGATED_ELSEWHERE = 0.2625, 0.335
"""Of properties that are not asked about: those of the chain's classes, and the others."""
_FORM_WEIGHTS = (0.491, 0.256, 0.253)
"""Of a rule, in the order of `FORMS`."""


@dataclass(frozen=True)
class SamplerSettings:
    """Which problems to draw. The defaults are the official ones."""

    steps: Mapping[int, float] = field(default_factory=lambda: {6: 1.0}, hash=False)
    """Weight of each number of steps. It is one more than the hops of the literature: the conclusion is a step."""

    def __post_init__(self) -> None:
        if not self.steps or not all(FEWEST_STEPS <= steps <= MOST_STEPS for steps in self.steps):
            raise InputError(
                f"steps must give a weight to at least one number of steps, each {FEWEST_STEPS} to {MOST_STEPS}."
            )
        require_weights("steps", self.steps)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"steps": dict(self.steps)}


def sample_problems(settings: SamplerSettings, count: int, seed: int | Sequence[int]) -> list[ProntoqaProblem]:
    """`count` problems; the same (settings, count, seed) give the same problems."""
    if count < 0:
        raise InputError(f"The number of problems must be 0 or more, not {count}.")
    rng = random.Random(int(np.random.default_rng(seed).integers(2**63)))
    lengths, weights = list(settings.steps), list(settings.steps.values())
    return [_sample(steps, rng) for steps in rng.choices(lengths, weights, k=count)]


def further_questions(
    problem: ProntoqaProblem, count: int, settings: SamplerSettings, rng: np.random.Generator
) -> list[ProntoqaProblem]:
    """Up to `count` other questions about the same facts, in random order: the texts differ in the last sentence alone.

    They ask whether a literal that follows holds, or its negation, in a number of steps that the settings allow. A text
    of the sampler states the contrary of the one literal that its problem asks for, so that other ones are easier.
    """
    told = problem.question.rpartition(". ")[0]
    sentences, depth = problem.sentences, problem.depth
    follow = {problem.names[node]: at for node, at in depth.items() if not is_class(problem.names[node])}
    holds = [name for name, at in follow.items() if at in settings.steps and negation(name) not in follow]
    asked = sorted({each for name in holds for each in (name, negation(name))} - {sentences.asked})
    chosen = [asked[place] for place in rng.permutation(len(asked))[:count].tolist()]
    return [
        ProntoqaProblem.of(
            replace(sentences, asked=literal), question=f"{told}. {asked_text(sentences.person, literal)}"
        )
        for literal in chosen
    ]


def _sample(steps: int, rng: random.Random) -> ProntoqaProblem:
    hops = steps - 1
    person = rng.choice(PERSONS)
    names = rng.sample(CLASSES, 2 * hops + 4)
    chain, aside, (other, below, apart) = names[:hops], names[hops:-3], names[-3:]
    children = [(chain[at], aside[at]) for at in range(hops)]
    children += [*zip(chain, chain[1:], strict=False), (chain[-1], aside[-1]), (other, below)]

    asked = _signed(rng, _NEGATED_QUERY)
    holds = asked if rng.random() < _TRUE else not asked
    properties = [rng.choice(family) for family in rng.sample(FAMILIES, 2 * hops + 1)]
    asked_property = properties.pop()
    owners = [(name, _NEGATED_ON_CHAIN) for name in chain[:-1]]
    owners += [(name, _NEGATED_ELSEWHERE) for name in (*aside[:-1], other)]
    said = [(name, _literal(each, _signed(rng, share))) for (name, share), each in zip(owners, properties, strict=True)]
    said += [(chain[-1], _literal(asked_property, holds)), (apart, _literal(asked_property, not holds))]

    rules = [*children, *said]
    rng.shuffle(rules)
    forms = rng.choices(FORMS, _FORM_WEIGHTS, k=len(rules))
    facts = [Fact(parent, child, form) for (parent, child), form in zip(rules, forms, strict=True)]
    facts += [Fact(person, name, ABOUT_A_PERSON) for name in rng.sample((chain[0], other), 2)]
    return ProntoqaProblem.of(Sentences(tuple(facts), person, _literal(asked_property, asked)))


def _signed(rng: random.Random, negated: float) -> bool:
    """False, for a negated literal, with this probability."""
    return rng.random() >= negated


def _literal(name: str, positive: bool) -> str:
    return name if positive else negation(name)
