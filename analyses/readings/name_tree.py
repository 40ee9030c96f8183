"""The names of a problem's nodes as tokens: a tree, in which names that begin with the same tokens share them.

The value of a name is the product of its tokens' probabilities, each given the ones before (`values.py`). Where a name
begins with all tokens of a shorter one ("lempus" and "lem" in pieces), its probability is part of the shorter name's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of


@dataclass(frozen=True)
class NameTree:
    """The names of one problem after one opening, their tokens in depth-first order.

    A place is a column where the distribution of the next token is read. Place 0 is the end of the opening; the last
    token of a name is only read and needs no place, unless a longer name goes on after it.
    """

    opening: list[int]
    parent: list[int]
    token: list[int]
    last: list[int]
    """Last place in depth-first order that descends from each place."""
    depth: list[int]
    reads: list[list[tuple[int, int]]]
    """For each name, its (place, next token) pairs, whose probabilities are multiplied."""
    within: list[int]
    """For each name, the longest other name that it begins with, whose probability contains its own; -1 for none."""

    @classmethod
    def of(cls, tokens: Mapping[str, list[int]], unknown: int | None, opening: str, names: Sequence[str]) -> "NameTree":
        """`tokens` holds the token ids of the opening, alone and with each name after it.

        `InputError` for a name that the tokenizer merges with the opening, or that the vocabulary lacks.
        """
        stem, whole = tokens[opening], [tokens[f"{opening} {name}"] for name in names]
        tails = [tuple(ids[len(stem) :]) for ids in whole]
        for name, ids, tail in zip(names, whole, tails, strict=True):
            if ids[: len(stem)] != stem or not tail:
                raise InputError(
                    f"The tokenizer merges {opening!r} with the name {name!r}; use a tokenizer that splits words."
                )
            if unknown in tail:
                raise InputError(
                    f"The model's vocabulary lacks the name {name!r}; rename it in the problem or use another model."
                )
        prefixes = sorted({tail[:cut] for tail in tails for cut in range(len(tail))})
        place = {prefix: index for index, prefix in enumerate(prefixes)}
        name_of = {tail: name for name, tail in enumerate(tails)}
        return cls(
            opening=stem,
            parent=[place[prefix[:-1]] if prefix else -1 for prefix in prefixes],
            token=[prefix[-1] if prefix else -1 for prefix in prefixes],
            last=[max(at for other, at in place.items() if other[: len(prefix)] == prefix) for prefix in prefixes],
            depth=[len(prefix) for prefix in prefixes],
            reads=[[(place[tail[:cut]], token) for cut, token in enumerate(tail)] for tail in tails],
            within=[
                next((name_of[tail[:cut]] for cut in range(len(tail) - 1, 0, -1) if tail[:cut] in name_of), -1)
                for tail in tails
            ],
        )


def name_trees(
    encoder: Encoder, problems: Sequence[GraphProblem], openings: Sequence[Sequence[str]]
) -> list[list[NameTree]]:
    """The names of each problem after each of its `openings`; no text is tokenised twice."""
    pairs = {(text, problem.names) for problem, row in zip(problems, openings, strict=True) for text in row}
    texts = sorted({each for text, names in pairs for each in (text, *(f"{text} {name}" for name in names))})
    tokens = dict(zip(texts, encoder.texts(texts), strict=True))
    found = {pair: NameTree.of(tokens, encoder.unknown, *pair) for pair in pairs}
    return [[found[text, problem.names] for text in row] for problem, row in zip(problems, openings, strict=True)]


def name_tokens(encoder: Encoder, problem: GraphProblem) -> list[int]:
    """The token that each node's name begins with where a step names it: all of a name that one thought can be."""
    task = task_of([problem])
    return encoder.first_tokens(problem.names, task.opening(problem, 1, next(iter(task.openings))))
