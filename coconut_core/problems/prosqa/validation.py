"""Is a ProsQA problem sound, and is a set of them?

A raw record, as it stands in the JSON file, is held against every invariant of a sound problem, so that
broken files can be listed as well. The known broken kind has a graph that is right and a text that leaves an
edge of the path out: whether the target can be reached is therefore asked of the text, which is all that a
model sees.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
from tqdm import tqdm

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.text import NAME, Sentences, answer_text, read_question, steps_text


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
