"""The residual stream after every layer, in the columns where thoughts are computed and over the question.

Thought k is computed in the column before slot k: thought 1 in `<bot>`, thought k in slot k - 1. Read here is the sum
that each layer leaves there, before the final norm; the thought itself is what that norm makes of the last one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float

from coconut_core.edits.edited_model import recorded
from coconut_core.edits.places import NOWHERE, addresses
from coconut_core.edits.record import Edit
from coconut_core.encoding import Encoder, batches
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.thoughts import think_about

BATCH = 64
"""Problems computed together."""


@dataclass(frozen=True)
class ResidualStream:
    """States of problems, layer by layer; the first layer is that of index 0."""

    thoughts: Float[np.ndarray, "problem thought layer d_model"]
    """Where each thought is computed."""
    question: Float[np.ndarray, "problem d_model"]
    """After the last layer, the mean over the question's columns but `<bot>`."""


def residual_stream(
    model: CoconutModel,
    problems: Sequence[Problem],
    count: int,
    progress: Callable[[int], None] | None = None,
) -> ResidualStream:
    """The states behind the first `count` thoughts on every problem.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("artifacts/problems/laptop.json")[:3]
    >>> residual_stream(load_model("artifacts/models/prosqa_laptop").model, problems, 6).thoughts.shape
    (3, 6, 4, 128)
    """
    encoder, layers = Encoder(model.tokenizer, model.method), model.lm.config.num_hidden_layers
    thoughts = np.zeros((len(problems), count, layers, model.lm.config.hidden_size), np.float32)
    question = np.zeros((len(problems), model.lm.config.hidden_size), np.float32)
    begin, whole = (Edit("state", "zero", facts=facts, layers=(1,)) for facts in ("begin", "question"))
    for indices in batches(problems, BATCH, progress):
        chosen = [problems[index] for index in indices]
        of_begin, of_question = (addresses(encoder, edit, chosen, chosen) for edit in (begin, whole))
        wanted = [of_begin]
        if count > 1:
            slots = Edit("state", "zero", thoughts=tuple(range(1, count)), layers=(1,))
            wanted.append(addresses(encoder, slots, chosen, chosen))
        where = torch.cat(wanted, 1)
        asked = [("state", layer, where) for layer in range(1, layers + 1)] + [("state", layers, of_question)]
        # The last slot of a run is not computed until something follows it, and nothing of it is asked for.
        *found, last = recorded(model, asked, partial(think_about, problems=chosen, count=count))
        thoughts[indices] = torch.stack(found, 2).float().numpy()
        other = ((of_question != NOWHERE) & (of_question != of_begin))[..., None].float()
        question[indices] = ((last.float() * other).sum(1) / other.sum(1)).numpy()
    return ResidualStream(thoughts, question)
