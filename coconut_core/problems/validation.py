"""Is a ProsQA problem sound, is a set of them, and does the set look like the official one?

A raw record, as it stands in the JSON file, is held against every invariant of a sound problem, so that
broken files can be listed as well. The known broken kind has a graph that is right and a text that leaves an
edge of the path out: whether the target can be reached is therefore asked of the text, which is all that a
model sees.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from tqdm import tqdm

from coconut_core.errors import InputError
from coconut_core.problems.graph import count_shortest_paths, depths, reaches
from coconut_core.problems.prosqa import ProsqaProblem
from coconut_core.problems.prosqa_text import NAME, Sentences, answer_text, read_question, steps_text

OFFICIAL_HOPS = {3: 0.41, 4: 0.44, 5: 0.13, 6: 0.02}
OFFICIAL_IN_DEGREES = (0.112, 0.437, 0.278, 0.122, 0.038, 0.010)
OFFICIAL_NODES = (14, 28)


@dataclass(frozen=True)
class Violation:
    """One reason why an item of a set (counted from 0) is not sound."""

    item: int
    what: str


def violations(record: object, *, min_hops: int = 3) -> list[str]:
    """Every invariant that one raw record (whatever it is) breaks, a sentence each; [] if it is sound.

    The invariants: the fields are there and of their types; names are words and unique; the question can be
    read, names known nodes, and tells exactly the edges; no cycle; the root has no parent and is a person;
    the question asks for the root, the target and the distractor; both candidates are leaves; by the text the
    target can be reached from the root and the distractor cannot; the steps are one shortest path of at least
    `min_hops` edges; the answer is the target's.
    """
    try:
        problem = ProsqaProblem.from_json(record)
    except InputError as error:
        return [str(error)]
    names = problem.names
    broken = [f"{name!r} is not one word." for name in names if not re.fullmatch(NAME, name)]
    graph = problem.graph
    if len(set(problem.edges)) != len(problem.edges):
        broken.append("Field 'edges' holds an edge twice.")
    if graph.in_degree(problem.root):
        broken.append(f"The root {problem.root_name!r} has a parent.")
    if problem.target == problem.distractor:
        broken.append(f"Target and distractor are both {problem.target_name!r}.")
    broken += [
        f"The {role} {names[node]!r} is no leaf."
        for role, node in (("target", problem.target), ("distractor", problem.distractor))
        if graph.out_degree(node)
    ]
    if problem.answer != answer_text(problem.root_name, problem.target_name):
        broken.append(f"The answer {problem.answer!r} is not that {problem.root_name!r} is the target.")
    try:
        sentences = read_question(problem.question)
    except InputError as error:
        return [*broken, str(error)]
    return [*broken, *_text_violations(problem, sentences), *_path_violations(problem, sentences, min_hops)]


def set_violations(
    records: Sequence,
    against: Mapping[str, Sequence] | None = None,
    *,
    min_hops: int = 3,
    progress: bool = False,
) -> list[Violation]:
    """What is wrong with a set: the violations of its records, repeats within it and overlap with other sets.

    `against` holds other sets by name, say the training file. Within a set an item repeats another if it asks
    the same question of the same facts (`question_key`). An item overlaps with another set if its facts are
    there, whatever is asked of them (`facts_key`), because training may ask further questions of its facts.
    """
    found = []
    first: dict[bytes, int] = {}
    elsewhere: dict[str, dict[bytes, int]] = {}
    for name, others in (against or {}).items():
        items = elsewhere[name] = {}
        for item, record in enumerate(others):
            if sentences := _read_or_none(record):
                items.setdefault(_digest(sentences, with_choice=False), item)
    for item, record in enumerate(tqdm(records, unit="problem", disable=None if progress else True)):
        found += [Violation(item, what) for what in violations(record, min_hops=min_hops)]
        sentences = _read_or_none(record)
        if sentences is None:
            continue
        earlier = first.setdefault(_digest(sentences, with_choice=True), item)
        if earlier != item:
            found.append(Violation(item, f"Repeats item {earlier}."))
        facts = _digest(sentences, with_choice=False)
        found += [
            Violation(item, f"Its facts are those of item {items[facts]} of {name}.")
            for name, items in elsewhere.items()
            if facts in items
        ]
    return found


def facts_key(question: str) -> bytes:
    """What identifies the facts of a question, in any order; `InputError` if it cannot be read."""
    return _digest(read_question(question), with_choice=False)


def question_key(question: str) -> bytes:
    """What identifies a question: its facts in any order, the root, and the candidates in any order.

    Problems that differ in their names alone are different: they share no text to be learnt by heart.
    """
    return _digest(read_question(question), with_choice=True)


@dataclass(frozen=True)
class Statistics:
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

    def frame(self):
        """One row a statistic: `statistic`, `measured`, `official`, `agrees` (within 3% or .02)."""
        import pandas as pd

        rows: list[tuple[str, float, float]] = [
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
        frame = pd.DataFrame(rows, columns=["statistic", "measured", "official"])
        frame["agrees"] = (frame.measured - frame.official).abs() <= np.maximum(0.03 * frame.official, 0.02)
        # The official extremes are those of 18,686 problems: a smaller set need only stay within them.
        frame.loc[frame.statistic == "fewest nodes", "agrees"] = self.fewest_nodes >= OFFICIAL_NODES[0]
        frame.loc[frame.statistic == "most nodes", "agrees"] = self.most_nodes <= OFFICIAL_NODES[1]
        return frame


def statistics(problems: Sequence[ProsqaProblem]) -> Statistics:
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
    return Statistics(
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


def _text_violations(problem: ProsqaProblem, sentences: Sentences) -> list[str]:
    """Does the question tell the graph, and ask for its root and candidates?"""
    names = problem.names
    told = Counter(sentences.facts)
    meant = {(names[parent], names[child]) for parent, child in problem.edges}
    said = {name for fact in sentences.facts for name in fact} | {sentences.root, *sentences.choices}
    broken = [f"The question names {name!r}, which is no node." for name in sorted(said - set(names))]
    broken += [f"The edge from {a!r} to {b!r} is not in the question." for a, b in sorted(meant - set(told))]
    broken += [f"The fact that {a!r} is a {b!r} is no edge." for a, b in sorted(set(told) - meant)]
    broken += [f"The fact that {a!r} is a {b!r} is told {n} times." for (a, b), n in told.items() if n > 1]
    children = {child for _, child in sentences.facts}
    broken += [f"The person {name!r} has a parent." for name in sorted(sentences.persons & children)]
    if problem.root_name not in sentences.persons:
        broken.append(f"The root {problem.root_name!r} is no person in the question.")
    if sentences.root != problem.root_name:
        broken.append(f"The question asks about {sentences.root!r}, not about the root {problem.root_name!r}.")
    if sorted(sentences.choices) != sorted((problem.target_name, problem.distractor_name)):
        offered = " and ".join(map(repr, sentences.choices))
        broken.append(f"The question offers {offered}, not the target and the distractor.")
    return broken


def _path_violations(problem: ProsqaProblem, sentences: Sentences, min_hops: int) -> list[str]:
    """Can the target be reached by the text, the distractor not, and are the steps a shortest path?"""
    names = problem.names
    text = nx.DiGraph(sentences.facts)
    text.add_nodes_from(names)
    broken = []
    if problem.distractor != problem.root and nx.has_path(text, problem.root_name, problem.distractor_name):
        broken.append(f"By the text the distractor {problem.distractor_name!r} can be reached from the root.")
    if problem.target == problem.root or not nx.has_path(text, problem.root_name, problem.target_name):
        broken.append(f"By the text the target {problem.target_name!r} cannot be reached from the root.")
        return broken
    hops = nx.shortest_path_length(text, problem.root_name, problem.target_name)
    if hops < min_hops:
        broken.append(f"The target is {hops} hops from the root, fewer than {min_hops}.")
    try:
        path = problem.path
    except InputError as error:
        return [*broken, str(error)]
    walked = list(zip(path, path[1:], strict=False))
    if (path[0], path[-1]) != (problem.root, problem.target):
        broken.append("The steps do not lead from the root to the target.")
    elif len(walked) != hops:
        broken.append(f"The steps take {len(walked)} hops, but the shortest path has {hops}.")
    broken += [
        f"The step from {names[a]!r} to {names[b]!r} is no fact of the question."
        for a, b in walked
        if not text.has_edge(names[a], names[b])
    ]
    if problem.steps != steps_text(names, path):
        broken.append('The steps are not written "Tom is a X." first and "Every X is a Y." after it.')
    return broken


def _read_or_none(record: object) -> Sentences | None:
    """The sentences of a record whose question can be read; one that cannot is a violation of its own."""
    if not isinstance(record, Mapping) or not isinstance(record.get("question"), str):
        return None
    try:
        return read_question(record["question"])
    except InputError:
        return None


def _digest(sentences: Sentences, *, with_choice: bool) -> bytes:
    lines = sorted(f"{parent} {child}" for parent, child in set(sentences.facts))
    if with_choice:
        lines += [sentences.root, *sorted(sentences.choices)]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).digest()
