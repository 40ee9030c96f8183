"""How a model gets to its answer: the six classes of the paper's figure 5 (v2; figure 3 from v3 on), right panel.

What a model wrote after k thoughts is either a chain of steps and an answer, or the answer alone. The classes are
disjoint and exhaustive:

    correct path      the chain is one of the shortest paths from the root to the right answer
    longer path       it is a path from the root to the right answer, but not a shortest one
    hallucination     it has an edge that the graph lacks, or it is not connected
    wrong target      it is a path from the root and ends elsewhere
    correct label     there is no chain, and the answer is right
    incorrect label   there is no chain, and the answer is wrong, or there is none

After k > 0 thoughts the first steps are thought and not written. Such a chain is what the best completion from the root
makes of it: a path of any length from the root to its first node. A chain that no path from the root leads to is a
hallucination. Chains are judged by themselves: what is written behind "###" decides only where there is no chain.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analyses.readings.intervals import wilson
from coconut_core.encoding import ANSWER_MARK
from coconut_core.generation import Answers
from coconut_core.problems.graph import depths
from coconut_core.problems.prosqa.problem import ProsqaProblem

PROCESSES = (
    "correct path",
    "longer path",
    "hallucination",
    "wrong target",
    "correct label",
    "incorrect label",
)

_STEP = re.compile(r"(?:Every )?(\S+) is a (\S+)")


def reasoning_process(problem: ProsqaProblem, text: str, k: int) -> str:
    """The class of what was written on `problem` after k thoughts; one of `PROCESSES`."""
    chain, _, answer = text.rpartition(ANSWER_MARK)
    if ANSWER_MARK not in text:
        chain, answer = text, ""
    sentences = [sentence.strip() for sentence in chain.split(".") if sentence.strip()]
    if not sentences:
        return "correct label" if answer.strip() == problem.answer else "incorrect label"
    steps = [_STEP.fullmatch(sentence) for sentence in sentences]
    if not all(steps):
        return "hallucination"
    path = [steps[0][1], *(step[2] for step in steps)]
    connected = all(before[2] == after[1] for before, after in zip(steps, steps[1:], strict=False))
    number = {name: node for node, name in enumerate(problem.names)}
    nodes = [number.get(name, -1) for name in path]
    if not connected or not all(edge in problem.edges for edge in zip(nodes, nodes[1:], strict=False)):
        return "hallucination"
    depth = depths(problem.graph, problem.root)
    if nodes[0] not in depth or (k == 0 and nodes[0] != problem.root):
        return "hallucination"
    if nodes[-1] != problem.target:
        return "wrong target"
    length = depth[nodes[0]] + len(steps)
    return "correct path" if length == depth[problem.target] else "longer path"


@dataclass(frozen=True)
class ReasoningProcesses:
    """The class of every problem's text after every number of thoughts."""

    ks: tuple[int, ...]
    process: tuple[tuple[str, ...], ...]
    """By problem and k."""

    @classmethod
    def of(cls, problems: Sequence[ProsqaProblem], told: Answers) -> "ReasoningProcesses":
        return cls(
            told.ks,
            tuple(
                tuple(reasoning_process(problem, text, k) for k, text in zip(told.ks, row, strict=True))
                for problem, row in zip(problems, told.text, strict=True)
            ),
        )

    def summary(self) -> pd.DataFrame:
        """One row a k and class: n, count, share in [0, 1] and its 95% Wilson interval."""
        n, rows = len(self.process), []
        for at, k in enumerate(self.ks):
            found = Counter(row[at] for row in self.process)
            for process in PROCESSES:
                count = found[process]
                rows.append((k, process, n, count, count / n if n else float("nan"), *wilson(count, n)))
        return pd.DataFrame(rows, columns=["k", "process", "n", "count", "share", "low", "high"])
