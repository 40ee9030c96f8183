"""Accuracy after k thoughts, with the model's words (paper figure 5 of v2, left panel).

After the question, `<bot>` and k thoughts the end of thinking is forced, and the model writes greedily. Whether its
answer is right is the task's to say (`Task.is_right`). k = 0, the same weights without a thought, is the control of
every other row. The paper tests with the largest number of thoughts, whatever the path's length.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from analyses.readings.intervals import wilson
from analyses.readings.reasoning_process import ReasoningProcesses
from coconut_core.checkpoints import Checkpoint
from coconut_core.edits.record import Edit
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of
from coconut_core.thoughts import thought_states


@dataclass(frozen=True)
class Accuracy:
    """What a model wrote on a set of problems after each number of thoughts."""

    problems: tuple[Problem, ...]
    answers: Answers
    slots: tuple[int, ...]
    """Slots that each k of `answers.ks` took: thoughts count as tokens, as in the paper's Table 1."""
    seconds: float
    """Wall clock of all k together, from text to text."""
    stopped: Int[np.ndarray, "problem"] | None = None
    """Thoughts after which the stop classifier stops, where the model has one."""

    @cached_property
    def score(self) -> "Score":
        graphs = task_of(self.problems).has_graph
        processes = ReasoningProcesses.of(self.problems, self.answers) if graphs else None
        read = (self.answers.ks, self.slots, self.answers.correct, self.answers.tokens)
        return Score(*read, processes, self.seconds, self.stopped)

    def frame(self, first: int = 0) -> pd.DataFrame:
        """One row a problem, numbered from `first` on, and k: the model's words, the right answer, whether they agree,
        and, where there are graphs, the class of the words."""
        processes = self.score.processes
        rows = [
            {
                "problem": first + index,
                "k": k,
                "hops": len(problem.steps),
                "words": self.answers.text[index][at],
                "answer": problem.answer,
                "correct": bool(self.answers.correct[index, at]),
                **({} if processes is None else {"process": processes.process[index][at]}),
                "generated_tokens": self.slots[at] + int(self.answers.tokens[index, at]),
            }
            for index, problem in enumerate(self.problems)
            for at, k in enumerate(self.answers.ks)
        ]
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class Score:
    """What counts of an `Accuracy`, without the words."""

    ks: tuple[int, ...]
    slots: tuple[int, ...]
    correct: Bool[np.ndarray, "problem k"]
    tokens: Int[np.ndarray, "problem k"]
    processes: ReasoningProcesses | None
    """The class of every text (figure 5, right panel); None where problems have no graphs."""
    seconds: float
    stopped: Int[np.ndarray, "problem"] | None

    @classmethod
    def joined(cls, parts: Sequence["Score"]) -> "Score":
        """That of one set of problems, from those of its parts in order."""
        processes = [part.processes for part in parts if part.processes is not None]
        return cls(
            parts[0].ks,
            parts[0].slots,
            np.concatenate([part.correct for part in parts]),
            np.concatenate([part.tokens for part in parts]),
            ReasoningProcesses.joined(processes) if processes else None,
            sum(part.seconds for part in parts),
            None if parts[0].stopped is None else np.concatenate([part.stopped for part in parts]),
        )

    def summary(self) -> pd.DataFrame:
        """One row a k: n, accuracy in [0, 1] with its 95% Wilson interval, mean generated tokens."""
        tokens, ks = np.array(self.slots) + self.tokens.mean(0), self.ks
        rows = [(str(k), *_share(self.correct[:, at]), float(k), float(tokens[at])) for at, k in enumerate(ks)]
        if self.stopped is not None:
            at = np.searchsorted(ks, self.stopped)
            own = np.arange(len(self.stopped))
            mean = float(self.stopped.mean())
            rows.append(("stop", *_share(self.correct[own, at]), mean, mean + float(self.tokens[own, at].mean())))
        columns = ["k", "n", "accuracy", "low", "high", "mean_thoughts", "generated_tokens"]
        return pd.DataFrame(rows, columns=columns)


def accuracy(
    checkpoint: Checkpoint,
    problems: Sequence[Problem],
    *,
    ks: Sequence[int] = range(7),
    chain: bool = False,
    batch_size: int = 64,
    edits: Sequence[Edit] = (),
) -> Accuracy:
    """Let a model answer `problems` after each of `ks` thoughts, with `chain` after a forced first word of a chain.

    `edits` change what it computes (`edits/record.py`). Where it has a stop classifier and `ks` are all numbers that
    this may choose, its choice is answered too, unless there are edits.
    `InputError` where there is no problem, or where thoughts are asked of a model without slots.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("laptop")[:20]
    >>> score = accuracy(load_model("prosqa_laptop"), problems, ks=(6,)).score
    >>> bool(score.summary()["accuracy"][0] > 0.8)
    True
    """
    model, ks = checkpoint.model, tuple(ks)
    if not problems:
        raise InputError("The data hold no problem; give a file with at least one.")
    if model.method.slot_count(max(ks)) < max(ks):
        raise InputError(f"--k: a model of the method {model.method.name} has no thoughts; ask for 0.")
    start = time.perf_counter()
    written = answers(model, problems, ks=ks, chain=chain, edits=edits, batch_size=batch_size)
    seconds = time.perf_counter() - start
    stopped, most, classifier = None, checkpoint.max_thoughts, checkpoint.stop_classifier
    if not edits and classifier is not None and set(range(1, most + 1)) <= set(ks) and list(ks) == sorted(ks):
        stopped = classifier.thoughts(thought_states(model, problems, most, batch_size)).numpy()
    return Accuracy(tuple(problems), written, tuple(map(model.method.slot_count, ks)), seconds, stopped)


def _share(correct: np.ndarray) -> tuple[int, float, float, float]:
    low, high = wilson(int(correct.sum()), len(correct))
    return len(correct), float(correct.mean()), low, high
