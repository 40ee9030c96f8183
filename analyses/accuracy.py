"""Accuracy after k thoughts, with the model's words (paper figure 5 of v2, left panel).

After the question, `<bot>` and k thoughts the end of thinking is forced, and the model writes greedily. An answer is
right if what follows the last "###" is the problem's answer to the letter. k = 0, the same weights without a
thought, is the control of every other row. On ProsQA the paper tests with the maximum, 6, whatever the path's length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analyses.statistics import wilson
from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.model import CoconutModel
from coconut_core.problems.prosqa import ProsqaProblem


@dataclass(frozen=True)
class Accuracy:
    """What a model wrote on a set of problems after each number of thoughts."""

    problems: tuple[ProsqaProblem, ...]
    answers: Answers

    def frame(self) -> pd.DataFrame:
        """One row a problem and k: the model's words, the right answer, and whether they agree."""
        rows = [
            {
                "problem": index,
                "k": k,
                "hops": problem.hops,
                "words": self.answers.text[index][at],
                "answer": problem.answer,
                "correct": bool(self.answers.correct[index, at]),
                # Thoughts count as tokens, as in the paper's Table 1.
                "generated_tokens": k + int(self.answers.tokens[index, at]),
            }
            for index, problem in enumerate(self.problems)
            for at, k in enumerate(self.answers.ks)
        ]
        return pd.DataFrame(rows)

    def summary(self) -> pd.DataFrame:
        """One row a k: n, accuracy in [0, 1] with its 95% Wilson interval, mean generated tokens."""
        frame = self.frame()
        grouped = frame.groupby("k")
        table = grouped.agg(
            n=("correct", "size"), accuracy=("correct", "mean"), generated_tokens=("generated_tokens", "mean")
        )
        bounds = [wilson(int(right), int(n)) for right, n in zip(grouped["correct"].sum(), table["n"], strict=True)]
        table.insert(2, "low", [low for low, _ in bounds])
        table.insert(3, "high", [high for _, high in bounds])
        return table.reset_index()


def accuracy(
    model: CoconutModel,
    problems: Sequence[ProsqaProblem],
    *,
    ks: Sequence[int] = range(7),
    progress: bool = False,
) -> Accuracy:
    """Let `model` answer `problems` after each of `ks` thoughts; `InputError` where there is no problem."""
    if not problems:
        raise InputError("The data hold no problem; give a file with at least one.")
    return Accuracy(tuple(problems), answers(model, problems, ks=tuple(ks), progress=progress))
