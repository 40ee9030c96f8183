"""One problem in the words of every method (paper figure 6 of v2; figure 4 from v3 on).

The problem is not picked by hand. The rule: the first one that CoT gets wrong and the model under study gets right
after its last thought; if there is none, or no CoT model in the study, the first that the model gets right after its
last thought and wrong without any; if there is none of those either, the first of all. The rule that applied is stated.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analyses.chart import framed
from analyses.palette import LIGHT
from analyses.plain_text import for_plotly
from analyses.reasoning_process import reasoning_process
from analyses.study import Study
from coconut_core.generation import final_answer
from coconut_core.problems.prosqa import ProsqaProblem


@dataclass(frozen=True)
class CaseStudy:
    """What every method wrote on one problem."""

    problem: ProsqaProblem
    index: int
    rule: str
    texts: tuple[tuple[str, int, str], ...]
    """(label, thoughts, words)."""

    def frame(self) -> pd.DataFrame:
        """One row a method and number of thoughts: the words, their class, and whether the answer is right."""
        rows = [
            {
                "problem": self.index,
                "subject": label,
                "thoughts": k,
                "words": text,
                "process": reasoning_process(self.problem, text, k),
                "correct": final_answer(text) == self.problem.answer,
            }
            for label, k, text in self.texts
        ]
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """A table: who, after how many thoughts, in which words, and what class of process that is."""
        frame = self.frame()
        marks = ["right" if correct else "wrong" for correct in frame["correct"]]
        fills = [LIGHT.band if correct else LIGHT.paper for correct in frame["correct"]]
        words = [for_plotly(text) for text in frame["words"]]
        columns = [frame["subject"], frame["thoughts"], words, frame["process"], marks]
        figure = go.Figure(
            go.Table(
                columnwidth=[190, 70, 560, 110, 60],
                header={
                    "values": ["<b>method</b>", "<b>thoughts</b>", "<b>words</b>", "<b>process</b>", "<b>answer</b>"],
                    "align": "left",
                    "fill": {"color": LIGHT.fainter},
                    "font": {"size": 12, "color": LIGHT.ink},
                },
                cells={
                    "values": columns,
                    "align": "left",
                    "fill": {"color": [fills]},
                    "font": {"size": 12, "color": LIGHT.ink},
                    "height": 26,
                },
            )
        )
        lines = sum(1 + len(text) // 110 for text in frame["words"])
        title = f"Case: {self.problem.question.rpartition('. ')[2]}"
        truth = f"problem {self.index}, {self.rule} · truth: {' '.join(self.problem.steps)}"
        return framed(
            figure, for_plotly(title), for_plotly(truth), height=130 + 26 * lines, left=14, right=14, bottom=10
        )

    def caption(self) -> str:
        """The rule that picked the problem."""
        return f"Problem {self.index}: {self.rule}."


def chosen_problem(study: Study) -> tuple[int, str]:
    """The problem's index, and the rule that picked it."""
    own = study.answers(study.model)
    right = own.correct[:, -1]
    cot = study.with_method("cot")
    if cot is not None and cot is not study.model:
        found = (right & ~study.answers(cot).correct[:, -1]).nonzero()[0]
        if len(found):
            return int(found[0]), f"the first that {cot.label} gets wrong and {study.model.label} right"
    found = (right & ~own.correct[:, 0]).nonzero()[0]
    if len(found):
        return int(found[0]), f"the first that {study.model.label} gets right with its thoughts and wrong without"
    return 0, "the first of all, as no problem is won by the thoughts"


def case_study(study: Study) -> CaseStudy:
    """The words of the model under study after every number of thoughts, and of the controls after their last."""
    index, rule = chosen_problem(study)
    texts = []
    for subject in study.subjects:
        if subject.role == "untrained":
            continue
        told = study.answers(subject)
        kept = range(len(told.ks)) if subject.role == "model" else [len(told.ks) - 1]
        texts += [(subject.label, told.ks[at], told.text[index][at]) for at in kept]
    return CaseStudy(study.problems[index], index, rule, tuple(texts))


if __name__ == "__main__":
    from analyses.command_line import run_figure

    run_figure("figure_6")
