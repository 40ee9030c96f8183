"""ProntoQA as a task: does a property hold of a person, over a tree of rules about invented classes?"""

from collections.abc import Mapping

from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.prontoqa.problem import ProntoqaProblem
from coconut_core.problems.prontoqa.text import read_steps
from coconut_core.problems.prontoqa.validation import facts_key, question_key, violations
from coconut_core.problems.task import Task


class Prontoqa(Task):
    """The paper's task of logic."""

    name = "prontoqa"
    title = "ProntoQA"
    problem = ProntoqaProblem
    openings = {"person": "NAME is"}
    chance = (0.5, "True or False at random")
    example = (
        "Each tumpus is a gorpus. Tumpuses are floral. Gorpuses are wumpuses. Every gorpus is a lorpus. Lorpuses are "
        "bright. Every wumpus is not happy. Impuses are happy. Each jompus is a brimpus. Alex is a tumpus. Alex is a "
        "jompus. True or false: Alex is happy."
    )

    def holds(self, record: Mapping) -> bool:
        question = record.get("question")
        return isinstance(question, str) and "True or false: " in question

    def read(self, record: object) -> ProntoqaProblem:
        return ProntoqaProblem.from_json(record)

    def opening(self, problem: GraphProblem, k: int, opening: str = "person") -> str:
        return f"{problem.root_name} is"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        return read_steps(text, k)

    def facts_key(self, question: str) -> bytes:
        return facts_key(question)

    def question_key(self, question: str) -> bytes:
        return question_key(question)

    def violations(self, record: object, *, min_steps: int = 3) -> list[str]:
        return violations(record, min_steps=min_steps)

    def from_text(self, text: str) -> ProntoqaProblem:
        return ProntoqaProblem.from_text(text)


PRONTOQA = Prontoqa()
