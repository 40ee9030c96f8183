"""The latent search tree of one problem after k thoughts (paper figure 7 of v2; figure 5 from v3 on).

Nodes are placed by their depth, so that what thought k may hold is one row; the disc in a node is its raw value. The
problem is chosen by the rule of figure 6 (`Study.example`). The control is k = 0, a figure of its own.
"""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.tree.figure import Reading, tree_figure
from analyses.drawing.tree.paths import Paths
from analyses.readings.study import Study
from analyses.readings.values import NodeValues
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of


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
        part = (slice(self.problem, self.problem + 1), slice(self._at, self._at + 1))
        arrays = (self.values.value[part], self.values.shared_with_longer_names[part])
        one = NodeValues((self._problem,), (self.k,), self.values.opening, *arrays)
        return one.frame().assign(problem=self.problem)

    def figure(self) -> go.Figure:
        """The tree with the correct path traced."""
        forced = task_of([self._problem]).opening(self._problem, self.k, self.values.opening)
        reading = Reading(self.label, self.k, forced, self.thinks)
        return tree_figure(self._problem, self.values.at(self.problem, self.k), reading, paths=Paths(correct=True))

    def caption(self) -> str:
        """The largest values of the candidates and their mass."""
        problem, at = self._problem, self.values.at(self.problem, self.k)
        value, mass = at.value, at.candidate_mass
        candidates = sorted(problem.candidates(self.k), key=lambda node: -value[node])
        parts = ", ".join(f"{problem.names[node]} {value[node]:.2g}" for node in candidates[:4])
        if not candidates:
            return f"No node may be named next after {self.k} thoughts: there is nothing for them to hold."
        others = sorted(set(range(len(problem.names))) - set(candidates), key=lambda node: -value[node])
        rest = f"; the largest of another node is {problem.names[others[0]]} {value[others[0]]:.2g}" if others else ""
        return f"Values of the candidates: {parts}; together {mass:.2f} of the probability{rest}."

    @property
    def _problem(self) -> GraphProblem:
        return self.values.problems[self.problem]

    @property
    def _at(self) -> int:
        return self.values.ks.index(self.k)


def search_tree(study: Study, k: int) -> SearchTree:
    """The tree of the study's case (`Study.example`) after k thoughts of the model under study.

    >>> from analyses import Study
    >>> from coconut_core import load_model, load_problems
    >>> problem = load_problems("artifacts/problems/laptop.json")[0]
    >>> study = Study([("laptop", load_model("artifacts/models/prosqa_laptop"))], [problem])
    >>> len(search_tree(study, k=1).frame()) == len(problem.names)
    True
    """
    return tree_of(study, study.example()[0], k)


def tree_of(study: Study, problem: int, k: int) -> SearchTree:
    """The tree of the problem at this index after k thoughts of the model under study."""
    thinks = study.model.max_thoughts > 0
    return SearchTree(study.model.label, study.values(study.model), problem, k, thinks)
