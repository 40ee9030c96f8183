"""GSM8k as a task: questions in words, steps that are equations such as <<16-3-4=9>>, answers that are numbers."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coconut_core.problems.gsm8k.arithmetic import CLOSING, OPENING, read_number, written
from coconut_core.problems.gsm8k.further_questions import further_questions
from coconut_core.problems.gsm8k.problem import Gsm8kProblem
from coconut_core.problems.gsm8k.sampler import WorldSettings, problem_of, sample_problems
from coconut_core.problems.gsm8k.statistics import Gsm8kStatistics, measured
from coconut_core.problems.gsm8k.validation import violations
from coconut_core.problems.gsm8k.world import is_told, read_world, words
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.ranges import read_range, read_share, read_weights
from coconut_core.problems.records import digest
from coconut_core.problems.task import ANSWER_MARK, SizeRange, Task

_WORD = re.compile(r"\d|[^\W\d]+|[^\w\s]+")


class Gsm8k(Task):
    """The paper's task of arithmetic: official files by their path, and fresh problems of a world of our own."""

    name = "gsm8k"
    title = "GSM8k"
    problem = Gsm8kProblem
    settings = WorldSettings
    sizes = (
        SizeRange("steps", 1, 8, (2, 6)),
        SizeRange("numbers", 2, 999, (2, 300)),
        SizeRange("unneeded", 0, 6, (0, 2)),
    )
    example = (
        "Ann has 4 boxes of 6 pens each. Ben has 9 more pens than Cara. Cara had 30 pens and lost 12. Dan has as many "
        "pens as Ann and Ben together. How many pens does Dan have?"
    )

    shares = ("in_order",)
    sound = "every equation holds, and the last one gives the answer"
    openings = {"equation": OPENING}
    single_digits = True
    name_words = False
    vocabulary = (*"0123456789+-*/=", OPENING, CLOSING, ".", "?", ANSWER_MARK, *words())

    def holds(self, record: Mapping) -> bool:
        """Whether most of the steps are equations."""
        steps = record.get("steps")
        if not isinstance(steps, list | tuple) or not steps:
            return False
        return 2 * sum(isinstance(step, str) and step.startswith(OPENING) for step in steps) > len(steps)

    def read(self, record: object) -> Gsm8kProblem:
        return Gsm8kProblem.from_json(record)

    def words(self, problems: Sequence[Gsm8kProblem]) -> tuple[str, ...]:
        """Those of a file in any words: letters, single digits, and runs of other signs."""
        texts = (text for problem in problems for text in (problem.question, *problem.steps, problem.answer))
        return tuple(sorted({word for text in texts for word in _WORD.findall(text)}))

    def final_answer(self, text: str) -> str:
        """The number behind the last "###", in the one form of all its spellings; other text as it stands."""
        said = text.split(ANSWER_MARK)[-1].strip()
        number = read_number(said)
        return said if number is None else written(number)

    def opening(self, problem: GraphProblem, k: int, opening: str = "equation") -> str:
        return OPENING

    def named(self, opening: str, name: str) -> str:
        """No space stands between the mark and an equation."""
        return f"{opening}{name}"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        """The edges to each equation that was written; one that is none of the problem's follows from the question."""
        found = re.findall(f"{OPENING}(.*?){CLOSING}", text)
        if not found and text.strip():
            return None
        number = {name: node for node, name in enumerate(problem.names)}
        return [
            (problem.names[parent], name)
            for name in found
            for parent in (problem.graph.predecessors(number[name]) if name in number else [problem.root])
        ]

    def settings_of(self, **sizes: str | tuple[int, int]) -> WorldSettings:
        """`steps` as "2-4" or a pair (equal shares) or "2:0.5,3:0.5" (weights), `in_order` as a share like "0.5", the
        other sizes as ranges."""
        given: dict[str, Any] = {}
        if "in_order" in sizes:
            given["in_order"] = read_share(sizes.pop("in_order"), "--in-order")
        if "steps" in sizes:
            given["steps"] = read_weights(sizes["steps"], "--steps")
        given |= {name: read_range(size, f"--{name}") for name, size in sizes.items() if name != "steps"}
        return WorldSettings(**given)

    def describe_settings(self, settings: WorldSettings) -> str:
        least, most = settings.numbers
        return f"{min(settings.steps)} to {max(settings.steps)} steps, numbers from {least} to {most}"

    @property
    def example_settings(self) -> WorldSettings:
        return WorldSettings(steps={2: 0.5, 3: 0.5}, unneeded=(0, 1), numbers=(2, 100))

    def sample(self, settings: WorldSettings, count: int, seed: int | Sequence[int]) -> list[Problem]:
        return sample_problems(settings, count, seed)

    def further_questions(
        self, problem: Gsm8kProblem, count: int, settings: WorldSettings, rng: np.random.Generator
    ) -> list[Problem]:
        return further_questions(problem, count, settings, rng)

    def facts_key(self, question: str) -> bytes:
        """The sentences of the arithmetic world in any order; other questions as they stand."""
        facts = question.rpartition(". ")[0].split(". ")
        return digest(sorted(facts) if is_told(question) else [question])

    def question_key(self, question: str) -> bytes:
        return self.facts_key(question) + digest([question.rpartition(". ")[2]])

    def violations(self, record: object, *, min_steps: int = 1) -> list[str]:
        """As `validation` says; problems of one step are sound, whatever `min_steps`, as official ones are."""
        return violations(record)

    def statistics(self, problems: Sequence[Gsm8kProblem]) -> Gsm8kStatistics:
        return measured(problems)

    def from_text(self, text: str) -> Gsm8kProblem:
        """The problem of a question of the arithmetic world, which says its own computation."""
        told = " ".join(text.split()).rpartition(". ")[0] + "."
        return problem_of(read_world(text), random.Random(0), told)


GSM8K = Gsm8k()
