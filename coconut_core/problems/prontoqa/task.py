"""ProntoQA as a task: does a property hold of a person, over a tree of rules about invented classes?

A model from scratch has one token a word. A class is three words: "tumpus", "tumpuses", and "Tumpuses" where a sentence
begins. That the three are one, and that "an" goes with "impus" alone, it learns from examples, as there are 17 classes:
cutting words into stem and ending would be another language than the official files', of longer texts.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.prontoqa import edits
from coconut_core.problems.prontoqa.problem import ANSWERS, ProntoqaProblem
from coconut_core.problems.prontoqa.sampler import (
    CLASSES,
    FAMILIES,
    FEWEST_STEPS,
    MOST_STEPS,
    PERSONS,
    SamplerSettings,
    further_questions,
    sample_problems,
)
from coconut_core.problems.prontoqa.shortcuts import SHORTCUTS
from coconut_core.problems.prontoqa.statistics import ProntoqaStatistics, measured
from coconut_core.problems.prontoqa.text import WORDS, read_steps, words_of
from coconut_core.problems.prontoqa.validation import facts_key, question_key, violations
from coconut_core.problems.ranges import read_weights
from coconut_core.problems.task import ANSWER_MARK, SizeRange, Task, span


class Prontoqa(Task):
    """The paper's task of logic."""

    name = "prontoqa"
    title = "ProntoQA"
    problem = ProntoqaProblem
    vocabulary = (
        *WORDS,
        *ANSWERS,
        ANSWER_MARK,
        *PERSONS,
        *(word for name in CLASSES for word in words_of(name)),
        *(name for family in FAMILIES for name in family),
    )
    openings = {"person": "NAME is"}
    rules = tuple(shortcut.rule for shortcut in SHORTCUTS)
    edits = edits
    chance = (0.5, "True or False at random")
    example = (
        "Each tumpus is a gorpus. Tumpuses are floral. Gorpuses are wumpuses. Every gorpus is a lorpus. Lorpuses are "
        "bright. Every wumpus is not happy. Impuses are happy. Each jompus is a brimpus. Alex is a tumpus. Alex is a "
        "jompus. True or false: Alex is happy."
    )

    settings = SamplerSettings
    sizes = (SizeRange("steps", FEWEST_STEPS, MOST_STEPS, (6, 6)),)

    def holds(self, record: Mapping) -> bool:
        question = record.get("question")
        return isinstance(question, str) and "True or false: " in question

    def read(self, record: object) -> ProntoqaProblem:
        return ProntoqaProblem.from_json(record)

    def words(self, problems: Sequence[ProntoqaProblem]) -> tuple[str, ...]:
        return tuple(sorted({word for problem in problems for name in problem.names for word in words_of(name)}))

    def opening(self, problem: GraphProblem, k: int, opening: str = "person") -> str:
        return f"{problem.root_name} is"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        return read_steps(text, problem.root_name, k)

    def settings_of(self, **sizes: str | tuple[int, int]) -> SamplerSettings:
        """`steps` as "2-4" or a pair (equal shares) or "5:0.5,6:0.5" (weights)."""
        return SamplerSettings(**{name: read_weights(size, f"--{name}") for name, size in sizes.items()})

    def describe_settings(self, settings: SamplerSettings) -> str:
        return f"{span(list(settings.steps))} steps"

    @property
    def example_settings(self) -> SamplerSettings:
        return SamplerSettings(steps={3: 0.5, 4: 0.5})

    def sample(self, settings: SamplerSettings, count: int, seed: int | Sequence[int]) -> list[Problem]:
        return sample_problems(settings, count, seed)

    def further_questions(
        self, problem: ProntoqaProblem, count: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> list[Problem]:
        return further_questions(problem, count, settings, rng)

    def facts_key(self, question: str) -> bytes:
        return facts_key(question)

    def question_key(self, question: str) -> bytes:
        return question_key(question)

    def violations(self, record: object, *, min_steps: int = 3) -> list[str]:
        return violations(record, min_steps=min_steps)

    def statistics(self, problems: Sequence[ProntoqaProblem]) -> ProntoqaStatistics:
        return measured(problems)

    def from_text(self, text: str) -> ProntoqaProblem:
        return ProntoqaProblem.from_text(text)


PRONTOQA = Prontoqa()
