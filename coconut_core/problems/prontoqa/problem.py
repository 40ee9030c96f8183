"""ProntoQA problems (Saparov and He, 2023) in the JSON of the Coconut paper: question, steps, answer.

The record has no graph, so it is read from the text. Nodes are persons, classes and literals; an edge (parent, child)
is a fact. The target is the literal that holds of the person, the distractor its negation: forward chaining over the
facts proves which is which. A step restates the class that is reached and the rule that is used next, so that after k
thoughts the next step names what is k + 1 edges from the person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from coconut_core.errors import InputError
from coconut_core.problems.graph import require_acyclic
from coconut_core.problems.problem import GraphProblem, graph_of
from coconut_core.problems.prontoqa.proof import proof
from coconut_core.problems.prontoqa.text import (
    ABOUT_A_PERSON,
    Sentences,
    asked_text,
    is_class,
    negation,
    phrase,
    read_question,
    steps_text,
)
from coconut_core.problems.records import shown, text_field, texts_field

ANSWERS = ("False", "True")


@dataclass(frozen=True)
class ProntoqaProblem(GraphProblem):
    """One problem. The texts are kept as they were given; whether they agree, `validation` tells."""

    @classmethod
    def from_json(cls, record: object) -> "ProntoqaProblem":
        """A problem from an official record; `InputError` names the field that is missing or wrong."""
        if not isinstance(record, Mapping):
            raise InputError(f"A ProntoQA record is an object with question, steps and answer, not {shown(record)}.")
        question, answer = text_field(record, "question"), text_field(record, "answer")
        steps = texts_field(record, "steps")
        if answer not in ANSWERS:
            raise InputError(f"Field 'answer' must hold True or False, not {shown(answer)}.")
        try:
            return cls.of(read_question(question), question=question, steps=steps, answer=answer)
        except InputError as error:
            raise InputError(f"Field 'question': {error}") from error

    @classmethod
    def from_text(cls, text: str) -> "ProntoqaProblem":
        """A problem from a pasted question alone, with a shortest chain as its steps. White space is free.

        `InputError` where the text is not a ProntoQA question, or does not decide what it asks.
        """
        return cls.of(read_question(text), question=" ".join(text.split()))

    @classmethod
    def of(
        cls,
        sentences: Sentences,
        *,
        question: str | None = None,
        steps: tuple[str, ...] | None = None,
        answer: str | None = None,
    ) -> "ProntoqaProblem":
        """The problem of a question's sentences, its texts rendered where they are not given.

        The person is node 0, the others follow in the order in which the text names them. `InputError` where classes
        run in a circle, or unless exactly one of the asked literal and its negation follows.
        """
        node = {sentences.person: 0}
        for fact in sentences.facts:
            node.setdefault(fact.parent, len(node))
            node.setdefault(fact.child, len(node))
        for literal in (sentences.asked, negation(sentences.asked)):
            node.setdefault(literal, len(node))
        edges = tuple((node[fact.parent], node[fact.child]) for fact in sentences.facts)
        chain = proof(sentences)
        holds = chain[-1].child
        problem = cls(
            question=sentences.text if question is None else question,
            answer=str(holds == sentences.asked) if answer is None else answer,
            steps=steps_text(sentences.person, chain) if steps is None else steps,
            names=tuple(node),
            edges=edges,
            root=0,
            target=node[holds],
            distractor=node[negation(holds)],
        )
        # Not `problem.graph`, which every problem of a file would keep.
        require_acyclic(graph_of(len(problem.names), edges), problem.names)
        return problem

    @cached_property
    def sentences(self) -> Sentences:
        """The question as it is read."""
        return read_question(self.question)

    @property
    def answer_by_proof(self) -> str:
        """The answer that follows from the facts: "True" if the literal that is asked about holds."""
        return str(self.sentences.asked == self.target_name)

    @property
    def phrases(self) -> tuple[str | None, ...]:
        """Of classes and literals: no step says of a person that it is a person."""
        persons = {fact.parent for fact in self.sentences.facts if fact.form == ABOUT_A_PERSON}
        return tuple(None if name in persons else phrase(name) for name in self.names)

    def candidates(self, k: int) -> frozenset[int]:
        """What the next step may say of the person after k thoughts: the classes at a distance of exactly k + 1, and
        the literal that holds once it is as near as that, since the last step is the conclusion alone."""
        distance = self.depth
        near = (node for node, at in distance.items() if at == k + 1)
        return frozenset(node for node in near if node == self.target or is_class(self.names[node]))

    @property
    def choices(self) -> tuple[int, int]:
        """The literal that is asked about, and its negation."""
        asked = self.sentences.asked
        return self.names.index(asked), self.names.index(negation(asked))

    @property
    def fact_texts(self) -> tuple[str, ...]:
        return tuple(self.question.rpartition(". ")[0].split(". "))

    def asked(self, name_of: Callable[[int], str] | None = None) -> str:
        """The query, its nodes named by `name_of` (by their own names if None)."""
        person, literal = ((name_of or self.names.__getitem__)(node) for node in (self.root, self.choices[0]))
        return asked_text(person, literal)
