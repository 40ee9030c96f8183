"""What a search tree shows: a problem's nodes at their places, with their values after k thoughts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyses.drawing.escaping import one_line, truncated
from analyses.drawing.palette import Palette
from analyses.drawing.tree.layout import TreeLayout
from analyses.drawing.tree.styles import State
from analyses.readings.masses import ValuesAt
from coconut_core.problems.graph import shortest_path
from coconut_core.problems.problem import GraphProblem

WRITTEN_FROM = 0.05
"""Values from here on are written beside their node, where nothing else is asked for."""
LONGEST_DRAWN_NAME = 14


@dataclass(frozen=True)
class Scene:
    """What is drawn: a problem's nodes at their places, with their values after k thoughts."""

    problem: GraphProblem
    layout: TreeLayout
    values: ValuesAt
    """Raw probability of each node in 0..1, and the masses."""
    k: int
    palette: Palette
    written_from: float = WRITTEN_FROM

    @cached_property
    def value(self) -> dict[int, float]:
        """Raw probability of each node, 0..1; 0 where it is unknown."""
        known = np.clip(np.nan_to_num(self.values.value), 0, 1)
        return {node: float(known[node]) for node in range(len(self.problem.names))}

    @cached_property
    def candidates(self) -> frozenset[int]:
        return self.problem.candidates(self.k)

    @cached_property
    def ranked(self) -> list[int]:
        """The candidates, highest value first."""
        return sorted(self.candidates, key=lambda node: (-self.value[node], node))

    @property
    def marked(self) -> dict[int, tuple[str, str]]:
        """Name and colour of the nodes that the question marks: the target and, where there is one, the distractor."""
        return {node: (mark, getattr(self.palette, mark)) for node, mark in self.problem.marks.items()}

    def state(self, node: int) -> State:
        """Candidate now, candidate after fewer thoughts (or the start), or not reached yet (or never)."""
        if node in self.candidates:
            return "candidate"
        return "earlier" if node in self._earlier else "later"

    @cached_property
    def _earlier(self) -> frozenset[int]:
        before = (self.problem.candidates(k) for k in range(self.k))
        return frozenset({self.problem.root}).union(*before) - self.candidates

    def places(self, nodes: Sequence[int]) -> dict[str, list[float]]:
        return {"x": [self.layout.x[node] for node in nodes], "y": [self.layout.y[node] for node in nodes]}


def drawn_name(name: str) -> str:
    """A node's name as far as it is ever drawn; the whole name stands in the hover text and the table."""
    return truncated(one_line(name), LONGEST_DRAWN_NAME)


def shortest_path_to(problem: GraphProblem, node: int) -> tuple[int, ...]:
    """A shortest path from the problem's root, the first by number; () where there is none."""
    return shortest_path(problem.graph, problem.root, node)
