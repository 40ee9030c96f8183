"""Is a ProntoQA problem sound? Forward chaining over the text proves the answer; the steps must be such a proof."""

from collections import Counter

from coconut_core.errors import InputError
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.proof import consequences
from coconut_core.problems.prontoqa.text import (
    ABOUT_A_PERSON,
    Fact,
    Sentences,
    is_class,
    negation,
    read_fact,
    read_question,
    steps_text,
)
from coconut_core.problems.records import digest, quotable


def violations(record: object, *, min_steps: int = 3) -> list[str]:
    """Every invariant that one raw record (whatever it is) breaks, a sentence each; [] if it is sound.

    The invariants: the fields are there and of their types; the question can be read; classes run in no circle; no fact
    is stated twice, or beside its contrary; exactly one of the asked literal and its negation follows, and the answer
    says which; the steps are a shortest proof of at least `min_steps` steps, in the form of the official ones and in
    the words of the question's own facts.
    """
    try:
        problem = ProntoqaProblem.from_json(record)
    except InputError as error:
        return [str(error)]
    sentences = problem.sentences
    stated = Counter((fact.parent, fact.child) for fact in sentences.facts)
    texts = {(fact.parent, fact.child): fact.text for fact in sentences.facts}
    broken = [f"{texts[pair]!r} is stated {times} times." for pair, times in stated.items() if times > 1]
    broken += [
        f"The facts say of {parent!r} both {child!r} and its negation."
        for parent, child in stated
        if not is_class(child) and not child.startswith("not ") and (parent, negation(child)) in stated
    ]
    if problem.answer != problem.answer_by_proof:
        broken.append(
            f"Field 'answer' says {problem.answer}, but {problem.root_name} is {problem.target_name}: the answer is "
            f"{problem.answer_by_proof}."
        )
    return broken + _step_violations(problem, sentences, min_steps)


def facts_key(question: str) -> bytes:
    """What identifies the facts of a question, in any order and form; `InputError` if it cannot be read."""
    return digest(_lines(read_question(question)))


def question_key(question: str) -> bytes:
    """What identifies a question: its facts in any order, and what it asks."""
    sentences = read_question(question)
    return digest([*_lines(sentences), f"{sentences.person} {sentences.asked}?"])


def _step_violations(problem: ProntoqaProblem, sentences: Sentences, min_steps: int) -> list[str]:
    """Are the steps a shortest proof?"""
    hops = problem.depth[problem.target]
    broken = [] if hops >= min_steps else [f"The answer takes {hops} steps, fewer than {min_steps}."]
    chain = _chain(problem)
    if chain is None:
        return [*broken, _FORM]
    known = {fact.text for fact in sentences.facts}
    unknown = [fact.text for fact in chain if fact.text not in known]
    broken += [f"The step {quotable(text)!r} is not a fact of the question." for text in unknown]
    follows = consequences(sentences.facts, sentences.person)
    broken += [
        f"The steps say {fact.child!r} of {sentences.person}, which does not follow."
        for fact in chain
        if fact.child not in follows
    ]
    joined = [sentences.person, *(fact.child for fact in chain[:-1])] == [fact.parent for fact in chain]
    if not joined or chain[-1].child != problem.target_name:
        broken.append(f"The steps do not lead from {sentences.person} to {problem.target_name!r}.")
    elif problem.steps != steps_text(sentences.person, chain):
        broken.append(_FORM)
    elif len(chain) != hops:
        broken.append(f"The steps are {len(chain)}, but the shortest proof has {hops}.")
    return broken


_FORM = (
    'The steps are not written like "Alex is a tumpus. Each tumpus is a gorpus.", each class with the rule that is '
    "used next, and the conclusion alone at the end."
)


def _chain(problem: ProntoqaProblem) -> list[Fact] | None:
    """The facts that the steps use: the first one's about the person, then every step's rule; None if one has none."""
    read = [[read_fact(f"{part.removesuffix('.')}.") for part in step.split(". ")] for step in problem.steps]
    *rules, conclusion = read or [[]]
    if any(len(parts) != 2 or None in parts for parts in rules) or len(conclusion) != 1 or None in conclusion:
        return None
    first = read[0][0]
    if first.form != ABOUT_A_PERSON:
        return None
    return [first, *(parts[1] for parts in rules)]


def _lines(sentences: Sentences) -> list[str]:
    return sorted(f"{fact.parent} {fact.child}" for fact in sentences.facts)
