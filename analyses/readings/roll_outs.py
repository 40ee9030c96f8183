"""Roll-outs: what a model might write after k thoughts, drawn from its own distribution instead of written greedily.

After k thoughts and `<eot>` every text is drawn token by token at temperature 1. Beside them stands the same start in
words: after no thought the model writes the first k steps itself, greedily, and the rest is drawn. What differs is the
form in which the first k steps were taken.

Texts that have begun alike are one row of the computation, with a count, until they part. So any number of them costs
as much as there are different ones.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from coconut_core.columns import CONTINUATION, ColumnWriter, Context, address
from coconut_core.encoding import Encoder, batches
from coconut_core.generation import write
from coconut_core.model import CoconutModel
from coconut_core.problems.problem import Problem
from coconut_core.problems.task import ANSWER_MARK
from coconut_core.thoughts import ThoughtBatch, think_about

BATCH = 32
"""Problems computed together."""
Opened = Sequence[Sequence[Sequence[int]]]
"""By problem and k, the token after the slots and those that are given after it."""


@dataclass(frozen=True)
class RollOuts:
    """Texts drawn on every problem after every number of steps, thought or written."""

    ks: tuple[int, ...]
    samples: int
    """Texts drawn on every problem after each k."""
    drawn: tuple[tuple[tuple[tuple[str, int], ...], ...], ...]
    """By problem and k, each different text and how often it was drawn, the most frequent first. Steps that were
    written before are not repeated."""


@dataclass(frozen=True)
class _Row:
    """Texts of one problem and k that have been alike so far."""

    problem: int
    k: int
    """Index among the numbers of steps."""
    written: tuple[int, ...]
    count: int
    """Texts that are still alike."""


@torch.inference_mode()
def roll_outs(
    model: CoconutModel,
    problems: Sequence[Problem],
    *,
    ks: Sequence[int],
    samples: int,
    in_words: bool = False,
    seed: int = 0,
    max_new_tokens: int = 128,
    progress: Callable[[int], None] | None = None,
) -> RollOuts:
    """Draw `samples` texts on every problem after each k of `ks` thoughts; the same arguments give the same texts.

    With `in_words` no thought is thought, and the first k steps are those that the model writes greedily; of a chain
    that is shorter, all of them. `progress` is called after each batch with the number of problems that are done.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("artifacts/problems/laptop.json")[:2]
    >>> drawn = roll_outs(load_model("artifacts/models/prosqa_laptop").model, problems, ks=(0, 6), samples=20)
    >>> [sum(count for _, count in drawn.drawn[0][at]) for at in (0, 1)]
    [20, 20]
    """
    found: list[tuple[Counter[str], ...]] = [()] * len(problems)
    for indices in batches(problems, BATCH, progress):
        batch = think_about(model, [problems[index] for index in indices], 0 if in_words else max(ks))
        opened: Opened = [[[question.opening]] * len(ks) for question in batch.questions]
        if in_words:
            opened = _opened_in_words(model, batch, ks, max_new_tokens)
        rng = np.random.default_rng([seed, *indices])
        texts = _drawn(model, batch, opened, [0] * len(ks) if in_words else ks, samples, rng, max_new_tokens)
        for index, of_problem in zip(indices, texts, strict=True):
            found[index] = of_problem
    return RollOuts(tuple(ks), samples, tuple(tuple(tuple(each.most_common()) for each in row) for row in found))


def _drawn(
    model: CoconutModel,
    batch: ThoughtBatch,
    opened: Opened,
    ks: Sequence[int],
    samples: int,
    rng: np.random.Generator,
    most: int,
) -> list[tuple[Counter[str], ...]]:
    """By problem and k, the texts that were drawn after as many thoughts and what is given."""
    ended = [tuple(Counter() for _ in ks) for _ in batch.problems]
    rows = [_Row(problem, k, (), samples) for problem in range(len(opened)) for k in range(len(ks))]
    context: Context = batch.thoughts.context
    parents = [row.problem for row in rows]
    begin, slots = batch.thoughts.begin.tolist(), [model.method.slot_count(k) for k in ks]
    for step in range(most + 1):
        if not rows:
            break
        if parents != list(range(len(context.columns.ids))):
            context = context.rows(torch.tensor(parents, device=model.device))
        fed = [list(row.written[-1:]) if step else list(opened[row.problem][row.k]) for row in rows]
        width = max(map(len, fed))
        columns = ColumnWriter(len(rows), width, model.tokens.padding)
        for at, (row, tokens) in enumerate(zip(rows, fed, strict=True)):
            before = step and len(opened[row.problem][row.k]) + step - 1
            first = address(0, slots[row.k], 0)
            position = begin[row.problem] + slots[row.k] + 1 + before
            columns.write(at, width - len(tokens), tokens, position, first + before, first + CONTINUATION - 1)
        hidden, context = model.extend(context, columns.columns().to(model.device))
        probability = model.logits(hidden[:, -1]).double().softmax(-1).cpu().numpy()
        counts = rng.multinomial([row.count for row in rows], probability)
        further, parents = [], []
        for at, token in zip(*counts.nonzero(), strict=True):
            row, count = rows[at], int(counts[at, token])
            if token == model.tokens.end_of_text or step == most:
                ended[row.problem][row.k][model.tokenizer.decode(row.written, skip_special_tokens=True)] += count
            else:
                further.append(_Row(row.problem, row.k, (*row.written, int(token)), count))
                parents.append(int(at))
        rows = further
    return ended


def _opened_in_words(model: CoconutModel, batch: ThoughtBatch, ks: Sequence[int], most: int) -> Opened:
    """The token after the slots and the first k steps that the model writes without a thought."""
    written = write(model, batch.thoughts, [[[question.opening]] for question in batch.questions], (0,), most)
    encoded = Encoder(model.tokenizer, model.method).problems(batch.problems)
    opened = []
    for (text,), question, problem in zip(written, batch.questions, encoded, strict=True):
        steps = _steps(model, text, problem.steps[0][-1]) if problem.steps else []
        opened.append([[question.opening, *(token for step in steps[:k] for token in step)] for k in ks])
    return opened


def _steps(model: CoconutModel, written: Sequence[int], end: int) -> list[list[int]]:
    """The steps of a text before its answer, each up to the token that ends a step."""
    steps: list[list[int]] = [[]]
    for token in written:
        steps[-1].append(token)
        if token == end:
            if ANSWER_MARK in model.tokenizer.decode(steps[-1]):
                break
            steps.append([])
    return steps[:-1]
