"""Changes of what is fed into the slots; later thoughts follow from the change.

zero     the zero vector
mean     the mean of what is fed into that slot over a set of problems
noise    a random direction of the thought's own length
blur     the thought plus such a direction
swap     the thought of another problem, the one before in the set
freeze   the thought before it once more (from the second on)
remove   the thought itself, but nothing that comes later attends to its slot (the next thought is still its own)
"""

from collections.abc import Collection, Sequence

from coconut_core.edits.record import Edit
from coconut_core.generation import Answers, answers
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem

ANSWER_TOKENS = 48
"""Tokens that an answer may have; a chain of six steps with its answer has fewer."""
KINDS = ("zero", "mean", "noise", "blur", "swap", "freeze", "remove")


def slot_edits(kind: str, positions: Collection[int]) -> list[Edit]:
    """The edits that change what is fed into the slots at `positions` (from 1) as `kind` says; [] where none can.

    >>> slot_edits("freeze", [1]), len(slot_edits("zero", [1, 2]))
    ([], 1)
    """
    thoughts = tuple(sorted({*positions} - ({1} if kind == "freeze" else set())))
    return [Edit("fed", kind, thoughts)] if thoughts else []


def changed_answers(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    kind: str | None,
    positions: Collection[int],
    donors: Sequence[Problem] | None = None,
) -> Answers:
    """Answers after `count` thoughts, of which those at `positions` (from 1) are changed as `kind` says; none if None.

    Means are over `problems`, and a swap takes the thoughts of the problem before in them, or those on the donor at its
    place.
    """
    edits = [] if kind is None else slot_edits(kind, positions)
    return answers(model, problems, ks=(count,), edits=edits, donors=donors, max_new_tokens=ANSWER_TOKENS)


def answers_on_thoughts_of(
    model: CoconutModel, problems: Sequence[Problem], donors: Sequence[Problem], count: int
) -> Answers:
    """Answers to `problems` where every slot is fed what it is fed on the donor in the same place of `donors`."""
    return changed_answers(model, problems, count, "swap", range(1, count + 1), donors)
