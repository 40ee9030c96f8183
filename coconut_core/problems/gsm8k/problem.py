"""GSM8k problems in the form of Deng et al. (2023): a question in words, equations as steps, a number as answer.

    <<16-3-4=9>> <<9*2=18>> ### 18

The steps are a computation. Its graph has a node for each given number and each result, and an edge from every operand
to the result that it helps to compute. Files say nothing of where an operand comes from, so it is read off the numbers:
an operand that is the result of an earlier step is that result, of several the latest; every other one is given.
Questions of the arithmetic world (`world.py`) say it themselves, and can be read back.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import networkx as nx

from coconut_core.errors import InputError
from coconut_core.problems.gsm8k.arithmetic import Equation
from coconut_core.problems.gsm8k.world import World, read_world
from coconut_core.problems.problem import Problem


@dataclass(frozen=True)
class Gsm8kProblem(Problem):
    """One problem, with its texts as they were given: what is unsound in them, `validation` tells."""

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The steps as equations, in their order; those that cannot be read are left out."""
        found = []
        for step in self.steps:
            try:
                found.append(Equation.from_step(step))
            except InputError:
                continue
        return tuple(found)

    @cached_property
    def sources(self) -> tuple[tuple[int | None, ...], ...]:
        """Where each operand of each equation comes from: the index of an earlier equation, or None if it is given."""
        found, latest = [], {}
        for index, equation in enumerate(self.equations):
            found.append(tuple(latest.get(operand) for operand in equation.operands))
            latest[equation.result] = index
        return tuple(found)

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
        try:
            return read_world(self.question)
        except InputError:
            return None

    @property
    def given(self) -> frozenset[Fraction]:
        """The numbers that the steps take from the question, or from what everyone knows (12 months)."""
        return frozenset(node[1] for node in self.computation if isinstance(node, tuple))
