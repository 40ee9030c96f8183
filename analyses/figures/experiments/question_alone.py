"""What is known before any thought: why are so many answers right at k = 0?

Three explanations: guesses by a rule of thumb (the candidate with fewer parents, that named first), a search in the
question's own columns, or a memory of the facts that is blind to who is asked. The experiments, each after no thought
and, as a control, after all:

by steps            accuracy by length of the path: a search in columns of a causal model gets as far as it has layers
rule right, wrong   accuracy where the task's rule of thumb is right, and where it is wrong: a follower of the rule is
                    right in none of the second
both orders         right with either candidate named first: a guess by order is right in one of the two
asked of another    the same facts and candidates asked of another start, for which the other candidate is right; the
                    texts differ in one name. Who is right in both has used the start, and followed no rule
facts reordered     the facts told in the order of a search from the start, each after the one that leads to it
                    (forwards); the other way round (backwards); and at random. In a causal model a fact sees those
                    before it alone, so that marks pass along the facts themselves forwards and not backwards
facts pruned        only the facts on ways from the start, and on ways to the two candidates
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Bool
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import mcnemar, paired_difference, wilson
from analyses.readings.study import LONGEST_UNTRAINED, Study, Subject
from coconut_core.generation import answers
from coconut_core.problems.problem import GraphProblem

PROBLEMS = 400
"""The first problems of a study, which are answered here."""
SEED = 11
"""Of the random orders."""
AS_THEY_ARE = "as they are"
Right = Bool[np.ndarray, "problem"]


@dataclass(frozen=True)
class QuestionAlone:
    """Answers to questions that were changed, after no thought and after all."""

    labels: tuple[str, ...]
    table: pd.DataFrame
    """One row a subject, experiment, k ("none" or "all") and case: n, right, accuracy and its interval; where the same
    problems are asked in another way, the difference to as they are with its interval, and McNemar's p."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel a subject: accuracy in every case after no thought and after all."""
        grid = make_subplots(1, len(self.labels), shared_yaxes=True, column_titles=list(self.labels))
        for column, label in enumerate(self.labels, start=1):
            for index, thoughts in enumerate(("none", "all")):
                rows = self.table[(self.table["subject"] == label) & (self.table["thoughts"] == thoughts)]
                colour, _, symbol = STYLES[index]
                grid.add_scatter(
                    x=rows["accuracy"],
                    y=[f"{row.experiment}: {row.case} (n = {row.n})" for row in rows.itertuples()],
                    error_x=error_bars(rows, "accuracy"),
                    mode="markers",
                    marker={"symbol": symbol, "size": 9, "color": colour},
                    name=f"{thoughts} of the thoughts",
                    legendgroup=thoughts,
                    showlegend=column == 1,
                    row=1,
                    col=column,
                )
            grid.add_vline(0.5, line={"color": LIGHT.faint}, row=1, col=column)
        grid.update_yaxes(autorange="reversed")
        grid.update_xaxes(range=[-0.02, 1.03], tickformat=".0%", title_text="right answers")
        rows = len(self.table[["experiment", "case"]].drop_duplicates())
        title = "What is known without a thought?"
        return framed(grid, title, "line: chance; 95% Wilson", height=190 + 24 * rows, left=300, legend=1)

    def caption(self) -> str:
        """What decides between rules of thumb, the start, and the order of the facts, of the first subject."""
        own = self.table[(self.table["subject"] == self.labels[0]) & (self.table["thoughts"] == "none")]
        cells = own.set_index(["experiment", "case"])

        def said(experiment: str, case: str) -> str:
            if (experiment, case) not in cells.index:
                return "unknown"
            row = cells.loc[(experiment, case)]
            return f"{row['accuracy']:.1%} ({row['low']:.1%} to {row['high']:.1%}; n = {row['n']:.0f})"

        return (
            f"Without a thought {self.labels[0]} is right in {said('asked', AS_THEY_ARE)}; where the rule of thumb is "
            f"wrong in {said('rule', 'wrong')}; in both orders of the candidates in {said('asked', 'both orders')}; of "
            f"two starts with opposite answers in both in {said('asked', 'of another too')}. With the facts told "
            f"forwards {said('facts', 'forwards')}, backwards {said('facts', 'backwards')}, pruned "
            f"{said('facts', 'pruned')}."
        )


