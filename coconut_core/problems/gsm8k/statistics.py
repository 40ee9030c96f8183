"""What a set of GSM8k problems is like, beside the official validation file (500 items, measured by this code)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.arithmetic import OPERATORS, read_number
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.official_statistics import beside_official

OFFICIAL_STEPS = {1: 0.064, 2: 0.31, 3: 0.28, 4: 0.182, 5: 0.106, 6: 0.036, 7: 0.016, 8: 0.006}
OFFICIAL_OPERATORS = {"+": 0.274, "-": 0.172, "*": 0.371, "/": 0.183}
_NUMBER = re.compile(r"\d[\d,]*\.?\d*")
_NAMES = {"+": "sums", "-": "differences", "*": "products", "/": "quotients"}


@dataclass(frozen=True)
class Gsm8kStatistics:
    """Means over a set of problems; shares are between 0 and 1."""

    problems: int
    steps: Mapping[int, float] = field(hash=False)
    """Share of problems by their number of equations."""
    operators: Mapping[str, float] = field(hash=False)
    """Share of each operation among all."""
    operations: float
    """Operations of an equation."""
    first: float
    """Equations of a problem over given numbers alone: those that may come first."""
    given: float
    """Different numbers of a problem that its equations take as given."""
    answer_given: float
    """Share of problems whose answer is one of these numbers."""
    words: float
    """Words of a question."""
    whole: float
    """Share of results that are whole numbers."""
    following: float
    """Of successive steps that take given numbers, the share in which the later one takes its first number from later
    in the question."""

    @property
    def mean_steps(self) -> float:
        return sum(steps * share for steps, share in self.steps.items())

    def chance_levels(self) -> str:
        return f"In {self.answer_given:.0%} of the problems the answer is one of the given numbers."

    def frame(self):
        """One row a statistic: `statistic`, `measured`, `official`, `agrees` (within 3% or .02)."""
        rows = [("steps", self.mean_steps, 3.168)]
        for steps in sorted({*self.steps, *OFFICIAL_STEPS}):
            rows.append((f"share of {steps} steps", self.steps.get(steps, 0.0), OFFICIAL_STEPS.get(steps, 0.0)))
        rows += [(f"share of {_NAMES[each]}", self.operators[each], OFFICIAL_OPERATORS[each]) for each in OPERATORS]
        rows += [
            ("operations of a step", self.operations, 1.140),
            ("steps that may come first", self.first, 1.382),
            ("given numbers", self.given, 3.58),
            ("answers among the given numbers", self.answer_given, 0.06),
            ("words of a question", self.words, 45.04),
            ("whole results", self.whole, 0.982),
            ("steps that follow the text", self.following, 0.665),
        ]
        return beside_official(rows)


def measured(problems: Sequence[Gsm8kProblem]) -> Gsm8kStatistics:
    """Measure a set of problems; `InputError` if it is empty."""
    if not problems:
        raise InputError("There are no problems to measure: give at least one.")
    steps = Counter(len(problem.steps) for problem in problems)
    equations = [equation for problem in problems for equation in problem.equations]
    operators = Counter(operator for equation in equations for operator in equation.operators)
    count = len(problems)
    following = [later for problem in problems for later in _following(problem)]
    return Gsm8kStatistics(
        problems=count,
        steps={number: steps[number] / count for number in sorted(steps)},
        operators={each: operators[each] / max(1, operators.total()) for each in OPERATORS},
        operations=operators.total() / max(1, len(equations)),
        first=sum(all(s is None for s in sources) for problem in problems for sources in problem.sources) / count,
        given=sum(len(problem.given) for problem in problems) / count,
        answer_given=sum(read_number(problem.answer) in problem.given for problem in problems) / count,
        words=sum(len(problem.question.split()) for problem in problems) / count,
        whole=sum(equation.result.denominator == 1 for equation in equations) / max(1, len(equations)),
        following=sum(following) / max(1, len(following)),
    )


def _following(problem: Gsm8kProblem) -> list[bool]:
    """Of every two successive steps that take given numbers, from different places: whether the later follows."""
    place: dict[Fraction, int] = {}
    for found in _NUMBER.finditer(problem.question):
        place.setdefault(read_number(found.group().rstrip(".,")), found.start())
    first = []
    for equation, sources in zip(problem.equations, problem.sources, strict=True):
        given = [operand for operand, source in zip(equation.operands, sources, strict=True) if source is None]
        first += [min(places)] if (places := [place[number] for number in given if number in place]) else []
    return [one < other for one, other in pairwise(first) if one != other]
