"""Numbers and equations as GSM8k writes them, read exactly: 5,000 and <<60/100*5=3>>.

Values are fractions, so that nothing is lost to rounding: .1 + .2 is .3. An equation is "<<expression=result>>" with
the four operations, brackets and signs; a result may be rounded to the decimals that it is written with.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from coconut_core.errors import InputError
from coconut_core.problems.records import quotable

OPENING, CLOSING = "<<", ">>"
"""What stands around an equation."""
OPERATORS = "+-*/"
MOST_DIGITS = 30
"""Of a number that is read."""
LONGEST_ANSWER = 200
"""Characters of an answer that is read as a number."""
LONGEST_EQUATION = 200
"""Characters of an equation that is read; official ones have up to some 50."""
_DEEPEST_BRACKETS = 10
_TOKEN = re.compile(r"\d+\.?\d*|\.\d+|[-+*/()]")
_ANSWER = re.compile(
    r"(?P<sign>[-+\u2212]?)\s*[^\w\s.,+\u2212-]?\s*(?P<inner>[-+\u2212]?)\s*"
    r"(?P<number>(?:\d[\d,]*)?\.?\d+|\d[\d,]*\.)\s*(?:/\s*(?P<below>\d+))?(?P<unit>[^\d/]*)"
)


def read_number(text: str) -> Fraction | None:
    """The number that an answer is; None where the text is not one number.

    Thousands separators, zeros at the end, a plus sign, the sign of a currency and a unit behind the number do not
    count; a minus sign does, before or after the currency's. A percent sign is a unit: 5% is 5.

    >>> read_number("$1,250.50 a week"), read_number("-$3"), read_number("5 or 6")
    (Fraction(2501, 2), Fraction(-3, 1), None)
    """
    found = _ANSWER.fullmatch(text.strip()) if len(text) <= LONGEST_ANSWER else None
    if found is None or (found["sign"] and found["inner"]):
        return None
    digits, below = found["number"].replace(",", ""), int(found["below"] or 1)
    if len(digits) > MOST_DIGITS or not 0 < below < 10**MOST_DIGITS:
        return None
    number = Fraction(digits.rstrip(".")) / below
    return -number if {found["sign"], found["inner"]} & {"-", "\u2212"} else number


def written(number: Fraction) -> str:
    """A number in the form in which all its spellings are the same: "1250.5"; "1/3" where no decimals end."""
    below, twos, fives = number.denominator, 0, 0
    while below % 2 == 0:
        below, twos = below // 2, twos + 1
    while below % 5 == 0:
        below, fives = below // 5, fives + 1
    if below > 1:
        return str(number)
    places = max(twos, fives)
    digits = f"{abs(number.numerator) * 10**places // number.denominator:0{places + 1}d}"
    sign = "-" if number < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


@dataclass(frozen=True)
class Equation:
    """One step: an expression over numbers, and what it is said to be."""

    expression: str
    """As it was written, "60/100*5"."""
    result_text: str
    operands: tuple[Fraction, ...]
    """The numbers of the expression, in its order."""
    operators: str
    """Its operations, in its order, without signs."""
    value: Fraction
    """What the expression is."""
    result: Fraction
    """What it is said to be."""

    @classmethod
    def from_step(cls, step: str) -> "Equation":
        """The equation of a step such as "<<21/7=3>>"; `InputError` says why it cannot be read."""
        if not step.strip():
            raise InputError("is empty: write an equation such as <<21/7=3>>.")
        quoted = f"{quotable(step)!r}"
        inner = step.strip()[len(OPENING) : -len(CLOSING)]
        if step.strip() != f"{OPENING}{inner}{CLOSING}" or inner.count("=") != 1:
            raise InputError(f"{quoted} is not an equation: write it like <<21/7=3>>.")
        if len(inner) > LONGEST_EQUATION:
            raise InputError(f"{quoted} has {len(inner)} characters: give at most {LONGEST_EQUATION}.")
        expression, result = inner.split("=")
        try:
            left, right = _Expression(expression), _Expression(result)
        except InputError as error:
            raise InputError(f"{quoted} {error}") from error
        return cls(expression, result, tuple(left.operands), left.operators, left.value, right.value)

    @cached_property
    def holds(self) -> bool:
        """Whether the result is what the expression is, to the decimals that it is written with."""
        decimals = len(self.result_text.strip().partition(".")[2])
        return abs(self.value - self.result) <= (Fraction(1, 2 * 10**decimals) if decimals else 0)

    @property
    def text(self) -> str:
        """Without the marks around it: "21/7=3"."""
        return f"{self.expression}={self.result_text}"


class _Expression:
    """Recursive descent: a sum is of products, a product of factors, and a factor is a number or a sum in brackets."""

    def __init__(self, text: str):
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text) or not self._tokens:
            raise InputError("has a side that holds more than numbers, + - * / and brackets, or nothing: correct it.")
        self._at = self._depth = 0
        self.operands: list[Fraction] = []
        self.operators = ""
        self.value = self._sum()
        if self._at < len(self._tokens):
            raise InputError(f"cannot be read from {self._tokens[self._at]!r} on: mend it there.")

    def _next(self, among: str) -> str:
        """The next token, taken, if it is one of these characters; "" if not."""
        if self._at == len(self._tokens) or self._tokens[self._at] not in among:
            return ""
        self._at += 1
        return self._tokens[self._at - 1]

    def _sum(self) -> Fraction:
        value = self._product()
        while operator := self._next("+-"):
            self.operators += operator
            value += self._product() if operator == "+" else -self._product()
        return value

    def _product(self) -> Fraction:
        value = self._factor()
        while operator := self._next("*/"):
            self.operators += operator
            factor = self._factor()
            if operator == "/" and factor == 0:
                raise InputError("divides by zero: give another divisor.")
            value = value * factor if operator == "*" else value / factor
        return value

    def _factor(self) -> Fraction:
        sign = 1
        while found := self._next("+-"):
            sign = -sign if found == "-" else sign
        if self._next("("):
            self._depth += 1
            if self._depth > _DEEPEST_BRACKETS:
                raise InputError(f"has more than {_DEEPEST_BRACKETS} brackets: write it in several steps.")
            value = self._sum()
            if not self._next(")"):
                raise InputError("has a bracket that is not closed: close it.")
            return sign * value
        if self._at == len(self._tokens) or self._tokens[self._at] in "+-*/)":
            raise InputError("lacks a number: every operation needs two.")
        digits = self._tokens[self._at]
        if len(digits) > MOST_DIGITS:
            raise InputError(f"holds a number of {len(digits)} digits: give at most {MOST_DIGITS}.")
        self._at += 1
        self.operands.append(Fraction(digits.rstrip(".")))
        return sign * self.operands[-1]
