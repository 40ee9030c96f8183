"""The least that any way of doing a work computes with the library's own layers: bounds from below, to be timed.

A thought goes into the pass after it, so that passes wait for each other: one over the question, one of a single column
for every thought, a last one over what follows. These passes alone are what is timed here, in batches as large as ours;
of the question the last layer computes what others need, keys and values, and one state.
Left out is all that a way may or may not need beside them: what the later passes see of the earlier, masks, caches,
padding, packing. A ratio above (their time / the floor's) is out of reach on this machine, whatever the way.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from analyses.readings.values import usual_opening
from benchmarks.contests import KS, LONGEST_ANSWER, THOUGHTS
from coconut_core.encoding import Encoder
from coconut_core.generation import answers
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import task_of
from coconut_core.speedups.growing_cache import GrowingCache

_THOUGHTS_BEFORE_THE_LAST = [1] * (THOUGHTS - 1)


def training_floor(model: CoconutModel, problems: Sequence[GraphProblem]) -> Callable[[], None]:
    """Passes of a training step with six thoughts, forward and backward; logits for the answer's tokens alone."""
    encoded = Encoder(model.tokenizer).problems(problems)
    question, answer = (round(np.mean([len(getattr(p, part)) for p in encoded])) for part in ("question", "answer"))
    parts = np.array_split(range(len(encoded)), -(-len(encoded) * question // model.columns_at_once))
    widths = [question, *_THOUGHTS_BEFORE_THE_LAST, 1 + answer]
    passes = [_passes(model, len(part), widths, answer, gradients=True) for part in parts if len(part)]
    return _in_turn([model.zero_grad, *passes])


def values_floor(model: CoconutModel, problems: Sequence[GraphProblem], batch: int) -> Callable[[], None]:
    """Passes of the values for k = 0..6: "<eot>" and an opening after each number of thoughts, a row of logits each."""
    task = task_of(problems)
    (opening,) = Encoder(model.tokenizer).texts([task.opening(problems[0], 1, usual_opening(task, None))])
    widths = [_question(model, problems), *_THOUGHTS_BEFORE_THE_LAST, 1 + (1 + len(opening)) * len(KS)]
    return _in_batches(model, len(problems), batch, widths, len(KS))


def answers_floor(model: CoconutModel, problems: Sequence[GraphProblem], batch: int) -> Callable[[], None]:
    """Passes of the answers after six thoughts: a single column for every word that the model writes."""
    written = answers(model, problems, ks=(THOUGHTS,), batch_size=batch, max_new_tokens=LONGEST_ANSWER)
    widths = [_question(model, problems), *_THOUGHTS_BEFORE_THE_LAST, 2, *[1] * int(written.tokens.mean())]
    return _in_batches(model, len(problems), batch, widths, 1)


def _question(model: CoconutModel, problems: Sequence[GraphProblem]) -> int:
    return round(np.mean([len(q.ids) for q in Encoder(model.tokenizer).questions([p.question for p in problems])]))


def _in_batches(model: CoconutModel, count: int, batch: int, widths: Sequence[int], read: int) -> Callable[[], None]:
    return _in_turn([_passes(model, min(batch, count - start), widths, read) for start in range(0, count, batch)])


def _in_turn(calls: Sequence[Callable[[], None]]) -> Callable[[], None]:
    def run() -> None:
        for call in calls:
            call()

    return run


def _passes(
    model: CoconutModel, rows: int, widths: Sequence[int], read: int, *, gradients: bool = False
) -> Callable[[], None]:
    """A pass of each width, and the head on the last `read` columns."""
    size = model.lm.config.hidden_size
    inputs = [torch.randn(rows, width, size, requires_grad=gradients) for width in widths]
    last = torch.arange(widths[0]) == widths[0] - 1

    def pass_over(embeddings: Tensor, **further: Any) -> Tensor:
        return model.lm.base_model(inputs_embeds=embeddings, **further).last_hidden_state

    def run() -> None:
        with torch.set_grad_enabled(gradients):
            cache = GrowingCache(model.lm.config.num_hidden_layers, room=0)
            hidden = [pass_over(inputs[0], past_key_values=cache, read=last)]
            hidden += [pass_over(each, use_cache=False) for each in inputs[1:]]
            logits = model.logits(hidden[-1][:, -read:])
        if gradients:
            (logits.sum() + sum(each.sum() for each in hidden)).backward()

    return run
