"""One problem in the words of every method (paper figure 6 of v2; figure 4 from v3 on).

The problem is not picked by hand but by a rule (`Study.example`): the first one that CoT gets wrong and the model under
study gets right after its last thought; if there is none, or no CoT model in the study, the first that the model gets
right after its last thought and wrong without any; if there is none of those either, the first of all. The rule that
applied is stated.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.escaping import for_plotly, truncated
from analyses.drawing.palette import LIGHT
from analyses.figures.one_problem.search_tree import SearchTree, tree_of
from analyses.readings.reasoning_process import reasoning_process
from analyses.readings.study import Study
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of

ROW = 26
"""Pixels that a line of the table takes."""
LONGEST_ANSWER = 190
"""Characters of an answer that are shown; the CSV has all of it."""


@dataclass(frozen=True)
class CaseStudy:
    """What every method wrote on one problem."""

    tree: SearchTree
    """The problem's graph, with the values of the model under study after its first thought."""
    rule: str
    """Why it is this problem."""
    texts: tuple[tuple[str, int, str], ...]
    """(label, thoughts, words)."""

    @property
    def problem(self) -> GraphProblem:
        return self.tree.values.problems[self.tree.problem]

    def frame(self) -> pd.DataFrame:
        """One row a method and number of thoughts: the words, their class, and whether the answer is right."""
        task = task_of([self.problem])
        rows = [
            {
                "problem": self.tree.problem,
                "subject": label,
                "thoughts": k,
                "words": text,
                "process": reasoning_process(self.problem, text, k),
                "correct": task.is_right(self.problem, text),
            }
            for label, k, text in self.texts
        ]
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """The graph with the correct path, and below it who says what, after how many thoughts, in which class."""
        frame = self.frame()
        marks = ["right" if correct else "wrong" for correct in frame["correct"]]
        fills = [LIGHT.band if correct else LIGHT.paper for correct in frame["correct"]]
        words = [truncated(text, LONGEST_ANSWER) for text in frame["words"]]
        columns = [frame["subject"], frame["thoughts"], [*map(for_plotly, words)], frame["process"], marks]
        table = go.Table(
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
                "height": ROW,
            },
        )
        lines = sum(1 + len(text) // 95 for text in words)
        return _with_table_below(self.tree.figure(), table, 60 + ROW * lines)

    def caption(self) -> str:
        """The rule that picked the problem."""
        return (
            f"Problem {self.tree.problem}: {self.rule}. The graph has the values of the model under study after one "
            f"thought. The truth: {' '.join(self.problem.steps)} {self.problem.answer}"
        )


def case_study(study: Study) -> CaseStudy:
    """The words of the model under study after every number of thoughts, and of the controls after their last."""
    index, rule = study.example()
    texts = []
    for subject in study.subjects:
        written = study.answers(subject) if subject.role == "model" else study.final_answers(subject)
        texts += [(subject.label, k, text) for k, text in zip(written.ks, written.text[index], strict=True)]
    tree = tree_of(study, index, 1)
    return CaseStudy(tree, rule, tuple(texts))


def _with_table_below(figure: go.Figure, table: go.Table, height: int) -> go.Figure:
    """A figure that keeps its size in pixels, with a table of `height` below it."""
    layout, above, foot = figure.layout, figure.layout.height, 14
    top, bottom = layout.margin.t, layout.margin.b
    whole = above + height
    plot = whole - top - foot
    for placed in (layout.title, layout.legend, *(trace.marker.colorbar for trace in figure.select_traces(_has_bar))):
        placed.y = (placed.y * above + height) / whole
    layout.yaxis.domain = [1 - (above - top - bottom) / plot, 1]
    layout.height, layout.margin.b = whole, foot
    for shape in layout.shapes:
        assert shape.yref in (None, "y"), "what stands at a share of the paper would move"
    table.domain = {"y": [0, (height - foot) / plot]}
    return figure.add_trace(table)


def _has_bar(trace: go.Scatter) -> bool:
    return bool(trace.type == "scatter" and trace.marker.showscale)
