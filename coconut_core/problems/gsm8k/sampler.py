"""Seeded problems of the arithmetic world (`world.py`), about two thousand a second.

problems = sample_problems(WorldSettings(steps={2: 0.5, 3: 0.5}), 1_000, seed=0)

The steps of a problem are all equations that its answer needs, in an order in which every operand is there when it is
used. Where the sentences stand in such an order, as most do in stories that people write, the steps follow them; where
they do not, it is drawn at random: where two branches are joined, more than one equation can come next.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.world import ASKED, FORMS, PERSONS, THINGS, Fact, World
from coconut_core.problems.ranges import require_weights

OPERATORS = {"+": 0.15, "-": 0.05, "*": 0.7, "/": 0.25}
"""Weights with which the operations are tried over given numbers. They are fitted: with sums and differences of two
persons' numbers, and products that leave the range, the shares come out near those of the official file."""
_JOINED = 0.5
"""Share of equations over two persons' numbers, of those that could be."""
_MINUS = 0.2
"""Share of differences among them; the others are sums."""
_SHARED = 0.4
"""Share of joins in which a number without a branch of its own is one that the other branch needs."""
_MOST_STEPS = 8
_TRIES = 10
"""To add one person that the answer does not need."""
_PATIENCE = 10_000
"""Problems that are given up one after another before the settings are."""


