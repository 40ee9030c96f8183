"""What a model says after k thoughts: greedy continuations, for all k at once, from one encoding of each question."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from coconut_core.columns import CONTINUATION, ColumnWriter, address
from coconut_core.encoding import ANSWER_MARK, Encoder, Problem, batches, pad_left
from coconut_core.model import CoconutModel, Edit, Thoughts


@dataclass(frozen=True)
class Answers:
    """The words of a model on every problem after every number of thoughts that was asked for."""

    ks: tuple[int, ...]
    text: tuple[tuple[str, ...], ...]
    """Everything written after `<eot>`, by problem and k."""
    correct: Bool[np.ndarray, "problem k"]
    """What follows the last "###" is the problem's answer, to the letter (as the official code counts)."""
    tokens: Int[np.ndarray, "problem k"]
    """Tokens generated after `<eot>`, the end of the text not counted."""

    @property
    def accuracy(self) -> dict[int, float]:
        """Share of correct answers by k."""
        return dict(zip(self.ks, self.correct.mean(0).tolist(), strict=True))


@torch.inference_mode()
def answers(
    model: CoconutModel,
    problems: Sequence[Problem],
    *,
    ks: Sequence[int],
    chain: bool = False,
    edit: Edit | None = None,
    removed: Collection[int] = (),
    batch_size: int = 64,
    max_new_tokens: int = 128,
    progress: Callable[[int], None] | None = None,
) -> Answers:
    """Force the end of thinking after each k of `ks` thoughts and let the model write, greedily.

    With `chain` the first words are forced too, so that a chain of thought is written where the model might have
    answered at once: "NAME is a" after no thought, for a problem with a root, else "Every". `edit` and `removed` change
    thoughts as in `CoconutModel.think`. `progress` hears after each batch how many problems are done.
    """
    encoder = Encoder(model.tokenizer, model.method)
    texts, counts = [()] * len(problems), np.zeros((len(problems), len(ks)), int)
    for indices in batches(problems, batch_size, progress):
        part = [problems[index] for index in indices]
        questions = encoder.questions([problem.question for problem in part])
        thoughts = model.think(
            *pad_left(questions, model.tokens.padding, model.device), max(ks), edit=edit, removed=removed
        )
        openings = [
            [[question.opening, *(encoder.texts([chain_opening(problem, k)])[0] if chain else [])] for k in ks]
            for problem, question in zip(part, questions, strict=True)
        ]
        written = write(model, thoughts, openings, ks, max_new_tokens)
        for index, row in zip(indices, written, strict=True):
            counts[index] = [len(ids) for ids in row]
            texts[index] = tuple(model.tokenizer.batch_decode(row, skip_special_tokens=True))
    correct = [
        [final_answer(text) == final_answer(problem.answer) and ANSWER_MARK in text for text in row]
        for row, problem in zip(texts, problems, strict=True)
    ]
    return Answers(tuple(ks), tuple(texts), np.array(correct, bool).reshape(counts.shape), counts)


def final_answer(text: str) -> str:
    """What follows the last "###", or the whole text, without commas, as in the published evaluation: 1,000 is 1000."""
    return text.split(ANSWER_MARK)[-1].replace(",", "").strip()


def chain_opening(problem: Problem, k: int) -> str:
    """The words that a step of reasoning begins with after k thoughts: a chain begins at the root, if there is one."""
    return f"{problem.root_name} is a" if k == 0 and hasattr(problem, "root_name") else "Every"


def write(
    model: CoconutModel,
    thoughts: Thoughts,
    openings: Sequence[Sequence[Sequence[int]]],
    ks: Sequence[int],
    max_new_tokens: int,
) -> list[list[list[int]]]:
    """Greedy tokens for every row and k, up to the end of the text, with the forced ones after the first.

    `openings[row][index]` are the tokens forced after `ks[index]` thoughts: `<eot>` or what stands for it, then words.
    The continuations of a row grow side by side on one cache, one column each a step; those that have ended leave
    padding.
    """
    tokens, begin = model.tokens, thoughts.begin.tolist()
    slots = [model.method.slot_count(k) for k in ks]
    written = [[list(opening[1:]) for opening in row] for row in openings]
    latest = [[list(opening) for opening in row] for row in openings]
    running: Bool[Tensor, "batch k"] = torch.ones(len(begin), len(ks), dtype=torch.bool)
    width, done = max(len(opening) for row in openings for opening in row), 0
    if model.most_positions is not None:
        opened = max(begin) + 1 + max(slots) + width
        model.require_positions(opened)
        max_new_tokens = min(max_new_tokens, model.most_positions - opened)
    while True:
        # Only the first columns hold more than one token of a continuation.
        columns = ColumnWriter(len(begin), len(ks) * width, tokens.padding)
        for row, index in running.nonzero().tolist():
            ids = latest[row][index]
            at = len(openings[row][index]) - 1 + done if done else 0
            enter = address(0, slots[index], index)
            start = (index + 1) * width - len(ids)
            columns.write(row, start, ids, begin[row] + slots[index] + 1 + at, enter + at, enter + CONTINUATION - 1)
        hidden, thoughts = model.continue_from(thoughts, columns.columns().to(model.device))
        next_token = model.logits(hidden[:, width - 1 :: width]).argmax(-1).cpu()
        running = running & (next_token != tokens.end_of_text)
        if done >= max_new_tokens or not running.any():
            return written
        for row, index in running.nonzero().tolist():
            latest[row][index] = [int(next_token[row, index])]
            written[row][index] += latest[row][index]
        width, done = 1, done + 1
