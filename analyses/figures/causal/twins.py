"""What is left without shortcuts? Problems whose two candidates differ in nothing but reach, and longer chains.

In the official graphs the right candidate has, on average, fewer parents than the other, so that its degree alone says
much (Cheng and Zhang 2026). Four sets:

    as they are       the problems of the study
    degree-matched    the same facts; the other candidate is a leaf with as many parents as the target
    twins             what can be reached from the person, and the same graph once more under other names and from
                      another person; the other candidate is the target's image, so that no property tells them apart
    chains            twins of 14 nodes on each side, the target 1 to 12 steps away: beyond the lengths of the training

The first panel has the first three, each beside the same problems as they are, since not every problem has a matched
version; the second has chains by their length, without any thought, after all that the model was trained to think, and
after as many as there are steps. Answers are forced (`readings/forced_answers.py`). Chance is one half; on twins the
task's rules are right only by order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, note, style
from analyses.drawing.palette import LIGHT
from analyses.readings.forced_answers import forced_answers
from analyses.readings.intervals import wilson
from analyses.readings.study import Study, Subject
from coconut_core.problems.problem import GraphProblem

MATCHED_PROBLEMS = 200
"""The first problems of a study, of which matched versions are made."""
LENGTHS = range(1, 13)
"""Steps of the chains."""
CHAINS = 30
"""Chains of each length."""
SEED = 11
SETS = ("as they are", "degree-matched", "twins")


@dataclass(frozen=True)
class Twins:
    """Accuracies where shortcuts are closed."""

    table: pd.DataFrame
    """One row a subject, set, number of steps (0: all of the set) and number of thoughts: role, n, right, accuracy and
    its Wilson interval, and the accuracy on the same problems as they are."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Left, the sets by subject; right, chains by their length, of the model under study."""
        grid = make_subplots(1, 2, column_titles=["after all thoughts", "longer chains"], shared_yaxes=True)
        sets = self.table[self.table["set"] != "chains"]
        subjects = list(dict.fromkeys(sets["subject"]))
        for index, subject in enumerate(subjects):
            own = sets[sets["subject"] == subject]
            line = own[own["k"] == own["k"].max()].set_index("set").reindex(SETS).reset_index()
            shift = (index - (len(subjects) - 1) / 2) * 0.1  # so that subjects stand beside each other
            grid.add_scatter(
                x=[at + shift for at in range(len(SETS))],
                y=line["accuracy"],
                error_y=error_bars(line, "accuracy", width=3, thickness=1.2),
                mode="markers",
                marker=style(index, subject)["marker"],
                name=subject,
                row=1,
                col=1,
            )
        chains = self.table[(self.table["set"] == "chains") & (self.table["role"].isin(["model", "rule"]))]
        for index, (name, line) in enumerate(self._lines(chains)):
            grid.add_scatter(
                x=line["hops"],
                y=line["accuracy"],
                error_y=error_bars(line, "accuracy", width=3, thickness=1.2) if index == 0 else None,
                name=f"chains: {name}",
                **style(index),
                row=1,
                col=2,
            )
        for col in (1, 2):
            grid.add_hline(0.5, line={"color": LIGHT.faint, "width": 1}, row=1, col=col)
        note(grid, "chance", x=1, y=0.5, xref="x2 domain", yref="y2", xanchor="right", yanchor="bottom")
        grid.update_xaxes(tickvals=list(range(len(SETS))), ticktext=list(SETS), col=1)
        grid.update_xaxes(title_text="steps to the target", dtick=1, col=2)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of right answers", col=1)
        own = self._own
        counted = ", ".join(f"{own.loc[name, 'n']} {name}" for name in SETS if name in own.index)
        title = "What is left without shortcuts?"
        return framed(grid, title, f"n = {counted}, {CHAINS} chains of each length; 95% Wilson", height=460, legend=3)

    @staticmethod
    def _lines(chains: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        own, rule = (chains[chains["role"] == role] for role in ("model", "rule"))
        most = own["trained"].max()
        lines = [(f"k = {most}", own[own["k"] == most]), ("k = 0", own[own["k"] == 0])]
        lines.append(("k = steps", own[own["k"] == own["hops"]]))
        return lines + [(name, each) for name, each in rule.groupby("subject")]

    @property
    def _own(self) -> pd.DataFrame:
        own = self.table[(self.table["role"] == "model") & (self.table["set"] != "chains")]
        return own[own["k"] == own["k"].max()].set_index("set")

    def caption(self) -> str:
        """The sets after all thoughts, each beside the same problems as they are, and chains beyond 6 steps."""
        own = self._own
        parts = [
            f"{name} {row['accuracy']:.0%} (n = {row['n']}, the same problems as they are {row['as_they_are']:.0%})"
            for name, row in own.iterrows()
            if name != "as they are"
        ]
        chains = self.table[(self.table["role"] == "model") & (self.table["set"] == "chains")]
        longer = chains[(chains["hops"] > 6) & (chains["k"] == chains["trained"])]
        share = longer["right"].sum() / longer["n"].sum()
        return (
            f"{own['subject'].iloc[0]} is right in {own.loc['as they are', 'accuracy']:.0%} of "
            f"{own.loc['as they are', 'n']} problems as they are; {'; '.join(parts)}; chains of more than 6 steps "
            f"{share:.0%} (n = {longer['n'].sum()})."
        )


def twins(study: Study) -> Twins:
    """Every set for every subject and rule; chains for the model under study and rules."""
    counterfactuals = study.task.require_counterfactuals("A twin")
    rng, problems = np.random.default_rng(SEED), study.problems[:MATCHED_PROBLEMS]
    matched = {
        "as they are": list(problems),
        "degree-matched": [counterfactuals.degree_matched(problem) for problem in problems],
        "twins": [counterfactuals.twin(problem, rng) for problem in problems],
    }
    chains = {hops: [counterfactuals.chain_twin(hops, rng) for _ in range(CHAINS)] for hops in LENGTHS}
    rows = []
    for subject in study.subjects:
        study.progress(f"twins of {subject.name}", study.subjects.index(subject) / len(study.subjects))
        rows += _of_subject(subject, matched, chains if subject is study.model else {})
    for rule in study.task.rules:
        where = {"subject": rule.label, "role": "rule", "k": 0, "trained": 0}
        before = np.array([rule.is_right(problem) for problem in problems])
        for name, each in matched.items():
            there = np.array([problem is not None for problem in each])
            right = np.array([rule.is_right(problem) for problem in each if problem is not None], bool)
            rows.append(_row({**where, "set": name, "hops": 0}, right, before[there]))
        for hops, each in chains.items():
            right = np.array([rule.is_right(problem) for problem in each])
            rows.append(_row({**where, "set": "chains", "hops": hops}, right))
    return Twins(pd.DataFrame(rows))


def _of_subject(
    subject: Subject,
    matched: dict[str, list[GraphProblem | None]],
    chains: dict[int, list[GraphProblem]],
) -> list[dict[str, object]]:
    rows, most = [], subject.max_thoughts if subject.method.has_slots else 0
    where = {"subject": subject.label, "role": subject.role, "trained": most}
    for k in sorted({0, most}):
        before = _right(subject, matched["as they are"], k)
        for name, each in matched.items():
            there = np.array([problem is not None for problem in each])
            right = before if name == "as they are" else _right(subject, [p for p in each if p is not None], k)
            rows.append(_row({**where, "k": k, "set": name, "hops": 0}, right, before[there]))
    for hops, each in chains.items():
        for k in sorted({0, most, *([hops] if most else [])}):
            rows.append(_row({**where, "k": k, "set": "chains", "hops": hops}, _right(subject, each, k)))
    return rows


def _right(subject: Subject, problems: Sequence[GraphProblem], k: int) -> np.ndarray:
    return forced_answers(subject.model, problems, k).right if problems else np.zeros(0, bool)


def _row(where: dict, right: np.ndarray, before: np.ndarray | None = None) -> dict[str, object]:
    low, high = wilson(int(right.sum()), len(right))
    found = {"n": len(right), "right": int(right.sum()), "accuracy": right.mean() if len(right) else np.nan}
    same = np.nan if before is None or not len(before) else before.mean()
    return {**where, **found, "low": low, "high": high, "as_they_are": same}
