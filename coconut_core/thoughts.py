"""The thoughts on problems: questions are encoded and thought about once, whatever is read afterwards."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from coconut_core.encoding import EncodedQuestion, Encoder, batches, pad_left
from coconut_core.model import CoconutModel, SlotEdit, Thoughts
from coconut_core.problems.problem import Problem


@dataclass(frozen=True)
class ThoughtBatch:
    """Problems with the thoughts on them: values and answers after every number of thoughts branch off from here."""

    problems: tuple[Problem, ...]
    questions: tuple[EncodedQuestion, ...]
    thoughts: Thoughts


def think_about(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    *,
    edit: SlotEdit | None = None,
    removed: Collection[int] = (),
) -> ThoughtBatch:
    """Encode the questions of `problems` together and think `count` thoughts on each.

    `edit` and `removed` change thoughts as in `CoconutModel.think`. `InputError` names a word that is not in the
    vocabulary.
    """
    questions = Encoder(model.tokenizer, model.method).questions([problem.question for problem in problems])
    padded = pad_left(questions, model.tokens.padding, model.device)
    thoughts = model.think(*padded, count, edit=edit, removed=removed)
    return ThoughtBatch(tuple(problems), tuple(questions), thoughts)


@torch.inference_mode()
def thought_states(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> Float[Tensor, "problem thought d_model"]:
    """The first `count` thoughts on every problem; `progress` is called after each batch with how many are done.

    For a method whose slots hold something else these are the hidden states before the slots.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("artifacts/problems/laptop.json")[:3]
    >>> thought_states(load_model("artifacts/models/prosqa_laptop").model, problems, 6).shape
    torch.Size([3, 6, 128])
    """
    states, order = [], []
    for indices in batches(problems, batch_size, progress):
        batch = think_about(model, [problems[index] for index in indices], count)
        states.append(batch.thoughts.states.cpu())
        order += indices
    return torch.cat(states)[torch.tensor(order).argsort()]
