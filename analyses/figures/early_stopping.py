"""When is the answer there? Early stopping after fewer thoughts (after Dilgren and Wiegreffe, arXiv 2604.04902).

The final answer is the one after the last thought. Thinking is stopped after l thoughts and the answer is read. "First
match" is the smallest l whose answer is the final one; "stable match" is the smallest l from which on every answer is.
The curves are the shares of problems whose match is at most l. A model that matches at l = 0 does not need its thoughts
to find its answer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool
from plotly.subplots import make_subplots

from analyses.drawing.chart import by_k, framed
from analyses.readings.intervals import wilson
from analyses.readings.study import Study


@dataclass(frozen=True)
class EarlyStopping:
    """Whether the answer after each number of thoughts is the final one."""

    labels: tuple[str, ...]
    same: tuple[Bool[np.ndarray, "problem k"], ...]
    """For each subject, after 0, 1, ... and all of its thoughts; the last column is True by definition."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject and number of thoughts: n, shares of first and stable matches, Wilson intervals."""
        rows = []
        for label, same in zip(self.labels, self.same, strict=True):
            first = np.maximum.accumulate(same, axis=1)
            stable = np.minimum.accumulate(same[:, ::-1], axis=1)[:, ::-1]
            for k in range(same.shape[1]):
                row = {"subject": label, "k": k, "n": len(same), "first_match": first[:, k].mean()}
                row["low"], row["high"] = wilson(int(first[:, k].sum()), len(same))
                row["stable_match"] = stable[:, k].mean()
                row["stable_low"], row["stable_high"] = wilson(int(stable[:, k].sum()), len(same))
                rows.append(row)
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Both shares against the number of thoughts after which thinking is stopped."""
        frame = self.frame()
        grid = make_subplots(1, 2, column_titles=["first match", "stable match"], horizontal_spacing=0.08)
        by_k(grid, frame, "first_match", row=1, col=1)
        stable = frame.assign(low=frame["stable_low"], high=frame["stable_high"])
        by_k(grid, stable, "stable_match", row=1, col=2, legend=False)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of problems", row=1, col=1)
        grid.update_xaxes(title_text="stopped after l thoughts", dtick=1)
        return framed(
            grid,
            "When is the final answer there?",
            f"answer after l thoughts equals that after the last, n = {len(self.same[0])}",
            height=460,
            legend=2,
        )

    def caption(self) -> str:
        """How often no thought is needed."""
        own = self.frame().iloc[0]
        return (
            f"Without any thought {own['first_match']:.0%} of the answers are already the final ones, "
            f"{own['stable_match']:.0%} for good."
        )


def early_stopping(study: Study) -> EarlyStopping:
    """Matches of every trained subject that has slots."""
    subjects = study.with_slots(trained=True)
    same = []
    for subject in subjects:
        final = [[study.task.final_answer(text) for text in row] for row in study.all_answers(subject).text]
        same.append(np.array([[answer == row[-1] for answer in row] for row in final]))
    return EarlyStopping(tuple(subject.label for subject in subjects), tuple(same))
