"""Do k thoughts buy k steps? Accuracy by path length and number of thoughts.

The path length of a problem is the number of edges on a shortest path from its root to its target. A model that
searches one step a thought, and does nothing in the question itself, answers problems of h steps at chance until it has
thought h times, and right from then on: its line jumps where the vertical line stands. A line that is high at k = 0
says that thoughts are not needed there, and one that goes on rising after k = h that they do more than one step each
would. The caption gives the means over k < h and over k >= h. Beside the models stand the
task's rules, which answer by a shortcut of the question alone, and chance.

That k thoughts suffice for k steps, all branches at once, is the theory of superposed search (arXiv 2505.12514).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import by_k, drawn_from, framed, note
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.study import Study


@dataclass(frozen=True)
class HopsByThoughts:
    """Accuracies of every subject with slots, and of rules, by path length and number of thoughts."""

    table: pd.DataFrame
    """One row a subject, path length and k: role, n problems of this length, right, accuracy and its Wilson interval.
    Rules have one row a length, at k = 0."""
    chance: float | None

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel a path length that enough problems have, with a line at k = path length."""
        models = self.table[self.table["role"] != "rule"]
        counted = models.drop_duplicates("hops").set_index("hops")["n"]
        least = drawn_from(int(counted.sum()))
        shown = [hops for hops, n in counted.items() if n >= least] or list(counted.index[:1])
        columns = min(3, len(shown))
        grid = make_subplots(
            -(-len(shown) // columns),
            columns,
            subplot_titles=[f"{hops} {'step' if hops == 1 else 'steps'}, n = {counted[hops]}" for hops in shown],
            shared_yaxes=True,
            horizontal_spacing=0.05,
            vertical_spacing=0.16,
        )
        subjects = list(dict.fromkeys(models["subject"]))
        for at, hops in enumerate(shown):
            place = {"row": at // columns + 1, "col": at % columns + 1}
            by_k(grid, models[models["hops"] == hops], "accuracy", subjects=subjects, legend=at == 0, **place)
            grid.add_vline(hops, line={"color": LIGHT.muted, "width": 1, "dash": "dot"}, **place)
            rules = self.table[(self.table["role"] == "rule") & (self.table["hops"] == hops)]
            for _, rule in rules.iterrows():
                grid.add_scatter(
                    x=[0, models["k"].max()],
                    y=[rule["accuracy"]] * 2,
                    mode="lines",
                    line={"color": LIGHT.ink, "width": 1, "dash": "dash"},
                    name=rule["subject"],
                    legendgroup=rule["subject"],
                    showlegend=at == 0,
                    **place,
                )
            if self.chance is not None:
                grid.add_hline(self.chance, line={"color": LIGHT.faint, "width": 1}, **place)
        grid.update_xaxes(title_text="thoughts k", dtick=1)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of right answers", col=1)
        if self.chance is not None:
            note(grid, "chance", x=1, y=self.chance, xref="x domain", yref="y", xanchor="right", yanchor="bottom")
        return framed(
            grid,
            "Do k thoughts buy k steps?",
            "a panel for each number of steps to the target; dotted: as many thoughts as steps",
            height=180 + 260 * -(-len(shown) // columns),
            legend=2,
        )

    def caption(self) -> str:
        """Of the model under study, the mean accuracy before and after as many thoughts as steps, by path length."""
        own = self.table[self.table["role"] == "model"]
        parts = []
        for hops, line in own.groupby("hops"):
            before, after = line[line["k"] < hops]["accuracy"], line[line["k"] >= hops]["accuracy"]
            if len(after):
                steps = f"{hops} steps (n = {line['n'].iloc[0]})"
                parts.append(f"{steps} {before.mean():.0%} before and {after.mean():.0%} from k = {hops} on")
        return f"{own['subject'].iloc[0]}, mean accuracy: {'; '.join(parts)}." if parts else "No k reaches any length."


def hops_by_thoughts(study: Study) -> HopsByThoughts:
    """Answers after 0, 1, ... as many thoughts as each model was trained to end with, by path length."""
    hops = np.array([problem.depth.get(problem.target, -1) for problem in study.problems])
    lengths = [int(length) for length in np.unique(hops) if length > 0]
    rows = []
    for subject in study.with_slots():
        written = study.all_answers(subject)
        for length in lengths:
            for at, k in enumerate(written.ks):
                rows.append(_row(subject.label, subject.role, length, k, written.correct[hops == length, at]))
    for rule in study.task.rules:
        right = np.array([rule.is_right(problem) for problem in study.problems])
        rows += [_row(rule.label, "rule", length, 0, right[hops == length]) for length in lengths]
    return HopsByThoughts(pd.DataFrame(rows), study.task.chance[0] if study.task.chance else None)


def _row(subject: str, role: str, hops: int, k: int, correct: np.ndarray) -> dict[str, object]:
    low, high = wilson(int(correct.sum()), len(correct))
    where = {"subject": subject, "role": role, "hops": hops, "k": k, "n": len(correct), "right": int(correct.sum())}
    return {**where, "accuracy": correct.mean(), "low": low, "high": high}
