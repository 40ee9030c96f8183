"""The names of a problem's nodes as a tree of tokens: names that begin with the same tokens share them.

The value of a name is the product of its tokens' probabilities, each given the ones before (`values.py`). Where one
name goes on another ("lem" and "lempus" in pieces), all of the longer one's probability is part of the shorter one's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem


@dataclass(frozen=True)
class NameTree:
    """The names of one problem after one opening, their tokens in depth-first order.

    Place 0 is the end of the opening. A place is a column where a distribution is read; whole names end at tokens
    that need no place of their own.
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
    """For each name, the longest other name that it goes on, of whose probability its own is a part; -1 for none."""

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
    encoder: Encoder, problems: Sequence[ProsqaProblem], openings: Sequence[Sequence[str]]
) -> list[list[NameTree]]:
    """The names of each problem after each of its openings; no text is tokenised twice."""
    pairs = {(text, problem.names) for problem, row in zip(problems, openings, strict=True) for text in row}
    texts = sorted({each for text, names in pairs for each in (text, *(f"{text} {name}" for name in names))})
    tokens = dict(zip(texts, encoder.texts(texts), strict=True))
    found = {pair: NameTree.of(tokens, encoder.unknown, *pair) for pair in pairs}
    return [[found[text, problem.names] for text in row] for problem, row in zip(problems, openings, strict=True)]
