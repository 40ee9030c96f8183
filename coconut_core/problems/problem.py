"""What a problem is to everything outside its task: texts, and for most tasks a graph that the steps walk over.

A `Problem` is a question, the steps of a solution in words, and an answer. A `GraphProblem` adds the graph that its
facts tell: nodes with names, edges (parent, child), the node that the steps start from and the one that they lead to.
Analyses ask these classes and the task (`task.py`), never a task's own class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from coconut_core.errors import InputError
from coconut_core.problems import graph as graphs
from coconut_core.problems.records import shown, text_field, texts_field


@dataclass(frozen=True)
class Problem:
    """A question, its answer, and the steps that lead there, one sentence or equation each."""

    question: str
    answer: str
    """Without the mark "### " that a model writes in front of it."""
    steps: tuple[str, ...]

    @classmethod
    def from_json(cls, record: object) -> "Problem":
        """A record with the fields question, steps and answer; `InputError` names the field that is wrong."""
        if not isinstance(record, dict):
            raise InputError(f"An item must be an object with question, steps and answer, not {shown(record)}.")
        texts = {"question": text_field(record, "question"), "steps": texts_field(record, "steps")}
        return cls(answer=text_field(record, "answer"), **texts)

    def to_json(self) -> dict:
        """The record that `from_json` reads."""
        return {"question": self.question, "steps": list(self.steps), "answer": self.answer}


@dataclass(frozen=True)
class GraphProblem(Problem):
    """A problem whose steps are edges of a directed graph of named nodes. Nodes are the indices of `names`."""

    names: tuple[str, ...]
    """Of each node, as pictures and tables call it."""
    edges: tuple[tuple[int, int], ...]
    """(parent, child), one for each fact."""
    root: int
    """Where the steps start."""
    target: int
    """Where they lead: the right answer."""
    distractor: int | None
    """The wrong one of two nodes that the question offers, where it offers two."""

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The graph over `range(len(names))`. It is shared: copy it before changing it."""
        return graph_of(len(self.names), self.edges)

    @property
    def depth(self) -> dict[int, int]:
        """Steps from the start, in edges, of every node that can be reached: the rows of the search tree."""
        return graphs.depths(self.graph, self.root)

    @property
    def phrases(self) -> tuple[str | None, ...]:
        """What a model writes for each node behind the words that open a step: the value of a node is the probability
        of its phrase. It is the name, unless the task's language wants more ("a tumpus"). None for a node that no step
        can name, whose value is 0."""
        return self.names

    def candidates(self, k: int) -> frozenset[int]:
        """The nodes that may be named next after k thoughts: those at a depth of exactly max(k, 1) (figure 7 of v2)."""
        return graphs.frontier(self.graph, self.root, k)

    @cached_property
    def correct(self) -> frozenset[int]:
        """Nodes from which the target can be reached, the target included."""
        return graphs.reaches(self.graph, self.target)

    @cached_property
    def optimal(self) -> frozenset[int]:
        """Nodes on a shortest path from the root to the target, both included."""
        return graphs.optimal_nodes(self.graph, self.root, self.target)

    @property
    def path(self) -> tuple[int, ...]:
        """The nodes that the steps walk through, the root first; () where there is no path."""
        return graphs.shortest_path(self.graph, self.root, self.target)

    @property
    def hops(self) -> int:
        """Length of the path, in edges."""
        return len(self.path) - 1

    def process(self, chain: Sequence[tuple[str, str]], k: int) -> str:
        """How a written chain of (parent, child) names gets to the answer after k thoughts: a class of those that
        `analyses/readings/reasoning_process.py` defines, for steps that are a path of edges.
        """
        path = [chain[0][0], *(child for _, child in chain)]
        connected = all(before[1] == after[0] for before, after in zip(chain, chain[1:], strict=False))
        number = {name: node for node, name in enumerate(self.names)}
        nodes = [number.get(name, -1) for name in path]
        if not connected or not all(edge in self.edges for edge in zip(nodes, nodes[1:], strict=False)):
            return "hallucination"
        depth = self.depth
        if nodes[0] not in depth or (k == 0 and nodes[0] != self.root):
            return "hallucination"
        if nodes[-1] != self.target:
            return "wrong target"
        length = depth[nodes[0]] + len(chain)
        return "correct path" if length == depth[self.target] else "longer path"

    @property
    def results(self) -> tuple[str, ...]:
        """What each step computes, as the step writes it; () where steps compute nothing."""
        return ()

    @property
    def given_numbers(self) -> tuple[str, ...]:
        """What the steps compute with and do not compute themselves, as they write it."""
        return ()

    @property
    def choices(self) -> tuple[int, ...]:
        """Nodes that the question offers, in its order; () where it offers none."""
        return ()

    @property
    def marks(self) -> dict[int, str]:
        """The nodes that pictures mark, and as what."""
        marked = {self.target: "target"}
        return marked if self.distractor is None else marked | {self.distractor: "distractor"}

    @property
    def facts(self) -> tuple[tuple[int, int], ...]:
        """The edges in the order in which the question states them."""
        return self.edges

    @property
    def fact_texts(self) -> tuple[str, ...]:
        """The sentence of each of `facts`, without its full stop; () where facts are not sentences of their own."""
        return ()

    def asked(self, name_of: Callable[[int], str] | None = None) -> str:
        """What is asked, without the facts: the last sentence, with the nodes' names as `name_of` gives them."""
        return self.question.rpartition(". ")[2]

    @property
    def root_name(self) -> str:
        return self.names[self.root]

    @property
    def target_name(self) -> str:
        return self.names[self.target]

    @property
    def distractor_name(self) -> str | None:
        return None if self.distractor is None else self.names[self.distractor]


def graph_of(nodes: int, edges: tuple[tuple[int, int], ...]) -> nx.DiGraph:
    """A graph over `range(nodes)`."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    return graph
