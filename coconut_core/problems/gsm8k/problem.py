"""GSM8k problems in the form of Deng et al. (2023): a question in words, equations as steps, a number as answer.

    <<16-3-4=9>> <<9*2=18>> ### 18

The steps are a computation. Its graph has a node for each given number and each result, and an edge from every operand
to the result that it helps to compute. Files say nothing of where an operand comes from, so it is read off the numbers:
an operand that is the result of an earlier step is that result, of several the latest; every other one is given.
Questions of the arithmetic world (`world.py`) say it themselves, and can be read back.

As a `GraphProblem` the computation is what a search over steps sees. Its nodes are the question, which stands for all
given numbers, and the equations, named as a step writes them: those of the steps, and those that the question allows
and the answer does not need. An edge leads from an equation to each that uses its result, and from the question to
those over given numbers alone. The depth of an equation is the number of steps that it needs at least, one after
another: the longest way to it, as all its operands have to be there.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import networkx as nx

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.arithmetic import CLOSING, OPENING, Equation, read_number, written
from coconut_core.problems.gsm8k.world import World, read_world
from coconut_core.problems.problem import GraphProblem, Problem

QUESTION = "question"
"""Name of the node that stands for what is given."""


@dataclass(frozen=True)
class Gsm8kProblem(GraphProblem):
    """One problem, with its texts as they were given: what is unsound in them, `validation` tells.

    The target is the last equation whose result is the answer. Where there is none, it is a node of its own that bears
    the answer and cannot be reached.
    """

    @classmethod
    def of(cls, question: str, answer: str, steps: Sequence[str], world: World | None = None) -> "Gsm8kProblem":
        """The problem of three texts; `world` is what the question tells, read from it if None."""
        problem = Problem(question, answer, tuple(steps))
        world = told_world(question) if world is None else world
        equations = _equations(problem.steps)
        parents: dict[str, set[str]] = {}
        for equation, sources in zip(equations, _sources(equations), strict=True):
            parents.setdefault(equation.text, {equations[source].text for source in sources if source is not None})
        for owner in world.order if world else ():
            if equation := world.equation(owner):
                needed = {_name(other) for each in world.fact_of[owner].persons if (other := world.equation(each))}
                parents[_name(equation)] = needed
        names = [QUESTION, *parents]
        reached = [equation.text for equation in equations if equation.result == read_number(answer)]
        if not reached:
            names.append(answer)
        node = {name: number for number, name in enumerate(names[: len(parents) + 1])}
        edges = [
            (node[a], node[b]) for b, needed in parents.items() for a in sorted(needed, key=node.get) or [QUESTION]
        ]
        target = node[reached[-1]] if reached else len(names) - 1
        return cls(question, answer, problem.steps, tuple(names), tuple(edges), 0, target, None)

    @classmethod
    def from_json(cls, record: object) -> "Gsm8kProblem":
        texts = Problem.from_json(record)
        return cls.of(texts.question, texts.answer, texts.steps)

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The steps as equations, in their order; those that cannot be read are left out."""
        return _equations(self.steps)

    @cached_property
    def sources(self) -> tuple[tuple[int | None, ...], ...]:
        """Where each operand of each equation comes from: the index of an earlier equation, or None if it is given."""
        return _sources(self.equations)

    @cached_property
    def computation(self) -> nx.DiGraph:
        """The graph of quantities. Results are nodes 0, 1, ... in the order of `equations`, given numbers the nodes
        ("given", number); every node has its number as `value`."""
        graph = nx.DiGraph()
        for index, (equation, sources) in enumerate(zip(self.equations, self.sources, strict=True)):
            graph.add_node(index, value=equation.result)
            for operand, source in zip(equation.operands, sources, strict=True):
                if source is None:
                    graph.add_node(("given", operand), value=operand)
                graph.add_edge(("given", operand) if source is None else source, index)
        return graph

    @cached_property
    def world(self) -> World | None:
        """What a question of the arithmetic world tells; None for a question in other words, or one that is unsound."""
        return told_world(self.question)

    @property
    def given(self) -> frozenset[Fraction]:
        """The numbers that the steps take from the question, or from what everyone knows (12 months)."""
        return frozenset(node[1] for node in self.computation if isinstance(node, tuple))

    @property
    def depth(self) -> dict[int, int]:
        """Steps that each equation needs one after another, itself included; 0 for the question."""
        found = {self.root: 0}
        for node in nx.topological_sort(self.graph):
            above = [found[parent] for parent in self.graph.predecessors(node)]
            if above:
                found[node] = 1 + max(above)
        return found

    def candidates(self, k: int) -> frozenset[int]:
        """The equations that may come next after k steps: those whose operands can have been computed by then, and of
        those that the answer needs, which can have been left for later. None once all needed ones are done."""
        needed = self.correct - {self.root}
        if not k < len(needed) or self.target not in self.depth:
            return frozenset()
        before = {node: self._above[node] for node in self.depth if node != self.root}
        left = {node: 1 + sum(node in before[other] for other in needed) for node in needed}
        return frozenset(
            node for node, above in before.items() if len(above) <= k and k + left.get(node, 0) <= len(needed)
        )

    @cached_property
    def _above(self) -> dict[int, frozenset[int]]:
        """The equations that each one needs."""
        return {node: frozenset(nx.ancestors(self.graph, node)) - {self.root} for node in self.graph}

    @property
    def phrases(self) -> tuple[str | None, ...]:
        """The equations; None for the question, and for the answer where no equation gives it."""
        unnamed = {self.root, *({self.target} - self.depth.keys())}
        return tuple(None if node in unnamed else name for node, name in enumerate(self.names))

    @property
    def optimal(self) -> frozenset[int]:
        """The question and all equations that the answer needs, if it can be computed: every one is on the way."""
        return self.correct if self.target in self.depth else frozenset()

    @property
    def path(self) -> tuple[int, ...]:
        """A longest chain of equations that leads to the answer, each needing the one before, after the question."""
        depth = self.depth
        if self.target not in depth:
            return ()
        path = [self.target]
        while path[0] != self.root:
            path.insert(0, next(node for node in self.graph.predecessors(path[0]) if depth[node] == depth[path[0]] - 1))
        return tuple(path)

    @property
    def results(self) -> tuple[str, ...]:
        return tuple(written(equation.result) for equation in self.equations)

    @property
    def given_numbers(self) -> tuple[str, ...]:
        return tuple(written(number) for number in sorted(self.given))

    def process(self, chain: Sequence[tuple[str, str]], k: int) -> str:
        """The class of written equations: a hallucination if one is none of the problem's, or uses what was neither
        written before nor can have been thought (k thoughts compute at most k equations)."""
        number = {name: node for node, name in enumerate(self.names)}
        nodes = [number.get(name, -1) for name in dict.fromkeys(child for _, child in chain)]
        if -1 in nodes or not set(nodes) <= self.depth.keys():
            return "hallucination"
        thought: set[int] = set()
        for place, node in enumerate(nodes):
            thought |= self._above[node] - set(nodes[:place])
        if len(thought) > k or thought & set(nodes):
            return "hallucination"
        if nodes[-1] != self.target:
            return "wrong target"
        return "correct path" if set(nodes) <= self.correct else "longer path"


def told_world(question: str) -> World | None:
    """What a question of the arithmetic world tells; None for other words, and for one that is unsound."""
    try:
        return read_world(question)
    except InputError:
        return None


def _equations(steps: Sequence[str]) -> tuple[Equation, ...]:
    found = []
    for step in steps:
        with suppress(InputError):
            found.append(Equation.from_step(step))
    return tuple(found)


def _sources(equations: Sequence[Equation]) -> tuple[tuple[int | None, ...], ...]:
    found, latest = [], {}
    for index, equation in enumerate(equations):
        found.append(tuple(latest.get(operand) for operand in equation.operands))
        latest[equation.result] = index
    return tuple(found)


def _name(step: str) -> str:
    return step.removeprefix(OPENING).removesuffix(CLOSING)
