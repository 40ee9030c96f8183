"""The names of a problem's nodes as tokens: a tree, in which names that begin with the same tokens share them.

The value of a name is the product of its tokens' probabilities, each given the ones before (`values.py`). Where a name
begins with all tokens of a shorter one ("lempus" and "lem" in pieces), its probability is part of the shorter name's.
"""

from collections.abc import Callable, Mapping, Sequence
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
    """For each name, its (place, next token) pairs, whose probabilities are multiplied; [] for one that is not read."""
    within: list[int]
    """For each name, the longest other name that it begins with, whose probability contains its own; -1 for none."""

    @classmethod
    def of(
        cls,
        tokens: Mapping[str, list[int]],
        unknown: int | None,
        opening: str,
        names: Sequence[str | None],
        named: Callable[[str, str], str],
    ) -> "NameTree":
        """`tokens` holds the token ids of the opening, alone and with each name after it as `named` writes them. None
        is read nowhere.

        `InputError` for a name that the tokenizer merges with the opening, or that the vocabulary lacks.
        """
        stem = tokens[opening]
        whole = {node: tokens[named(opening, name)] for node, name in enumerate(names) if name is not None}
        tails = {node: tuple(ids[len(stem) :]) for node, ids in whole.items()}
        for node, ids in whole.items():
            name, tail = names[node], tails[node]
            if ids[: len(stem)] != stem or not tail:
                raise InputError(
                    f"The tokenizer merges {opening!r} with the name {name!r}; use a tokenizer that splits words."
                )
            if unknown in tail:
                raise InputError(
                    f"The model's vocabulary lacks the name {name!r}; rename it in the problem or use another model."
                )
        prefixes = sorted({(), *(tail[:cut] for tail in tails.values() for cut in range(len(tail)))})
        place = {prefix: index for index, prefix in enumerate(prefixes)}
        name_of = {tail: node for node, tail in tails.items()}
        every = [tails.get(node, ()) for node in range(len(names))]
        return cls(
            opening=stem,
            parent=[place[prefix[:-1]] if prefix else -1 for prefix in prefixes],
            token=[prefix[-1] if prefix else -1 for prefix in prefixes],
            last=[max(at for other, at in place.items() if other[: len(prefix)] == prefix) for prefix in prefixes],
            depth=[len(prefix) for prefix in prefixes],
            reads=[[(place[tail[:cut]], token) for cut, token in enumerate(tail)] for tail in every],
            within=[
                next((name_of[tail[:cut]] for cut in range(len(tail) - 1, 0, -1) if tail[:cut] in name_of), -1)
                for tail in every
            ],
        )


def name_trees(
    encoder: Encoder, problems: Sequence[GraphProblem], openings: Sequence[Sequence[str]]
) -> list[list[NameTree]]:
    """The names of each problem after each of its `openings`; no text is tokenised twice."""
    named = task_of(problems).named
    pairs = {(text, problem.phrases) for problem, row in zip(problems, openings, strict=True) for text in row}
    spoken = {named(text, phrase) for text, phrases in pairs for phrase in phrases if phrase is not None}
    texts = sorted(spoken | {text for text, _ in pairs})
    tokens = dict(zip(texts, encoder.texts(texts), strict=True))
    found = {pair: NameTree.of(tokens, encoder.unknown, *pair, named) for pair in pairs}
    return [[found[text, problem.phrases] for text in row] for problem, row in zip(problems, openings, strict=True)]


def name_tokens(encoder: Encoder, problem: GraphProblem) -> list[int]:
    """The token that each node's name begins with where a step names it: all of a name that one thought can be."""
    task = task_of([problem])
    if not task.name_words:
        raise InputError(
            f"One token does not tell the nodes of {task.title} from each other, so a thought cannot be read as one of "
            "them; choose problems whose nodes are words."
        )
    return encoder.first_tokens(problem.names, task.opening(problem, 1, next(iter(task.openings))))
