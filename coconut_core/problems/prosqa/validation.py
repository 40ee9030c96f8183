"""Is a ProsQA problem sound?

A raw record, as it stands in the JSON file, is held against every invariant of a sound problem, so that
broken files can be listed as well. The known broken kind has a graph that is right and a text that leaves an
edge of the path out: whether the target can be reached is therefore asked of the text, which is all that a
model sees.
"""

import re
from collections import Counter

import networkx as nx

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.text import NAME, Sentences, answer_text, read_question, steps_text
from coconut_core.problems.records import digest


def violations(record: object, *, min_hops: int = 3) -> list[str]:
    """Every invariant that one raw record (whatever it is) breaks, a sentence each; [] if it is sound.

    The invariants: the fields are there and of their types; names are words and unique; the question can be
    read, names known nodes, and states exactly the edges; no cycle; the root has no parent and is a person;
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
        f"The {role} {names[node]!r} is not a leaf."
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


def facts_key(question: str) -> bytes:
    """What identifies the facts of a question, in any order; `InputError` if it cannot be read."""
    return _key(read_question(question), with_choice=False)


def question_key(question: str) -> bytes:
    """What identifies a question: its facts in any order, the root, and the candidates in any order.

    Problems that differ in their names alone are different: they share no text to be learnt by heart.
    """
    return _key(read_question(question), with_choice=True)


def _text_violations(problem: ProsqaProblem, sentences: Sentences) -> list[str]:
    """Does the question state the graph, and ask for its root and candidates?"""
    names = problem.names
    stated = Counter(sentences.facts)
    meant = {(names[parent], names[child]) for parent, child in problem.edges}
    said = {name for fact in sentences.facts for name in fact} | {sentences.root, *sentences.choices}
    broken = [f"The question names {name!r}, which is not a node." for name in sorted(said - set(names))]
    broken += [f"The edge from {a!r} to {b!r} is not in the question." for a, b in sorted(meant - set(stated))]
    broken += [f"The fact that {a!r} is a {b!r} is not an edge." for a, b in sorted(set(stated) - meant)]
    broken += [f"The fact that {a!r} is a {b!r} is stated {n} times." for (a, b), n in stated.items() if n > 1]
    children = {child for _, child in sentences.facts}
    broken += [f"The person {name!r} has a parent." for name in sorted(sentences.persons & children)]
    if problem.root_name not in sentences.persons:
        broken.append(f"The root {problem.root_name!r} is not a person in the question.")
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
        f"The step from {names[a]!r} to {names[b]!r} is not a fact of the question."
        for a, b in walked
        if not text.has_edge(names[a], names[b])
    ]
    if problem.steps != steps_text(names, path):
        broken.append('The steps are not written "Tom is a X." first and "Every X is a Y." after it.')
    return broken


def _key(sentences: Sentences, *, with_choice: bool) -> bytes:
    lines = sorted(f"{parent} {child}" for parent, child in set(sentences.facts))
    if with_choice:
        lines += [sentences.root, *sorted(sentences.choices)]
    return digest(lines)
