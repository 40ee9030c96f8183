"""What a search tree shows: a problem's nodes at their places, with their values after k thoughts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analyses.drawing.escaping import one_line, shortened
from analyses.drawing.palette import Palette
from analyses.drawing.tree.layout import TreeLayout
from analyses.drawing.tree.styles import State
from coconut_core.problems.graph import frontier, shortest_path
from coconut_core.problems.prosqa.problem import ProsqaProblem

WRITTEN_FROM = 0.05
"""Values from here on are written beside their node, where nothing else is asked for."""
LONGEST_NAME = 14


@dataclass(frozen=True)
class Scene:
    """What is drawn: a problem's nodes at their places, with their values after k thoughts."""

    problem: ProsqaProblem
    layout: TreeLayout
    value: Mapping[int, float]
    """Raw probability of each node, 0..1."""
    k: int
    palette: Palette
    written_from: float = WRITTEN_FROM

    @cached_property
    def candidates(self) -> frozenset[int]:
        return frontier(self.problem.graph, self.problem.root, self.k)

    @property
    def candidate_mass(self) -> float:
        return sum(self.value[node] for node in self.candidates)

    @property
    def other_mass(self) -> float:
        return sum(self.value.values()) - self.candidate_mass

    @cached_property
    def ranked(self) -> list[int]:
        """The candidates, highest value first."""
        return sorted(self.candidates, key=lambda node: (-self.value[node], node))

    @property
    def marked(self) -> dict[int, tuple[str, str]]:
        """Name and colour of the two nodes that the question offers."""
        return {
            self.problem.target: ("target", self.palette.target),
            self.problem.distractor: ("distractor", self.palette.distractor),
        }

    def state(self, node: int) -> State:
        """Candidate now, reached in fewer steps than are scored, or not reached yet (or never)."""
        if node in self.candidates:
            return "candidate"
        depth = self.layout.depth.get(node)
        return "earlier" if depth is not None and depth < max(self.k, 1) else "later"

    def places(self, nodes: Sequence[int]) -> dict[str, list[float]]:
        return {"x": [self.layout.x[node] for node in nodes], "y": [self.layout.y[node] for node in nodes]}


def drawn_name(name: str) -> str:
    """A node's name as far as it is ever drawn; the whole name stands in the hover text and the table."""
    return shortened(one_line(name), LONGEST_NAME)


def shortest_path_to(problem: ProsqaProblem, node: int) -> tuple[int, ...]:
    """A shortest path from the problem's root, the first by number; () where there is none."""
    return shortest_path(problem.graph, problem.root, node)
