"""What a task must say of itself: everything that commands, figures and pages ask and that differs between tasks.

A task is one object, in a folder of its own beside this module, entered in `registry.py` by one line. What a task does
not have (a graph, a sampler, a way to edit its text) is `None` or refused with an `InputError` that says so, and what
needs it is left out with that reason.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from coconut_core.downloads import Download
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem, Problem

ANSWER_MARK = "###"
"""What stands before the answer in every text."""


@dataclass(frozen=True)
class Rule:
    """A way to answer without a model: a shortcut that a task's problems allow, as a control."""

    name: str
    """As in tables."""
    label: str
    """As in figures."""
    is_right: Callable[[Any], bool]
    """Whether the rule answers a problem correctly."""


@dataclass(frozen=True)
class SizeRange:
    """A size of fresh problems that the command line and the pages let people choose, as a range of whole numbers."""

    name: str
    """As in `--nodes` and in the names of problem sets."""
    least: int
    most: int
    usual: tuple[int, int]


@runtime_checkable
class Statistics(Protocol):
    """What a set of problems is like."""

    problems: int

    def frame(self) -> Any:
        """One row a statistic: `statistic`, `measured`, `official` and whether they agree, `agrees`."""

    def chance_levels(self) -> str:
        """A sentence with what accuracies are read against."""


