"""How many ways on are left after k thoughts? Texts drawn instead of written greedily (`readings/roll_outs.py`).

On every problem and for every k, 20 texts are drawn at temperature 1 from where k thoughts end, and beside them from
where k steps end that the model wrote in words. Of the texts of one problem four things are counted: the different next
steps, where answering at once counts as one of them; the different answers; whether any of them is right (pass@20); and
whether the most frequent one is (majority@20, where answers that are equally frequent share the point). If thoughts
keep several branches open where words have chosen one, texts have more different next steps after thoughts than after
as many written steps. Few after both say nothing of thoughts: the model may know its way.

Cui et al. (arXiv 2602.22441) publish more different next steps and a higher pass@100 after thoughts than after words,
for a GPT-2 on arithmetic. Where a question offers two answers, who guesses has a pass@20 near one, so that it says
little.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import by_k, framed
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.reasoning_process import written_chain
from analyses.readings.roll_outs import RollOuts, roll_outs
from analyses.readings.study import KS, Study
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of
from coconut_core.problems.task import ANSWER_MARK

SAMPLES = 20
"""Texts drawn on every problem and k."""
PROBLEMS = 100
"""The first ones of the study are drawn on."""
MEASURES = {
    "next_steps": "different next steps",
    "answers": "different answers",
    "passed": f"any answer right (pass@{SAMPLES})",
    "majority": f"most frequent one right (majority@{SAMPLES})",
}
"""What is counted, with its title."""
WAYS = {"thoughts": "after thoughts", "words": "after its own words"}


@dataclass(frozen=True)
class DrawnTexts:
    """What was counted on every problem."""

    lines: tuple[tuple[str, str], ...]
    """Subject and way of each line, the model under study after thoughts first."""
    ks: tuple[int, ...]
    counted: Float[np.ndarray, "line problem k measure"]
    """In the order of `MEASURES`."""

    def frame(self) -> pd.DataFrame:
        """One row for each line and k: n problems, texts drawn on each, and every measure's mean with a bootstrap
        interval."""
        rows = []
        for (subject, way), counted in zip(self.lines, self.counted, strict=True):
            for at, k in enumerate(self.ks):
                row = {"subject": subject, "way": way, "k": k, "n": counted.shape[0], "samples": SAMPLES}
                for measure, values in zip(MEASURES, counted[:, at].T, strict=True):
                    row[measure] = values.mean()
                    row[f"{measure}_low"], row[f"{measure}_high"] = bootstrap_mean(values)
                rows.append(row)
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Each measure against the number of steps that were thought or written."""
        frame = self.frame()
        frame["subject"] = frame["subject"] + ", " + frame["way"].map(WAYS)
        titles = list(MEASURES.values())
        grid = make_subplots(2, 2, subplot_titles=titles, horizontal_spacing=0.1, vertical_spacing=0.15)
        for at, measure in enumerate(MEASURES):
            shown = frame.assign(low=frame[f"{measure}_low"], high=frame[f"{measure}_high"])
            by_k(grid, shown, measure, row=at // 2 + 1, col=at % 2 + 1, legend=at == 0)
        grid.update_xaxes(dtick=1)
        grid.update_xaxes(title_text="steps thought or written, k", row=2)
        grid.update_yaxes(rangemode="tozero", row=1)
        grid.update_yaxes(range=[-0.02, 1.05], tickformat=".0%", row=2)
        grid.update_yaxes(title_text="mean of problems", row=1, col=1)
        grid.update_yaxes(title_text="share of problems", row=2, col=1)
        n = self.counted.shape[1]
        subtitle = f"{SAMPLES} texts drawn on each of {n} problems at temperature 1; bars: 95%, bootstrap over problems"
        return framed(grid, "How many ways on are left?", subtitle, height=640, legend=2)

    def caption(self) -> str:
        """Different next steps after one and two thoughts, and as many steps in words, of every line."""
        frame, parts = self.frame().set_index(["subject", "way", "k"]), []
        for subject, way in self.lines:
            rows = [frame.loc[(subject, way, k)] for k in self.ks[1:3]]
            means = [f"{row.next_steps:.2f} ({row.next_steps_low:.2f} to {row.next_steps_high:.2f})" for row in rows]
            parts.append(f"{subject} {WAYS[way]} {' and '.join(means)}")
        return f"Different next steps in {SAMPLES} texts at k = 1 and 2: {'; '.join(parts)}."


def drawn_texts(study: Study) -> DrawnTexts:
    """Of the trained models with slots after thoughts; after words of the model under study and of the first control
    that writes its chain. `InputError` if the model under study has no slots, or the problems no graphs."""
    study.task.require_graph("Counting next steps")
    problems = study.problems[:PROBLEMS]
    thinking, written = study.with_slots(trained=True), [study.model, study.with_method("cot")]
    asked = [(subject, "thoughts") for subject in thinking]
    asked.insert(1, (study.model, "words"))
    if written[1] is not None:
        asked.append((written[1], "words"))
    counted = []
    for done, (subject, way) in enumerate(asked):
        what = f"texts of {subject.name} {WAYS[way]}"
        part = (done / len(asked), 1 / (len(asked) * len(problems)))
        drawn = roll_outs(
            subject.model,
            problems,
            ks=KS,
            samples=SAMPLES,
            in_words=way == "words",
            progress=lambda n, what=what, part=part: study.progress(what, part[0] + n * part[1]),
        )
        counted.append(_counted(problems, drawn))
    return DrawnTexts(tuple((subject.label, way) for subject, way in asked), KS, np.stack(counted))


def _counted(problems: tuple[GraphProblem, ...], drawn: RollOuts) -> Float[np.ndarray, "problem k measure"]:
    return np.array(
        [
            [_measures(problem, k, Counter(dict(texts))) for k, texts in zip(drawn.ks, row, strict=True)]
            for problem, row in zip(problems, drawn.drawn, strict=True)
        ]
    )


def _measures(problem: GraphProblem, k: int, texts: Counter[str]) -> tuple[float, ...]:
    """Those of `MEASURES`, in their order."""
    task, answers, right = task_of([problem]), Counter(), set()
    for text, count in texts.items():
        answer = task.final_answer(text) if ANSWER_MARK in text else None
        answers[answer] += count
        if task.is_right(problem, text):
            right.add(answer)
    # A step that cannot be read counts as what stands there; no step counts as one kind.
    steps = {repr((written_chain(problem, text, k) or [text.partition(ANSWER_MARK)[0]])[0]) for text in texts}
    most = max(answers.values())
    tied = [answer for answer, count in answers.items() if count == most]
    return len(steps), len(answers), float(bool(right)), len(right.intersection(tied)) / len(tied)
