"""ProsQA problems: text, graph and the official JSON record, and the ways between them (paper, Appendix A).

The question is a list of facts and one last sentence that asks for a choice:

    Every shumpus is a rempus. Tom is a terpus. ... Is Tom a lempus or scrompus?

A fact is an edge (parent, child) of a directed acyclic graph; persons have no parents and are written without
"Every". Exactly one of the two candidates, the target, can be reached from the root; the other one is the
distractor. A name is one word: any characters but white space, full stop and question mark. It is never
interpreted, whatever it holds.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from coconut_core.errors import InputError
from coconut_core.problems.graph import require_acyclic, shortest_path
from coconut_core.problems.problem import GraphProblem, graph_of
from coconut_core.problems.prosqa.text import (
    NAME,
    answer_text,
    asked_text,
    fact_text,
    read_fact,
    read_question,
    steps_text,
)
from coconut_core.problems.records import integer_field, pairs_field, shown, text_field, texts_field


@dataclass(frozen=True)
class ProsqaProblem(GraphProblem):
    """One problem: the fields of the official JSON, which calls the distractor `neg_target`.

    Nodes are the indices of `names`. The texts are kept as they were given; `facts`, `choices` and `path` are
    read from them, so that they say what a model sees. Whether text and graph agree is asked of
    `coconut_core.problems.validation`.
    """

    distractor: int

    @classmethod
    def from_json(cls, record: object) -> "ProsqaProblem":
        """A problem from an official record; `InputError` names the field that is missing or wrong."""
        if not isinstance(record, Mapping):
            raise InputError(f"A ProsQA record is an object with named fields, not {shown(record)}.")
        names = texts_field(record, "idx_to_symbol")
        if len(set(names)) != len(names):
            raise InputError("Field 'idx_to_symbol' holds a name twice: give every node a name of its own.")
        edges = pairs_field(record, "edges")
        root, target, distractor = (integer_field(record, name) for name in ("root", "target", "neg_target"))
        for name, node in (
            ("root", root),
            ("target", target),
            ("neg_target", distractor),
            *(("edges", node) for edge in edges for node in edge),
        ):
            if not 0 <= node < len(names):
                raise InputError(
                    f"Field '{name}' holds node {node}, but 'idx_to_symbol' ends at node {len(names) - 1}."
                )
        problem = cls(
            question=text_field(record, "question"),
            answer=text_field(record, "answer"),
            steps=texts_field(record, "steps"),
            names=names,
            edges=edges,
            root=root,
            target=target,
            distractor=distractor,
        )
        # Not `problem.graph`, which every problem of a file would keep.
        require_acyclic(graph_of(len(names), edges), names)
        return problem

    @classmethod
    def from_text(cls, text: str) -> "ProsqaProblem":
        """A problem from a pasted question alone: the graph is parsed, the reachable candidate is the target.

        White space is free. Nodes are numbered in the order in which the text names them, `edges` in the
        order of the facts, and the steps are a shortest path. `InputError` where the text is not a sound
        ProsQA question.
        """
        sentences = read_question(text)
        node: dict[str, int] = {}
        for fact in sentences.facts:
            for name in fact:
                node.setdefault(name, len(node))
        for name in (sentences.root, *sentences.choices):
            if name not in node:
                raise InputError(f"The choice asks about {name!r}, which no fact names: add a fact about it.")
        if sentences.root not in sentences.persons:
            raise InputError(
                f"The choice asks about {sentences.root!r}, which is not a person: ask about a name that opens "
                'a fact without "Every".'
            )
        for parent, child in sentences.facts:
            if child in sentences.persons:
                raise InputError(f'"{fact_text(parent, child, sentences.persons)}" makes a person a kind: remove it.')
        edges = tuple((node[parent], node[child]) for parent, child in sentences.facts)
        said = set()
        for i, edge in enumerate(edges):
            if edge in said:
                raise InputError(f'"{fact_text(*sentences.facts[i], sentences.persons)}" is said twice: say it once.')
            said.add(edge)
        names = tuple(node)
        root = node[sentences.root]
        graph = graph_of(len(names), edges)
        require_acyclic(graph, names)
        first, second = (node[name] for name in sentences.choices)
        if first == second:
            raise InputError(f"Both candidates are {names[first]!r}: ask for a choice between two names.")
        reached = nx.descendants(graph, root)
        if (first in reached) == (second in reached):
            which = "Both candidates" if first in reached else "Neither candidate"
            raise InputError(
                f"{which} ({names[first]!r}, {names[second]!r}) can be reached from {names[root]!r}: offer "
                "exactly one that can."
            )
        target, distractor = (first, second) if first in reached else (second, first)
        path = shortest_path(graph, root, target)
        return cls(
            question=" ".join(text.split()),
            answer=answer_text(names[root], names[target]),
            steps=steps_text(names, path),
            names=names,
            edges=edges,
            root=root,
            target=target,
            distractor=distractor,
        )

    @classmethod
    def from_graph(
        cls,
        names: Sequence[str],
        edges: Sequence[tuple[int, int]],
        root: int,
        target: int,
        distractor: int,
        *,
        facts: Sequence[int] | None = None,
        target_first: bool = True,
        path: Sequence[int] | None = None,
    ) -> "ProsqaProblem":
        """The problem of a graph, with its texts rendered.

        `facts` orders the text: indices of `edges`, each once (as given if None). `path` is the shortest path
        that the steps tell (the first in ascending order if None). The root, and any other node without
        parents whose name has a capital initial, is written as a person. `InputError` where the graph is not a
        sound problem.
        """
        names, edges = tuple(names), tuple((int(parent), int(child)) for parent, child in edges)
        for name in names:
            if not re.fullmatch(NAME, name):
                raise InputError(f"{name!r} cannot be a name: use one word without full stop or question mark.")
        if len(set(names)) != len(names):
            raise InputError("A name is given to two nodes: give every node a name of its own.")
        for node in (root, target, distractor, *(node for edge in edges for node in edge)):
            if not 0 <= node < len(names):
                raise InputError(f"Node {node} has no name: nodes are 0 to {len(names) - 1}.")
        if len(set(edges)) != len(edges):
            raise InputError("An edge is given twice: give every edge once.")
        order = range(len(edges)) if facts is None else facts
        if sorted(order) != list(range(len(edges))):
            raise InputError("The order of the facts must hold the index of every edge exactly once.")
        graph = graph_of(len(names), edges)
        require_acyclic(graph, names)
        if graph.in_degree(root):
            raise InputError(f"The root {names[root]!r} has a parent: choose a root without parents.")
        shortest = shortest_path(graph, root, target)
        if not shortest or target == root:
            raise InputError(f"The target {names[target]!r} cannot be reached from {names[root]!r}: choose another.")
        if distractor == root or nx.has_path(graph, root, distractor):
            raise InputError(
                f"The distractor {names[distractor]!r} can be reached from {names[root]!r}: choose another."
            )
        path = shortest if path is None else tuple(path)
        steps = zip(path, path[1:], strict=False)
        if (*path[:1], *path[-1:], len(path)) != (root, target, len(shortest)) or not all(s in edges for s in steps):
            raise InputError(f"The path {list(path)} is not a shortest path to {names[target]!r}: give a shortest one.")
        persons = frozenset(
            name for i, name in enumerate(names) if i == root or (name[0].isupper() and not graph.in_degree(i))
        )
        sentences = [fact_text(names[edges[i][0]], names[edges[i][1]], persons) for i in order]
        choices = (target, distractor) if target_first else (distractor, target)
        return cls(
            question=" ".join([*sentences, asked_text(names[root], *(names[i] for i in choices))]),
            answer=answer_text(names[root], names[target]),
            steps=steps_text(names, path),
            names=names,
            edges=edges,
            root=int(root),
            target=int(target),
            distractor=int(distractor),
        )

    def to_json(self) -> dict:
        """The official record: same fields, same order, lists for tuples."""
        return {
            "question": self.question,
            "answer": self.answer,
            "steps": list(self.steps),
            "idx_to_symbol": list(self.names),
            "edges": [list(edge) for edge in self.edges],
            "root": self.root,
            "target": self.target,
            "neg_target": self.distractor,
        }

    @cached_property
    def facts(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) of each fact, in the order of the text."""
        sentences = read_question(self.question)
        nodes = self._nodes(name for fact in sentences.facts for name in fact)
        return tuple(zip(nodes[::2], nodes[1::2], strict=True))

    @cached_property
    def choices(self) -> tuple[int, int]:
        """The two candidates in the order in which the last sentence offers them."""
        first, second = self._nodes(read_question(self.question).choices)
        return first, second

    @cached_property
    def path(self) -> tuple[int, ...]:
        """The nodes that the steps walk through, the root first."""
        facts = [read_fact(step)[1:] for step in self.steps]
        if not facts or any(a[1] != b[0] for a, b in zip(facts, facts[1:], strict=False)):
            raise InputError(f"The steps {list(self.steps)} are not a path: let each go on where the last one ended.")
        return self._nodes((facts[0][0], *(child for _, child in facts)))

    def require_readable(self) -> None:
        """`InputError` unless question and steps are texts about the graph's nodes.

        What is unsound beyond that, such as an edge that the text lacks, `validation` tells.
        """
        if not self.facts or set(self.choices) != {self.target, self.distractor}:
            raise InputError("Field 'question' does not offer the choice between 'target' and 'neg_target': mend it.")
        _ = self.path

    @property
    def fact_texts(self) -> tuple[str, ...]:
        """The sentence of each fact, without its full stop."""
        return tuple(self.question.rpartition(". ")[0].split(". "))

    def asked(self, name_of: Callable[[int], str] | None = None) -> str:
        """The choice at the end of the question, its nodes named by `name_of` (by their own names if None)."""
        first, second = self.choices
        root, *both = ((name_of or self.names.__getitem__)(node) for node in (self.root, first, second))
        return asked_text(root, *both)

    def _nodes(self, names: Iterable[str]) -> tuple[int, ...]:
        node_of = {name: node for node, name in enumerate(self.names)}
        try:
            return tuple(node_of[name] for name in names)
        except KeyError as error:
            raise InputError(f"The text names {error}, which is not a node of the problem's graph.") from error
