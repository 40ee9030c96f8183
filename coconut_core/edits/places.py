"""Where an edit is made in each problem, as addresses of columns, and whether what it names is there."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from coconut_core.columns import address
from coconut_core.edits.record import Edit
from coconut_core.encoding import Encoder
from coconut_core.errors import InputError
from coconut_core.problems.fact_classes import NESTED, facts_by_class
from coconut_core.problems.problem import GraphProblem, Problem

NOWHERE = -1
"""An address that no column has."""


def addresses(
    encoder: Encoder, edit: Edit, problems: Sequence[Problem], donors: Sequence[Problem]
) -> Int[Tensor, "problem target"]:
    """The columns that an edit of `problems` names, row by row; `NOWHERE` where a row has fewer than others."""
    if edit.thoughts:
        return torch.tensor([[address(0, thought) for thought in edit.thoughts] for _ in problems])
    rows = [_question_columns(encoder, edit, *pair) for pair in zip(problems, donors, strict=True)]
    width = max(1, *map(len, rows))
    return torch.tensor([[*row, *[NOWHERE] * (width - len(row))] for row in rows])


def _question_columns(encoder: Encoder, edit: Edit, problem: Problem, donor: Problem) -> list[int]:
    """Columns of the question, counted from its first token, which are their addresses."""
    question = encoder.questions([problem.question])[0]
    if edit.facts == "question":
        return [*range(len(question.ids))]
    if edit.facts == "begin":
        return [len(question.ids) - 1]
    assert isinstance(problem, GraphProblem) and isinstance(donor, GraphProblem)
    columns = encoder.fact_columns(problem.fact_texts, question)
    if edit.facts == "all":
        facts = [*range(len(columns))]
    elif edit.facts == "differing":
        pairs = zip(problem.fact_texts, donor.fact_texts, strict=True)
        facts = [at for at, (own, other) in enumerate(pairs) if own != other]
    else:
        facts = facts_by_class(problem, problem.facts, edit.step)[NESTED.index(edit.facts)]
    return [column for fact in facts for column in range(*columns[fact])]


def require_nodes(edit: Edit, problems: Sequence[Problem]) -> None:
    """`InputError` for a name that is not a node of each problem, and for facts where problems state none."""
    of_facts = edit.facts not in ("", "question", "begin")
    for index, problem in enumerate(problems):
        if (edit.nodes or of_facts) and not (isinstance(problem, GraphProblem) and problem.fact_texts):
            raise InputError(f"Problem {index} states no facts between nodes; edit thoughts or the whole question.")
        if lacking := [name for name in edit.nodes if name not in problem.names]:
            raise InputError(f"Field 'nodes' of the edit: problem {index} has no node {lacking[0]!r}; use another.")


def require_correspondence(
    encoder: Encoder, edit: Edit, problems: Sequence[Problem], donors: Sequence[Problem]
) -> None:
    """`InputError` where columns of a problem have no counterparts in its donor: where facts are swapped, and keys,
    which say where they stand."""
    if edit.facts in ("", "begin") and edit.place != "keys":
        return
    questions = encoder.questions([problem.question for problem in (*problems, *donors)])
    for index, (one, other) in enumerate(zip(questions[: len(problems)], questions[len(problems) :], strict=True)):
        if len(one.ids) != len(other.ids):
            raise InputError(
                f"The question of problem {index} has {len(one.ids)} tokens and its donor's {len(other.ids)}, so "
                "that columns do not correspond; choose donors of the same length."
            )
    if edit.facts == "differing":
        for index, (one, other) in enumerate(zip(problems, donors, strict=True)):
            if len(one.fact_texts) != len(other.fact_texts):
                raise InputError(
                    f"Problem {index} states {len(one.fact_texts)} facts, its donor {len(other.fact_texts)}, so that "
                    "they do not correspond; choose donors that differ in single facts."
                )
