"""The latent search tree of one problem after k thoughts (paper figure 7 of v2; figure 5 from v3 on).

Nodes are placed by their distance from the root, so that row k is what thought k may hold; the disc in a node is its
raw value. The problem is chosen by the rule of figure 6 (`chosen_problem`). The control is k = 0, a figure of its own.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.tree.figure import Reading, tree_figure
from analyses.readings.study import Study
from analyses.readings.values import NodeValues
from coconut_core.generation import chain_opening
from coconut_core.problems.graph import frontier


@dataclass(frozen=True)
class SearchTree:
    """Values of one problem's nodes after k thoughts."""

    label: str
    values: NodeValues
    """Of all problems of the study."""
    problem: int
    k: int
    thinks: bool
    """Whether the model has thoughts at all."""

    def frame(self) -> pd.DataFrame:
        """One row a node of the problem, as in the table of all values."""
        problem = self.values.problems[self.problem]
        one = NodeValues(
            (problem,),
            (self.k,),
            self.values.opening,
            self.values.value[self.problem : self.problem + 1, self._at : self._at + 1],
            self.values.nested[self.problem : self.problem + 1, self._at : self._at + 1],
        )
        return one.frame().assign(problem=self.problem)

    def figure(self) -> go.Figure:
        """The tree with the correct path traced."""
        problem = self.values.problems[self.problem]
        reading = Reading(
            self.label,
            self.k,
            chain_opening(problem, self.k),
            float(self.values.off_graph[self.problem, self._at]),
            self.thinks,
        )
        return tree_figure(problem, self.values.value[self.problem, self._at], reading, trace_path=True)

    def caption(self) -> str:
        """The largest values of the candidates and their mass."""
        problem = self.values.problems[self.problem]
        value = self.values.value[self.problem, self._at]
        candidates = sorted(frontier(problem.graph, problem.root, self.k), key=lambda node: -value[node])
        parts = ", ".join(f"{problem.names[node]} {value[node]:.2g}" for node in candidates[:4])
        mass = self.values.candidate_mass[self.problem, self._at]
        if not candidates:
            return f"No node is {self.k} steps from the root: there is nothing to hold after so many thoughts."
        others = sorted(set(range(len(problem.names))) - set(candidates), key=lambda node: -value[node])
        rest = f"; the largest of another node is {problem.names[others[0]]} {value[others[0]]:.2g}" if others else ""
        return f"Values of the candidates: {parts}; together {mass:.2f} of the probability{rest}."

    @property
    def _at(self) -> int:
        return self.values.ks.index(self.k)


def chosen_problem(study: Study) -> tuple[int, str]:
    """The problem's index, and the rule that picked it."""
    own = study.answers(study.model)
    right = study.final_answers(study.model).correct[:, 0]
    cot = study.with_method("cot")
    if cot is not None and cot is not study.model:
        found = (right & ~study.final_answers(cot).correct[:, 0]).nonzero()[0]
        if len(found):
            return int(found[0]), f"the first that {cot.label} gets wrong and {study.model.label} right"
    found = (right & ~own.correct[:, 0]).nonzero()[0]
    if len(found):
        return int(found[0]), f"the first that {study.model.label} gets right with its thoughts and wrong without"
    return 0, "the first of all, as no problem is won by the thoughts"


def search_tree(study: Study, k: int) -> SearchTree:
    """The tree of the study's case after k thoughts of the model under study."""
    return tree_of(study, chosen_problem(study)[0], k)


def tree_of(study: Study, problem: int, k: int) -> SearchTree:
    """The tree of the problem at this index after k thoughts of the model under study."""
    thinks = study.model.model.max_thoughts > 0
    return SearchTree(study.model.label, study.values(study.model), problem, k, thinks)
