"""Changes of what is fed into the slots; later thoughts follow from the change.

    zero     the zero vector
    mean     the mean of what is fed into that slot over a set of problems
    noise    a random direction of the thought's own length
    blur     the thought plus such a direction
    swap     the thought of another problem, the one before in the set
    freeze   the thought before it once more (from the second on)
    remove   the thought itself, but nothing that comes later attends to its slot (the next thought is still its own)

What is fed may also be given ("donor"): it is computed on other problems, in the same place, of which each is a
counterpart of the one that is answered.
"""

from collections.abc import Collection, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from coconut_core.errors import InputError
from coconut_core.generation import Answers, answers
from coconut_core.model import CoconutModel, Edit
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import thought_states

ANSWER_TOKENS = 48
"""Tokens that an answer may have; a chain of six steps with its answer has fewer."""
KINDS = ("zero", "mean", "noise", "blur", "swap", "freeze", "remove")


def edited(
    kind: str, positions: Collection[int], fed_clean: Float[Tensor, "problem thought d_model"], seed: int = 0
) -> Edit:
    """The edit that changes what is fed into the slots at `positions` (from 1) as `kind` says (see above).

    `fed_clean` is what is fed into the slots of a set of problems without a change. "mean" is the mean over these
    problems. For "swap" the edited batch must be the same problems in the same order; `fed_clean` may also be of a
    single problem, whose thoughts are then fed everywhere. "remove" is not an edit: it is `removed` of
    `CoconutModel.think`. `InputError` for an unknown `kind`.

    >>> from coconut_core import answers, load_model, load_problems, thought_states
    >>> problems = load_problems("artifacts/problems/laptop.json")[:20]
    >>> model = load_model("artifacts/models/prosqa_laptop").model
    >>> swap = edited("swap", range(1, 7), thought_states(model, problems, 6))
    >>> answers(model, problems, ks=(6,), edit=swap).accuracy[6] < answers(model, problems, ks=(6,)).accuracy[6]
    True
    """
    mean = fed_clean.mean(0)
    previous: dict[int, Tensor] = {}

    def edit(k: int, fed: Tensor) -> Tensor:
        before, previous[k] = previous.get(k - 1), fed
        if k not in positions:
            return fed
        if kind == "zero":
            return torch.zeros_like(fed)
        if kind == "mean":
            return mean[k - 1].to(fed).expand_as(fed)
        if kind in ("noise", "blur"):
            # Each slot has a seed of its own, so that values and answers that are read in turn see the same noise.
            direction = torch.randn(fed.shape, generator=torch.Generator().manual_seed(seed + k)).to(fed)
            noise = direction / direction.norm(dim=-1, keepdim=True) * fed.norm(dim=-1, keepdim=True)
            return noise if kind == "noise" else fed + noise
        if kind == "swap":
            return fed_clean[:, k - 1 : k].roll(1, 0).to(fed)
        if kind == "donor":
            return fed_clean[:, k - 1 : k].to(fed)
        if kind == "freeze":
            previous[k] = fed if before is None else before
            return previous[k]
        raise InputError(f"kind: {kind!r} changes no thought; give one of {', '.join(KINDS[:-1])}.")

    return edit


def changed_answers(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    kind: str | None,
    positions: Collection[int],
    fed_clean: Float[Tensor, "problem thought d_model"],
) -> Answers:
    """Answers after `count` thoughts, of which those at `positions` (from 1) are changed as `kind` says; none if None.

    `fed_clean` as in `edited`.
    """
    change = {} if kind is None else {"removed": positions}
    if kind not in (None, "remove"):
        change = {"edit": edited(kind, positions, fed_clean)}
    # One batch, since a swap takes the thoughts of other problems in it.
    size = {"batch_size": len(problems), "max_new_tokens": ANSWER_TOKENS}
    return answers(model, problems, ks=(count,), **size, **change)


def answers_on_thoughts_of(
    model: CoconutModel, problems: Sequence[Problem], donors: Sequence[Problem], count: int
) -> Answers:
    """Answers to `problems` where every slot is fed what it is fed on the donor in the same place of `donors`."""
    fed = model.slot_content(thought_states(model, donors, count).to(model.device))
    return changed_answers(model, problems, count, "donor", range(1, count + 1), fed)