def question_alone(study: Study) -> QuestionAlone:
    """Every experiment in every trained subject; `InputError` where facts or candidates cannot be reordered."""
    subjects = study.with_slots(trained=True)
    rows = [row for subject in subjects for row in _rows(study, subject)]
    return QuestionAlone(tuple(subject.label for subject in subjects), pd.DataFrame(rows))


def _rows(study: Study, subject: Subject) -> list[dict]:
    problems, task = study.problems[:PROBLEMS], study.task
    rng = np.random.default_rng(SEED)
    others = [task.asked_of_another(problem) for problem in problems]
    paired = np.array([other is not None for other in others])

    def right(asked: Sequence[GraphProblem], what: str) -> Bool[np.ndarray, "problem k"]:
        study.progress(f"{what} of {subject.name}", 0.0)
        ks = (0, subject.max_thoughts)
        return answers(subject.model, asked, ks=ks, max_new_tokens=LONGEST_UNTRAINED).correct

    as_they_are = right(problems, AS_THEY_ARE)
    both = as_they_are & right([task.turned_round(problem) for problem in problems], "both orders")
    mirrored = as_they_are[paired] & right([other for other in others if other is not None], "of another")
    reordered = {
        "at random": [task.retold(problem, rng.permutation(len(problem.facts)).tolist()) for problem in problems],
        "forwards": [task.retold(problem, _outwards(problem)) for problem in problems],
        "backwards": [task.retold(problem, _outwards(problem)[::-1]) for problem in problems],
        "pruned": [task.retold(problem, _needed(problem)) for problem in problems],
    }
    told = {case: right(asked, case) for case, asked in reordered.items()}
    hops = np.array([problem.hops for problem in problems])
    rule = {each.name: np.array([each.is_right(problem) for problem in problems]) for each in task.rules}
    rows = []
    for at, thoughts in enumerate(("none", "all")):
        place = {"subject": subject.label, "thoughts": thoughts}
        base = as_they_are[:, at]

        def add(experiment: str, case: str, found: Right, before: Right | None = None, place: dict = place) -> None:
            rows.append({**place, "experiment": experiment, "case": case, **_counts(found, before)})

        add("asked", AS_THEY_ARE, base)
        add("asked", "both orders", both[:, at], base)
        add("asked", "of another too", mirrored[:, at], base[paired])
        for found in rule.values():
            add("rule", "right", base[found])
            add("rule", "wrong", base[~found])
        for length in np.unique(hops):
            add("steps", str(length), base[hops == length])
        for case, found in told.items():
            add("facts", case, found[:, at], base)
    return rows


def _outwards(problem: GraphProblem) -> list[int]:
    """Numbers of the facts in the order of a search from the start; those that it does not meet come last."""
    depth, facts = problem.depth, problem.facts
    far = len(problem.names)
    return sorted(range(len(facts)), key=lambda at: (depth.get(facts[at][0], far), at))


def _needed(problem: GraphProblem) -> list[int]:
    """Numbers of the facts that start within reach, or lead to one of the candidates."""
    depth = problem.depth
    leading = {node for choice in problem.choices for node in _above(problem, choice)}
    return [at for at, (parent, child) in enumerate(problem.facts) if parent in depth or child in leading]


def _above(problem: GraphProblem, node: int) -> set[int]:
    found, waiting = set(), [node]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += problem.graph.predecessors(here)
    return found


def _counts(found: Right, before: Right | None) -> dict:
    low, high = wilson(int(found.sum()), len(found))
    accuracy = found.mean() if len(found) else float("nan")
    row = {"n": len(found), "right": int(found.sum()), "accuracy": accuracy, "low": low, "high": high}
    if before is None or not len(found):
        return row
    lost, won = int((before & ~found).sum()), int((found & ~before).sum())
    difference, *interval = paired_difference(lost, won, len(found))
    row |= {"difference": difference, "difference_low": interval[0], "difference_high": interval[1]}
    return row | {"mcnemar_p": mcnemar(lost, won)}
