"""Does the answer follow the facts? One fact is exchanged, and the oracle says whether the answer must change.

Counterfactual following (Jin, Yang and Wang, arXiv 2607.06648). The facts of each problem are exchanged one at a time,
each for another with as many words (`Task.counterfactuals`):

    must flip          every way to the target led through the fact, and now one leads to the other candidate
    roles exchanged    the two candidates exchange their names in all facts, so that the answer must flip
    must stay, near    the fact is about a node within reach, and the same candidate stays right, as many steps away
    must stay, far     the same of a fact about a node out of reach

Counted is how often the answer is what the oracle says after the change, over the problems that were answered right
before it, without any thought and after all. Answers are forced (`readings/forced_answers.py`). Who guesses by a rule
of thumb follows facts only as far as the rule does: the task's rules stand beside the models, counted the same way,
and an untrained model. A model that never changes its answer has 0 where it must flip and 1 where it must stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.readings.forced_answers import forced_answers
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from coconut_core.problems.problem import GraphProblem

CHANGED_PROBLEMS = 200
"""The first problems of a study, whose facts are exchanged."""
SEED = 5
KINDS = ("must flip", "roles exchanged", "must stay, near", "must stay, far")
Right = Callable[[Sequence[GraphProblem], int], Bool[np.ndarray, "problem"]]


@dataclass(frozen=True)
class CounterfactualFacts:
    """How often answers are what the oracle says after a change."""

    table: pd.DataFrame
    """One row a subject, number of thoughts k and kind: role, asked changes, n of them of problems that were right
    before, right after, share and its Wilson interval."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Left, without a thought; right, after all of them: a mark for each subject and kind."""
        grid = make_subplots(1, 2, column_titles=["no thought", "all thoughts"], shared_yaxes=True)
        subjects = list(dict.fromkeys(self.table["subject"]))
        for index, subject in enumerate(subjects):
            own = self.table[self.table["subject"] == subject]
            shift = (index - (len(subjects) - 1) / 2) * 0.12  # so that subjects stand beside each other
            for col, k in ((1, own["k"].min()), (2, own["k"].max())):
                line = own[own["k"] == k].set_index("kind").reindex(KINDS).reset_index()
                look = style(index, subject)
                grid.add_scatter(
                    x=[at + shift for at in range(len(KINDS))],
                    y=line["share"],
                    error_y=error_bars(line, "share", width=3, thickness=1.2),
                    mode="markers",
                    marker=look["marker"],
                    name=subject,
                    legendgroup=subject,
                    showlegend=col == 1,
                    row=1,
                    col=col,
                )
        grid.update_xaxes(tickvals=list(range(len(KINDS))), ticktext=[kind.replace(" ", "<br>", 1) for kind in KINDS])
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="as the oracle says", col=1)
        n = self._own["n"]
        return framed(
            grid,
            "Does the answer follow the facts?",
            f"one fact exchanged, of problems that were right before (n = {n.min()} to {n.max()}); 95% Wilson",
            height=440,
            legend=2,
        )

    @property
    def _own(self) -> pd.DataFrame:
        """Rows of the model under study after all thoughts."""
        own = self.table[self.table["role"] == "model"]
        return own[own["k"] == own["k"].max()].set_index("kind")

    def caption(self) -> str:
        """Of the model under study, every kind after all thoughts, with its n."""
        own = self._own
        parts = [f"{kind} {row['share']:.0%} (n = {row['n']})" for kind, row in own.iterrows() if row["n"]]
        return f"{own['subject'].iloc[0]}, answers as the oracle says after all thoughts: {'; '.join(parts)}."


def counterfactual_facts(study: Study) -> CounterfactualFacts:
    """Every kind of change for every subject and rule; one change of a kind a problem, drawn at random."""
    changed = _changes(study, study.problems[:CHANGED_PROBLEMS])
    rows = []
    for subject in study.subjects:
        ks = sorted({0, subject.max_thoughts if subject.method.has_slots else 0})

        def right(problems: Sequence[GraphProblem], k: int, subject=subject) -> np.ndarray:
            return forced_answers(subject.model, problems, k).right

        study.progress(f"exchanged facts of {subject.name}", study.subjects.index(subject) / len(study.subjects))
        rows += _rows(subject.label, subject.role, ks, changed, right)
    for rule in study.task.rules:

        def rule_is_right(problems: Sequence[GraphProblem], k: int, rule=rule) -> np.ndarray:
            return np.array([rule.is_right(problem) for problem in problems], bool)

        rows += _rows(rule.label, "rule", [0], changed, rule_is_right)
    return CounterfactualFacts(pd.DataFrame(rows))


def _changes(
    study: Study, problems: Sequence[GraphProblem]
) -> dict[str, tuple[list[GraphProblem], list[GraphProblem]]]:
    """Problems before and after, by kind."""
    counterfactuals = study.task.require_counterfactuals("An exchanged fact")
    rng = np.random.default_rng(SEED)
    found: dict[str, tuple[list, list]] = {kind: ([], []) for kind in KINDS}
    for problem in problems:
        sparing = counterfactuals.sparing(problem, rng)
        possible = {
            "must flip": counterfactuals.flipping(problem, rng),
            "must stay, near": [change for change in sparing if change.step is not None],
            "must stay, far": [change for change in sparing if change.step is None],
        }
        for kind, changes in possible.items():
            if changes:
                found[kind][0].append(problem)
                found[kind][1].append(changes[int(rng.integers(len(changes)))].problem)
        found["roles exchanged"][0].append(problem)
        found["roles exchanged"][1].append(counterfactuals.roles_exchanged(problem))
    return found


def _rows(subject: str, role: str, ks: Sequence[int], changed: dict, right: Right) -> list[dict[str, object]]:
    rows = []
    for k in ks:
        for kind, (before, after) in changed.items():
            kept = right(before, k) if before else np.zeros(0, bool)
            now = right([after[at] for at in kept.nonzero()[0]], k) if kept.any() else np.zeros(0, bool)
            n, followed = len(now), int(now.sum())
            low, high = wilson(followed, n)
            share = followed / n if n else np.nan
            where = {"subject": subject, "role": role, "k": k, "kind": kind, "asked": len(before), "n": n}
            rows.append({**where, "right": followed, "share": share, "low": low, "high": high})
    return rows
