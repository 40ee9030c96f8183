"""What a set of ProsQA problems is like, beside the official one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx
import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.graph import count_shortest_paths, depths, reaches
from coconut_core.problems.official_statistics import beside_official
from coconut_core.problems.prosqa.problem import ProsqaProblem

OFFICIAL_HOPS = {3: 0.41, 4: 0.44, 5: 0.13, 6: 0.02}
OFFICIAL_IN_DEGREES = (0.112, 0.437, 0.278, 0.122, 0.038, 0.010)
OFFICIAL_NODES = (14, 28)


@dataclass(frozen=True)
class ProsqaStatistics:
    """Means over a set of problems, comparable with the official ones; shares are between 0 and 1."""

    problems: int
    nodes: float
    fewest_nodes: int
    most_nodes: int
    edges: float
    hops: Mapping[int, float] = field(hash=False)
    """Share of problems by length of the shortest path from root to target."""
    shortest_paths: float
    root_children: float
    second_row: float
    """Nodes at BFS distance exactly 2 from the root."""
    parentless: float
    in_degrees: tuple[float, ...]
    """Share of nodes with in-degree 0, 1, ... 5."""
    correct_root_children: float
    """Mean share of the root's children that can reach the target: chance level of a first choice."""
    lower_degree: float
    """Accuracy of guessing the candidate with fewer parents, a tie counting one half: the degree shortcut."""

    @property
    def mean_hops(self) -> float:
        return sum(length * share for length, share in self.hops.items())

    def chance_levels(self) -> str:
        """What a first choice and the degree shortcut are right in by chance."""
        return (
            f"{self.correct_root_children:.0%} of the root's children reach the target, which is the chance of a first "
            f"choice; guessing the candidate with fewer parents is right in {self.lower_degree:.0%} (an equal number "
            "counted as one half)."
        )

    def frame(self):
        """One row a statistic: `statistic`, `measured`, `official`, `agrees` (within 3% or .02)."""
        official_hops = sum(length * share for length, share in OFFICIAL_HOPS.items())
        rows: list[tuple[str, float, float]] = [
            ("shortest path", self.mean_hops, official_hops),
            ("nodes", self.nodes, 22.8),
            ("fewest nodes", self.fewest_nodes, OFFICIAL_NODES[0]),
            ("most nodes", self.most_nodes, OFFICIAL_NODES[1]),
            ("edges", self.edges, 36.0),
        ]
        for hops in sorted({*self.hops, *OFFICIAL_HOPS}):
            rows.append((f"share of {hops} hops", self.hops.get(hops, 0.0), OFFICIAL_HOPS.get(hops, 0.0)))
        rows += [
            ("shortest paths", self.shortest_paths, 1.59),
            ("children of the root", self.root_children, 2.94),
            ("nodes at depth 2", self.second_row, 4.40),
            ("nodes without parents", self.parentless, 2.56),
        ]
        for degree, share in enumerate(OFFICIAL_IN_DEGREES):
            rows.append((f"share of in-degree {degree}", self.in_degrees[degree], share))
        rows += [
            ("correct children of the root", self.correct_root_children, 0.647),
            ("right by lower in-degree", self.lower_degree, 0.667),
        ]
        frame = beside_official(rows)
        # The official extremes are those of 18,686 problems: a smaller set need only stay within them.
        frame.loc[frame.statistic == "fewest nodes", "agrees"] = self.fewest_nodes >= OFFICIAL_NODES[0]
        frame.loc[frame.statistic == "most nodes", "agrees"] = self.most_nodes <= OFFICIAL_NODES[1]
        return frame


def measured(problems: Sequence[ProsqaProblem]) -> ProsqaStatistics:
    """Measure a set of sound problems; `InputError` if it is empty, a target cannot be reached or is the root."""
    if not problems:
        raise InputError("There are no problems to measure: give at least one.")
    hops: Counter[int] = Counter()
    in_degrees: Counter[int] = Counter()
    sums = np.zeros(6)
    correct = lower = 0.0
    for number, problem in enumerate(problems):
        # Not `problem.graph`, which would stay in memory: a training set's graphs take hundreds of megabytes.
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(problem.names)))
        graph.add_edges_from(problem.edges)
        from_root = depths(graph, problem.root)
        if problem.target not in from_root:
            raise InputError(f"Problem {number}: the target cannot be reached; measure sound problems only.")
        if problem.target == problem.root:
            raise InputError(f"Problem {number}: the target is the root itself; measure sound problems only.")
        hops[from_root[problem.target]] += 1
        degrees = dict(graph.in_degree())
        in_degrees.update(degrees.values())
        first_row = list(graph.successors(problem.root))
        sums += (
            len(graph),
            graph.number_of_edges(),
            count_shortest_paths(graph, problem.root, problem.target),
            len(first_row),
            sum(depth == 2 for depth in from_root.values()),
            sum(degree == 0 for degree in degrees.values()),
        )
        right = reaches(graph, problem.target)
        correct += sum(node in right for node in first_row) / len(first_row)
        difference = degrees[problem.distractor] - degrees[problem.target]
        lower += 1.0 if difference > 0 else 0.5 if difference == 0 else 0.0
    count = len(problems)
    nodes, edges, paths, root_children, second_row, parentless = (float(mean) for mean in sums / count)
    return ProsqaStatistics(
        problems=count,
        nodes=nodes,
        fewest_nodes=min(len(problem.names) for problem in problems),
        most_nodes=max(len(problem.names) for problem in problems),
        edges=edges,
        hops={length: hops[length] / count for length in sorted(hops)},
        shortest_paths=paths,
        root_children=root_children,
        second_row=second_row,
        parentless=parentless,
        in_degrees=tuple(in_degrees[degree] / in_degrees.total() for degree in range(6)),
        correct_root_children=correct / count,
        lower_degree=lower / count,
    )