@dataclass(frozen=True)
class WorldSettings:
    """Which problems to draw.

    The share of each number of steps is near the official one. Numbers stay below some hundred, products and quotients
    have one small operand: a small model from scratch, which reads and writes one digit a token, has to learn every
    operation from examples, and sums and products of larger numbers are a task of their own.
    """

    steps: Mapping[int, float] = field(default_factory=lambda: {2: 0.33, 3: 0.3, 4: 0.2, 5: 0.12, 6: 0.05}, hash=False)
    """Weight of each number of equations that the answer needs."""
    unneeded: tuple[int, ...] = (0, 2)
    """Fewest and most persons whose numbers the answer does not need; most of them are computed, too."""
    numbers: tuple[int, ...] = (2, 300)
    """Smallest and largest number, results among them."""
    largest_factor: int = 10
    """Of products and quotients, where one of both operands is at most this."""
    in_order: float = 0.5
    """Share of problems whose sentences stand in an order in which they can be computed; the others are shuffled. With
    this one steps follow the text as often as in the official file. A small model plans such problems sooner."""

    def __post_init__(self) -> None:
        if not self.steps or not all(1 <= steps <= _MOST_STEPS for steps in self.steps):
            raise InputError(f"steps must give a weight to at least one number of steps, each 1 to {_MOST_STEPS}.")
        require_weights("steps", self.steps)
        for name, least, most in (("unneeded", 0, 6), ("numbers", 2, 10_000)):
            given = getattr(self, name)
            if len(given) != 2 or not least <= given[0] <= given[1] <= most:
                raise InputError(f"{name} must be a range within {least} to {most}, not {list(given)}.")
        if self.numbers[1] < 20 * self.numbers[0]:
            raise InputError(f"numbers must end at 20 times the smallest or above, not {list(self.numbers)}.")
        if not 0 <= self.in_order <= 1:
            raise InputError(f"in_order must be a share from 0 to 1, not {self.in_order}.")
        if not self.numbers[0] <= self.largest_factor <= 100:
            raise InputError(f"largest_factor must be {self.numbers[0]} to 100, not {self.largest_factor}.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {"steps": dict(self.steps), "unneeded": list(self.unneeded), "numbers": list(self.numbers)}


def sample_problems(settings: WorldSettings, count: int, seed: int | Sequence[int]) -> list[Gsm8kProblem]:
    """`count` problems; the same (settings, count, seed) give the same problems."""
    if count < 0:
        raise InputError(f"The number of problems must be 0 or more, not {count}.")
    rng = random.Random(int(np.random.default_rng(seed).integers(2**63)))
    lengths, weights = list(settings.steps), list(settings.steps.values())
    return [_sample(settings, steps, rng) for steps in rng.choices(lengths, weights, k=count)]


def problem_of(world: World, rng: random.Random, told: str | None = None) -> Gsm8kProblem:
    """The question of a world, its sentences as `told` or worded anew, with steps in the order of the sentences if that
    works, and in a random one that works if not."""
    if told is None:
        told = " ".join(fact.text(world.things, rng.randrange(len(FORMS[fact.form][1]))) for fact in world.facts)
    needed = world.needed(world.asked)
    steps: list[str] = []
    known = {owner for owner in needed if not world.fact_of[owner].operator}
    while waiting := [
        fact.owner for fact in world.facts if fact.owner in needed - known and known.issuperset(fact.persons)
    ]:
        known.add(owner := waiting[0] if world.in_order else rng.choice(waiting))
        steps.append(world.equation(owner))
    question = f"{told} {ASKED.format(p=world.asked, things=world.things)}"
    return Gsm8kProblem.of(question, str(world.number_of[world.asked]), steps, world)


def _sample(settings: WorldSettings, steps: int, rng: random.Random) -> Gsm8kProblem:
    for _ in range(_PATIENCE):
        people = _People(settings, rng)
        asked = people.compute(steps)
        if asked is not None and people.add_unneeded(rng.randint(*settings.unneeded)):
            rng.shuffle(people.facts)
            world = World(rng.choice(THINGS), tuple(people.facts), asked)
            return problem_of(world.put_in_order() if rng.random() < settings.in_order else world, rng)
    raise InputError(f"numbers {list(settings.numbers)} leave no problems of {steps} steps: give a wider range.")


class _People:
    """Persons with numbers, one after another. No result is a number that was given or computed before or after it, so
    that an operand shows where it comes from, and the answer is never a given number."""

    def __init__(self, settings: WorldSettings, rng: random.Random):
        self._settings, self._rng = settings, rng
        self._names = rng.sample(PERSONS, len(PERSONS))
        self.facts: list[Fact] = []
        self.number: dict[str, int] = {}
        self._given: set[int] = set()
        self._results: set[int] = set()

    def compute(self, steps: int) -> str | None:
        """A new person whose number takes so many equations; None where no number in range was found."""
        rng = self._rng
        if steps == 0:
            return self._give()
        if steps > 1 or rng.random() < 0.5:
            if rng.random() < _JOINED:
                return self._join(steps - 1)
            other = self.compute(steps - 1)
            return None if other is None else self._relate(other)
        return self._begin()

    def add_unneeded(self, count: int) -> bool:
        """Add so many persons, most of them computed from those that are there; False where no number was found."""
        for _ in range(count):
            if not any(self._unneeded() for _ in range(_TRIES)):
                return False
        return True

    def _unneeded(self) -> str | None:
        others, draw, rng = list(self.number), self._rng.random(), self._rng
        if draw < 0.2:
            return self._give()
        if draw < 0.4:
            return self._begin()
        if draw < 0.8 or len(others) < 2:
            return self._relate(rng.choice(others))
        return self._combine(*rng.sample(others, 2))

    def _join(self, steps: int) -> str | None:
        first = self._rng.randint(0, steps)
        one = self.compute(max(first, steps - first))
        if one is None:
            return None
        less = min(first, steps - first)
        there = [name for name in self.number if name != one]
        if less == 0 and there and self._rng.random() < _SHARED:
            return self._combine(one, self._rng.choice(there))
        other = self.compute(less)
        return None if other is None else self._combine(one, other)

    def _give(self) -> str | None:
        least, most = self._settings.numbers
        return self._add("given", (), (self._rng.randint(least, most),), None)

    def _begin(self) -> str | None:
        """A number from two given ones."""
        rng, (least, most), largest = self._rng, self._settings.numbers, self._settings.largest_factor
        for operator in self._operators():
            if operator == "+":
                result = rng.randint(2 * least, most)
                left = rng.randint(least, result - least)
                numbers = left, result - left
            elif operator == "-":
                left = rng.randint(2 * least, most)
                numbers = left, rng.randint(least, left - least)
                result = left - numbers[1]
            else:
                factor = rng.randint(least, largest)
                other = rng.randint(least, max(least, most // factor))
                result = factor * other if operator == "*" else other
                numbers = (factor, other) if operator == "*" else (factor * other, factor)
            form = {"+": "bought", "-": "lost", "*": "boxes", "/": "share"}[operator]
            if (added := self._add(form, (), numbers, result)) is not None:
                return added
        return None

    def _relate(self, other: str) -> str | None:
        """A number from another person's and a given one."""
        rng, (least, most), largest = self._rng, self._settings.numbers, self._settings.largest_factor
        value = self.number[other]
        for operator in self._operators():
            if operator == "+":
                choices = range(least, most - value + 1)
            elif operator == "-":
                choices = range(least, value - least + 1)
            elif operator == "*":
                choices = range(least, min(largest, most // value) + 1)
            else:
                choices = [n for n in range(least, min(largest, value // least) + 1) if value % n == 0]
            if not choices:
                continue
            number = rng.choice(choices)
            result = {"+": value + number, "-": value - number, "*": value * number, "/": value // number}[operator]
            form = {"+": "more", "-": "fewer", "*": "times", "/": "part"}[operator]
            if (added := self._add(form, (other,), (number,), result)) is not None:
                return added
        return None

    def _combine(self, one: str, other: str) -> str | None:
        """A number from two other persons'."""
        smaller, larger = sorted((one, other), key=self.number.__getitem__)
        difference, together = self.number[larger] - self.number[smaller], self.number[larger] + self.number[smaller]
        if self._rng.random() < _MINUS:
            return self._add("difference", (larger, smaller), (), difference)
        return self._add("together", (one, other), (), together)

    def _operators(self) -> list[str]:
        """The operations in an order drawn by their weights, without putting back (Efraimidis and Spirakis, 2006)."""
        return sorted(OPERATORS, key=lambda operator: self._rng.random() ** (1 / OPERATORS[operator]), reverse=True)

    def _add(self, form: str, persons: tuple[str, ...], numbers: tuple[int, ...], result: int | None) -> str | None:
        """The new person; None where a number is out of range or a result not new."""
        least, most = self._settings.numbers
        every = (*numbers, *(() if result is None else (result,)))
        if not all(least <= number <= most for number in every) or self._results.intersection(every):
            return None
        if result is not None and (result in self._given or result in numbers):
            return None
        owner = self._names.pop()
        self.facts.append(Fact(owner, form, persons, numbers))
        self.number[owner] = numbers[0] if result is None else result
        self._given.update(numbers)
        if result is not None:
            self._results.add(result)
        return owner