class Task(ABC):
    """One task. `Problem` is the class of its problems; those with graphs are `GraphProblem`s."""

    name: ClassVar[str]
    """As in configs, cards and commands."""
    title: ClassVar[str]
    """As in captions and on pages."""
    problem: ClassVar[type[Problem]]
    download: ClassVar[Download | None] = None
    """Its official files, where a public place has them in the form that is read here."""

    # Files.

    @abstractmethod
    def holds(self, record: Mapping) -> bool:
        """Whether a record of a file is meant as a problem of this task, sound or not."""

    @abstractmethod
    def read(self, record: object) -> Problem:
        """The problem of a record, with texts that can be read; `InputError` names the field that is wrong."""

    def read_unsound(self, record: object) -> Problem:
        """As `read`, but also takes what can be drawn all the same: a problem without steps, say. Pages warn of it."""
        return self.read(record)

    # Language.

    vocabulary: ClassVar[tuple[str, ...]] = ()
    """Words that a model from scratch knows whatever its training file holds."""

    single_digits: ClassVar[bool] = False
    """Whether every digit is a token of its own in a vocabulary from scratch, as arithmetic needs it."""

    def words(self, problems: Sequence[Problem]) -> tuple[str, ...]:
        """Further words that a model from scratch needs for the problems of a file."""
        texts = (text for p in problems for text in (p.question, *p.steps, p.answer))
        return tuple(sorted({word for text in texts for word in text.split()}))

    def final_answer(self, text: str) -> str:
        """What counts of a model's words: the text behind the last "###" in a form that can be compared.

        Commas are left out, as in the published evaluation: 1,000 is 1000.
        """
        return text.split(ANSWER_MARK)[-1].replace(",", "").strip()

    def is_right(self, problem: Problem, text: str) -> bool:
        """Whether what a model wrote ends in the problem's answer."""
        return ANSWER_MARK in text and self.final_answer(text) == self.final_answer(problem.answer)

    # The graph, for tasks that have one.

    openings: ClassVar[Mapping[str, str]] = {}
    """Ways to open the next step at k = 0, by name, each with its description; the usual one first."""

    @property
    def has_graph(self) -> bool:
        return issubclass(self.problem, GraphProblem)

    def require_graph(self, what: str) -> None:
        """`InputError` where the task has no graph; `what` names what needs one."""
        if not self.has_graph:
            raise InputError(f"{what} needs problems with graphs, but these ({self.title}) have none: choose others.")

    def opening_at(self, k: int, opening: str) -> str:
        """Name of the way to open a step after k thoughts: `opening` at k = 0, where there is a choice."""
        return opening

    def opening(self, problem: GraphProblem, k: int, opening: str) -> str:
        """Words forced after k thoughts, so that the next word is a node's name; `opening` is one of `openings`."""
        raise InputError(f"{self.title} has no steps that can be opened.")

    name_words: ClassVar[bool] = True
    """Whether the first token of a node's name tells it from other nodes, so that one thought, read as a word, can."""

    def named(self, opening: str, phrase: str) -> str:
        """The opening of a step with a node's phrase after it, as a text has them."""
        return f"{opening} {phrase}"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        """(parent, child) names of each step that a model wrote on `problem` after k thoughts; [] without steps, None
        if one cannot be read."""
        return None

    rules: ClassVar[tuple[Rule, ...]] = ()
    chance: ClassVar[tuple[float, str] | None] = None
    """Accuracy of guessing, in [0, 1], and what is guessed."""

    # Fresh problems.

    settings: ClassVar[type | None] = None
    """A frozen dataclass with defaults and `as_dict()`: which fresh problems to draw. None: there is no sampler."""
    sizes: ClassVar[tuple[SizeRange, ...]] = ()

    def settings_of(self, **sizes: str | tuple[int, int]) -> Any:
        """Settings for sizes as they are typed ("8-14") or as pairs; `InputError` names the one that is impossible."""
        raise InputError(f"Fresh problems of {self.title} cannot be made; give a file.")

    def describe_settings(self, settings: Any) -> str:
        """Settings in a few words."""
        raise InputError(f"Fresh problems of {self.title} cannot be made; give a file.")

    @property
    def example_settings(self) -> Any:
        """Settings of small problems, such as those whose thoughts are put in the place of another's."""
        return self.settings() if self.settings else None

    def sample(self, settings: Any, count: int, seed: int | Sequence[int]) -> list[Problem]:
        """`count` fresh problems; the same arguments give the same problems."""
        raise InputError(f"Fresh problems of {self.title} cannot be made; give a file.")

    def further_questions(self, problem: Problem, count: int, settings: Any, rng: np.random.Generator) -> list[Problem]:
        """Up to `count` other questions about the facts of `problem`, whose texts differ in their ends alone."""
        return []

    # Other problems of the same facts, as controls.

    def turned_round(self, problem: Problem) -> Problem:
        """The same problem with its two candidates in the other order."""
        raise InputError(f"{self.title} offers no candidates whose order could be changed.")

    def retold(self, problem: Problem, order: Sequence[int]) -> Problem:
        """The same problem with its facts, by their number, in that order; those that are not named are left out."""
        raise InputError(f"The facts of {self.title} cannot be put into another order.")

    def asked_of_another(self, problem: Problem) -> Problem | None:
        """The same facts and candidates asked of another start, from which the other candidate is right.

        The texts differ in one name. None where no other start has this answer.
        """
        raise InputError(f"Questions of {self.title} cannot be asked of another start.")

    # Sets of problems.

    def describe(self, problems: Sequence[Problem]) -> str:
        """What problems are like in a few words: here the range of their steps."""
        return f"questions of {span([len(problem.steps) for problem in problems])} steps"

    def facts_key(self, question: str) -> bytes:
        """What identifies the facts of a question: sets share none."""
        return question.encode()

    def question_key(self, question: str) -> bytes:
        """What identifies a question: what it asks of which facts."""
        return question.encode()

    sound: ClassVar[str] = "it has a question, steps and an answer that can be read"
    """What is known of a problem without `violations`."""
    shares: ClassVar[tuple[str, ...]] = ()
    """Names of further settings of fresh problems that `settings_of` takes, which are shares."""

    def violations(self, record: object, *, min_steps: int) -> list[str]:
        """Every reason why one raw record is not sound, a sentence each; [] if it is."""
        try:
            self.read(record)
        except InputError as error:
            return [str(error)]
        return []

    def statistics(self, problems: Sequence[Problem]) -> Statistics:
        """What a set of sound problems is like, beside the official one."""
        raise InputError(f"There are no statistics of {self.title}.")

    # Pages.

    example: ClassVar[str] = ""
    """A question as it can be pasted."""

    def from_text(self, text: str) -> Problem:
        """The problem of a pasted question; `InputError` quotes what cannot be read."""
        raise InputError(f"A question of {self.title} cannot be read from text alone; upload it as JSON.")

    def label(self, problem: Problem) -> str:
        """What a problem asks in a few words."""
        return problem.question.rpartition(". ")[2]

    edits: ClassVar[Any] = None
    """A module of functions that edit a question's text fact by fact (`edits.py`), where a task has one."""

    counterfactuals: ClassVar[Any] = None
    """A module of functions that make problems of which it is known what a change does (`counterfactuals.py`)."""

    def require_counterfactuals(self, what: str) -> Any:
        """That module; `InputError` says that `what` needs it where there is none."""
        if self.counterfactuals is None:
            raise InputError(f"{what} needs problems whose facts can be exchanged, which {self.title} has not.")
        return self.counterfactuals


def span(counts: Sequence[int]) -> str:
    """The range of some whole numbers: "3" or "3 to 6"."""
    few, many = min(counts), max(counts)
    return str(few) if few == many else f"{few} to {many}"
