"""A task that nothing outside this folder knows: which way a river takes from its source to the sea.

    Ba flows into bo. Ba flows into cu. Bo flows into da. The sea is da. How does ba get there?

It differs from ProsQA wherever a task can: steps name the child first ("Next bo after ba."), so that one opening serves
every k and the candidates after k thoughts lie one row deeper; no choice is offered and there is no distractor; the
text cannot be pasted or edited.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.records import integer_field, pairs_field, text_field, texts_field
from coconut_core.problems.task import ANSWER_MARK, SizeRange, Task, span

NAMES = tuple(f"{consonant}{vowel}" for consonant in "bcdfgklm" for vowel in "aeiou")
_STEP = re.compile(r"Next (\w+) after (\w+)")


@dataclass(frozen=True)
class RiverSettings:
    """Fewest and most places on a river and its arms."""

    rivers: tuple[int, ...] = (4, 7)

    def __post_init__(self) -> None:
        if not 2 <= self.rivers[0] <= self.rivers[1] <= len(NAMES):
            raise InputError(f"rivers must be a range within 2 to {len(NAMES)}, not {list(self.rivers)}.")

    def as_dict(self) -> dict:
        return {"rivers": list(self.rivers)}


@dataclass(frozen=True)
class River(GraphProblem):
    """Places and the ways of the water between them."""

    def candidates(self, k: int) -> frozenset[int]:
        """The next step names the place that it leads to: one row deeper than thoughts were thought."""
        return frozenset(node for node, depth in self.depth.items() if depth == k + 1)

    @property
    def fact_texts(self) -> tuple[str, ...]:
        return tuple(self.question.rpartition(". The sea")[0].split(". "))

    def to_json(self) -> dict:
        rest = {"places": list(self.names), "ways": [list(edge) for edge in self.edges]}
        return super().to_json() | rest | {"source": self.root, "sea": self.target}


class Rivers(Task):
    name = "toy"
    title = "rivers"
    problem = River
    vocabulary = (
        "flows",
        "into",
        ".",
        "The",
        "sea",
        "is",
        "How",
        "does",
        "get",
        "there",
        "?",
        "Next",
        "after",
        ANSWER_MARK,
    )
    vocabulary += NAMES
    openings = {"next": "Next"}
    settings = RiverSettings
    sizes = (SizeRange("rivers", 3, 12, (4, 7)),)

    def holds(self, record: Mapping) -> bool:
        return "places" in record

    def read(self, record: object) -> River:
        fields = {"question": text_field(record, "question"), "answer": text_field(record, "answer")}
        fields |= {"steps": texts_field(record, "steps"), "names": texts_field(record, "places")}
        fields |= {"edges": pairs_field(record, "ways"), "root": integer_field(record, "source")}
        return River(**fields, target=integer_field(record, "sea"), distractor=None)

    def opening(self, problem: GraphProblem, k: int, opening: str = "next") -> str:
        return "Next"

    def read_chain(self, problem: GraphProblem, text: str, k: int) -> list[tuple[str, str]] | None:
        steps = [_STEP.fullmatch(sentence.strip()) for sentence in text.split(".") if sentence.strip()]
        return [(step[2], step[1]) for step in steps] if all(steps) else None

    def settings_of(self, **sizes: str | tuple[int, int]) -> RiverSettings:
        return RiverSettings(**sizes)

    def describe_settings(self, settings: RiverSettings) -> str:
        return f"{settings.rivers[0]} to {settings.rivers[1]} places"

    def describe(self, problems: Sequence[River]) -> str:
        return f"{span([len(problem.names) for problem in problems])} places"

    def sample(self, settings: RiverSettings, count: int, seed: int | Sequence[int]) -> list[River]:
        rng = np.random.default_rng(seed)
        return [_river(rng, int(rng.integers(settings.rivers[0], settings.rivers[1] + 1))) for _ in range(count)]


def _river(rng: np.random.Generator, places: int) -> River:
    names = tuple(rng.permutation(NAMES)[:places].tolist())
    edges = tuple((int(rng.integers(max(0, child - 2), child)), child) for child in range(1, places))
    path = [places - 1]
    while path[0]:
        path.insert(0, edges[path[0] - 1][0])
    facts = [f"{names[parent]} flows into {names[child]}." for parent, child in edges]
    return River(
        question=" ".join([*facts, f"The sea is {names[-1]}.", f"How does {names[0]} get there?"]),
        answer=names[-1],
        steps=tuple(f"Next {names[b]} after {names[a]}." for a, b in zip(path, path[1:], strict=False)),
        names=names,
        edges=edges,
        root=0,
        target=places - 1,
        distractor=None,
    )


TOY = Rivers()
