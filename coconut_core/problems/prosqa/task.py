"""ProsQA as a task: which of two kinds is a person, over a random graph of "Every X is a Y" (paper, Appendix A)."""

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from coconut_core.problems.graph import depths
from coconut_core.problems.problem import GraphProblem, Problem
from coconut_core.problems.prosqa import counterfactuals, edits
from coconut_core.problems.prosqa.further_questions import further_questions
from coconut_core.problems.prosqa.official_files import OFFICIAL_FILES
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES, SamplerSettings, sample_problems
from coconut_core.problems.prosqa.statistics import ProsqaStatistics, measured
from coconut_core.problems.prosqa.text import read_question, read_steps
from coconut_core.problems.prosqa.validation import facts_key, question_key, violations
from coconut_core.problems.ranges import read_range, read_weights
from coconut_core.problems.task import ANSWER_MARK, Rule, SizeRange, Task, span


class Prosqa(Task):
    """The paper's main task."""

    name = "prosqa"
    title = "ProsQA"
    problem = ProsqaProblem
    download = OFFICIAL_FILES
    vocabulary = ("Every", "is", "a", ".", "Is", "or", "?", ANSWER_MARK, *PERSONS, *SPECIES)
    openings = {"entity": "NAME is a", "every": "Every"}
    chance = (0.5, "one of the two at random")
    settings = SamplerSettings
    sizes = (SizeRange("nodes", 5, 40, (8, 14)), SizeRange("hops", 1, 8, (2, 4)))
    example = (
        "Tom is a terpus. Tom is a dumpus. Every terpus is a brimpus. Every terpus is a lorpus. Every brimpus is "
        "a lempus. Every rempus is a scrompus. Is Tom a lempus or scrompus?"
    )
    edits = edits
    counterfactuals = counterfactuals
    sound = "text and graph agree, no cycles, the target within reach and the other not"

    def holds(self, record: Mapping) -> bool:
        return any(field in record for field in ("idx_to_symbol", "edges", "root", "neg_target"))

    def read(self, record: object) -> ProsqaProblem:
        problem = ProsqaProblem.from_json(record)
        problem.require_readable()
        return problem

    def read_unsound(self, record: object) -> ProsqaProblem:
        return ProsqaProblem.from_json(record)

    def words(self, problems: Sequence[ProsqaProblem]) -> tuple[str, ...]:
        return tuple(sorted({name for problem in problems for name in problem.names}))

    def opening_at(self, k: int, opening: str) -> str:
        """With no thought a chain begins with the root ("Tom is a"); after thoughts every step opens with "Every"."""
        return opening if k == 0 else "every"

    def opening(self, problem: GraphProblem, k: int, opening: str = "entity") -> str:
        return f"{problem.root_name} is a" if self.opening_at(k, opening) == "entity" else "Every"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        return read_steps(text)

    def settings_of(self, **sizes: str | tuple[int, int]) -> SamplerSettings:
        """`nodes` as "8-14" or a pair; `hops` as "2-4" or a pair (equal shares) or "3:0.41,4:0.44" (weights)."""
        given: dict[str, Any] = {}
        if "nodes" in sizes:
            given["nodes"] = read_range(sizes["nodes"], "--nodes")
        if "hops" in sizes:
            given["hops"] = read_weights(sizes["hops"], "--hops")
        return SamplerSettings(**given)

    def describe_settings(self, settings: SamplerSettings) -> str:
        lengths = sorted(settings.hops)
        return f"{settings.nodes[0]} to {settings.nodes[1]} nodes, {lengths[0]} to {lengths[-1]} hops"

    @property
    def example_settings(self) -> SamplerSettings:
        return SamplerSettings(nodes=(8, 14), hops={2: 0.5, 3: 0.5})

    def sample(self, settings: SamplerSettings, count: int, seed: int | Sequence[int]) -> list[Problem]:
        return sample_problems(settings, count, seed)

    def further_questions(
        self, problem: ProsqaProblem, count: int, settings: SamplerSettings, rng: np.random.Generator
    ) -> list[Problem]:
        return further_questions(problem, count, rng, hops=settings.hops)

    def describe(self, problems: Sequence[ProsqaProblem]) -> str:
        """The range of the graphs' nodes and of the hops to the target."""
        nodes = f"{span([len(problem.names) for problem in problems])} nodes"
        hops = [depths(problem.graph, problem.root).get(problem.target) for problem in problems]
        within_reach = [each for each in hops if each is not None]
        return f"{nodes}, {span(within_reach)} hops" if within_reach else nodes

    def facts_key(self, question: str) -> bytes:
        return facts_key(question)

    def question_key(self, question: str) -> bytes:
        return question_key(question)

    def violations(self, record: object, *, min_steps: int = 3) -> list[str]:
        return violations(record, min_hops=min_steps)

    def statistics(self, problems: Sequence[ProsqaProblem]) -> ProsqaStatistics:
        return measured(problems)

    def from_text(self, text: str) -> ProsqaProblem:
        return ProsqaProblem.from_text(text)

    def turned_round(self, problem: ProsqaProblem) -> ProsqaProblem:
        return ProsqaProblem.from_text(edits.turned_round(problem.question))

    def retold(self, problem: ProsqaProblem, order: Sequence[int]) -> ProsqaProblem:
        return ProsqaProblem.from_text(edits.retold(problem.question, order))

    def asked_of_another(self, problem: ProsqaProblem) -> ProsqaProblem | None:
        for person in sorted(read_question(problem.question).persons - {problem.root_name}):
            reached = nx.descendants(problem.graph, problem.names.index(person))
            if problem.distractor in reached and problem.target not in reached:
                return ProsqaProblem.from_text(edits.asked_of(problem.question, person))
        return None

    def label(self, problem: ProsqaProblem) -> str:
        root, first, second = (problem.names[node] for node in (problem.root, *problem.choices))
        return f"{root}: {first} or {second}"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The candidate with fewer parents, of equals the one named first: a shortcut of these graphs."""
        return (Rule("fewer_parents", "Rule: fewer parents", _fewer_parents_is_right),)


def _fewer_parents_is_right(problem: ProsqaProblem) -> bool:
    return min(problem.choices, key=problem.graph.in_degree) == problem.target


PROSQA = Prosqa()
