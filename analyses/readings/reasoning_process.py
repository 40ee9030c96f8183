"""How a model gets to its answer: the six classes of the paper's figure 5 (v2; figure 3 from v3 on), right panel.

What a model wrote after k thoughts is a chain of steps and an answer, or the answer alone. Every text is in exactly one
of six classes:

    correct path      the chain is one of the shortest paths from the root to the right answer
    longer path       it is a path from the root to the right answer, but not a shortest one
    hallucination     it has an edge that the graph lacks, or it is not connected
    wrong target      it is a path from the root and ends elsewhere
    correct label     there is no chain, and the answer is right
    incorrect label   there is no chain, and the answer is wrong or missing

After k > 0 thoughts the first steps are thought and not written. A chain that starts elsewhere than at the root is then
completed by a shortest path from the root to its first node; it is a hallucination if there is none. The class depends
on the chain alone: what is written behind "###" only matters where there is no chain.

Where steps are not a path, the problem says what the classes mean (`GraphProblem.process`): of a computation, the
equations that the answer needs are a correct path, and further ones make it a longer path.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analyses.readings.intervals import wilson
from coconut_core.generation import Answers
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of
from coconut_core.problems.task import ANSWER_MARK

PROCESSES = (
    "correct path",
    "longer path",
    "hallucination",
    "wrong target",
    "correct label",
    "incorrect label",
)


def written_chain(problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
    """(parent, child) names of the steps that were written after k thoughts and before the answer; None if one of them
    cannot be read."""
    chain = text.rpartition(ANSWER_MARK)[0] if ANSWER_MARK in text else text
    return task_of([problem]).read_chain(problem, chain, k)


def reasoning_process(problem: GraphProblem, text: str, k: int) -> str:
    """The class of what was written on `problem` after k thoughts: one of `PROCESSES`."""
    steps = written_chain(problem, text, k)
    if steps is None:
        return "hallucination"
    if not steps:
        return "correct label" if task_of([problem]).is_right(problem, text) else "incorrect label"
    return problem.process(steps, k)


@dataclass(frozen=True)
class ReasoningProcesses:
    """The class of every problem's text after every number of thoughts."""

    ks: tuple[int, ...]
    process: tuple[tuple[str, ...], ...]
    """By problem and k."""

    @classmethod
    def of(cls, problems: Sequence[GraphProblem], written: Answers) -> "ReasoningProcesses":
        return cls(
            written.ks,
            tuple(
                tuple(reasoning_process(problem, text, k) for k, text in zip(written.ks, row, strict=True))
                for problem, row in zip(problems, written.text, strict=True)
            ),
        )

    @classmethod
    def joined(cls, parts: Sequence["ReasoningProcesses"]) -> "ReasoningProcesses":
        """The classes of a set of problems, from those of its parts in order."""
        return cls(parts[0].ks, tuple(row for part in parts for row in part.process))

    def summary(self) -> pd.DataFrame:
        """One row for each k and class: n, count, share in [0, 1] and its 95% Wilson interval."""
        n, rows = len(self.process), []
        for at, k in enumerate(self.ks):
            found = Counter(row[at] for row in self.process)
            for process in PROCESSES:
                count = found[process]
                rows.append((k, process, n, count, count / n if n else float("nan"), *wilson(count, n)))
        return pd.DataFrame(rows, columns=["k", "process", "n", "count", "share", "low", "high"])
