"""What a model says after k thoughts: greedy continuations, for all k at once, from one encoding of each question."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor
from tqdm.auto import tqdm

from coconut_core.columns import CONTINUATION, ColumnWriter, address
from coconut_core.encoding import ANSWER_MARK, Encoder, Problem, pad_left
from coconut_core.model import CoconutModel, Thoughts


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
    batch_size: int = 64,
    max_new_tokens: int = 128,
    progress: bool = False,
) -> Answers:
    """Force the end of thinking after each k of `ks` thoughts and let the model write, greedily."""
    encoder = Encoder(model.tokenizer)
    texts, counts = [], []
    starts = range(0, len(problems), batch_size)
    for start in tqdm(starts, desc="answers", disable=not progress):
        part = problems[start : start + batch_size]
        questions = encoder.questions([problem.question for problem in part])
        thoughts = model.think(*pad_left(questions, model.tokens.padding, model.device), max(ks))
        written = write(model, thoughts, ks, max_new_tokens)
        counts += [[len(ids) for ids in row] for row in written]
        texts += [tuple(model.tokenizer.batch_decode(row, skip_special_tokens=True)) for row in written]
    correct = [
        [text.split(ANSWER_MARK)[-1].strip() == problem.answer and ANSWER_MARK in text for text in row]
        for row, problem in zip(texts, problems, strict=True)
    ]
    shape = (len(problems), len(ks))
    return Answers(
        tuple(ks), tuple(texts), np.array(correct, bool).reshape(shape), np.array(counts, int).reshape(shape)
    )


def write(
    model: CoconutModel, thoughts: Thoughts, ks: Sequence[int], max_new_tokens: int
) -> list[list[list[int]]]:
    """Greedy tokens after `<eot>` for every row and k, up to the end of the text.

    The continuations of a row grow side by side on one cache, one column each a step; those that have ended leave
    padding.
    """
    tokens, begin = model.tokens, thoughts.begin.tolist()
    rows = range(len(begin))
    written: list[list[list[int]]] = [[[] for _ in ks] for _ in rows]
    latest = torch.full((len(begin), len(ks)), tokens.end)
    running: Bool[Tensor, "batch k"] = torch.ones_like(latest, dtype=torch.bool)
    for step in range(max_new_tokens + 1):
        columns = ColumnWriter(len(begin), len(ks), tokens.padding)
        for row, index in running.nonzero().tolist():
            first = address(0, ks[index], index)
            position = begin[row] + ks[index] + 1 + step
            columns.write(
                row, index, [int(latest[row, index])], position, first + step, first + CONTINUATION - 1
            )
        hidden, thoughts = model.continue_from(thoughts, columns.columns().to(model.device))
        latest = model.logits(hidden).argmax(-1).cpu()
        running = running & (latest != tokens.end_of_text)
        if step == max_new_tokens or not running.any():
            break
        for row, index in running.nonzero().tolist():
            written[row][index].append(int(latest[row, index]))
    return written
