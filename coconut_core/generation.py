"""What a model says after k thoughts: greedy continuations, for all k at once, from one encoding of each question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int

from coconut_core.columns import CONTINUATION, ColumnWriter, address
from coconut_core.edits.record import Edit
from coconut_core.edits.thinking import thinking
from coconut_core.encoding import Encoder, batches
from coconut_core.model import CoconutModel, Thoughts
from coconut_core.problems.problem import Problem
from coconut_core.problems.registry import task_of
from coconut_core.thoughts import ThoughtBatch

_BRANCH = 1 << 9
"""Addresses for what is written after the right part of a draft; more than tokens of any answer."""


@dataclass(frozen=True)
class Answers:
    """The words of a model on every problem after every number of thoughts that was asked for."""

    ks: tuple[int, ...]
    text: tuple[tuple[str, ...], ...]
    """Everything written after `<eot>`, by problem and k."""
    correct: Bool[np.ndarray, "problem k"]
    """What follows the last "###" is the problem's answer, as its task compares them (`Task.is_right`)."""
    tokens: Int[np.ndarray, "problem k"]
    """Tokens generated after `<eot>`, the end of the text not counted."""

    @property
    def accuracy(self) -> dict[int, float]:
        """Share of correct answers by k."""
        return dict(zip(self.ks, self.correct.mean(0).tolist(), strict=True))

    def after(self, k: int) -> "Answers":
        """Those after k thoughts alone."""
        at = self.ks.index(k)
        return Answers((k,), tuple((row[at],) for row in self.text), self.correct[:, [at]], self.tokens[:, [at]])


@torch.inference_mode()
def answers(
    model: CoconutModel,
    problems: Sequence[Problem],
    *,
    ks: Sequence[int],
    chain: bool = False,
    edits: Sequence[Edit] = (),
    donors: Sequence[Problem] | None = None,
    batch_size: int = 64,
    max_new_tokens: int = 128,
    progress: Callable[[int], None] | None = None,
) -> Answers:
    """Force the end of thinking after each k of `ks` thoughts and let the model write, greedily.

    With `chain` the first words are forced too, so that a chain of thought is written where the model might have
    answered at once: those that the task opens a step with (`Task.opening`). `edits` change what the model computes;
    for swaps `donors` may give each problem its own (`edits/thinking.py`). `progress` is called after each batch with
    the number of problems that are done.

    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("artifacts/problems/laptop.json")[:1]
    >>> answers(load_model("artifacts/models/prosqa_laptop").model, problems, ks=(0, 6)).text[0][1]
    '### Jack is a kerpus.'
    """
    parts, order = [], []
    think = thinking(model, problems, max(ks), edits, donors)
    for indices in batches(problems, batch_size, progress):
        parts.append(answers_from(*think(indices), ks, chain=chain, max_new_tokens=max_new_tokens))
        order += indices
    place = np.argsort(np.array(order, int))
    texts = [text for part in parts for text in part.text]
    correct, tokens = (
        np.concatenate([getattr(part, name) for part in parts])[place] if parts else np.zeros((0, len(ks)), kind)
        for name, kind in (("correct", bool), ("tokens", int))
    )
    return Answers(tuple(ks), tuple(texts[at] for at in place), correct, tokens)


@torch.inference_mode()
def answers_from(
    model: CoconutModel,
    batch: ThoughtBatch,
    ks: Sequence[int],
    *,
    chain: bool = False,
    draft: bool = False,
    max_new_tokens: int = 128,
) -> Answers:
    """As `answers`, from thoughts that are there: at least as many as the largest of `ks`.

    With `draft` the right text is checked in one pass before writing goes on token by token, which gives the same words
    sooner where the model is mostly right. What it takes says nothing of the model then, so timings do without.
    """
    task, encoder = task_of(batch.problems), Encoder(model.tokenizer, model.method)
    if chain:
        task.require_graph("A forced chain")
    usual = next(iter(task.openings), "")
    openings = [
        [[question.opening, *(encoder.texts([task.opening(problem, k, usual)])[0] if chain else [])] for k in ks]
        for problem, question in zip(batch.problems, batch.questions, strict=True)
    ]
    drafts = _right_texts(encoder, batch.problems, ks) if draft else None
    written = write(model, batch.thoughts, openings, ks, max_new_tokens, drafts)
    texts = tuple(tuple(model.tokenizer.batch_decode(row, skip_special_tokens=True)) for row in written)
    correct = [
        [task.is_right(problem, text) for text in row] for row, problem in zip(texts, batch.problems, strict=True)
    ]
    return Answers(tuple(ks), texts, np.array(correct, bool), np.array([[len(ids) for ids in row] for row in written]))


def _right_texts(encoder: Encoder, problems: Sequence[Problem], ks: Sequence[int]) -> list[list[list[int]]]:
    """For every problem and k the steps that k thoughts do not replace, the answer and the end of the text."""
    return [
        [[*(token for step in problem.steps[k:] for token in step), *problem.answer] for k in ks]
        for problem in encoder.problems(problems)
    ]


@dataclass
class _Text:
    """One text that is being written: the tokens that the next pass computes, and where they stand in the tree."""

    fed: list[int]
    position: int
    enter: int
    leave: int
    written: list[int]
    generated: int = 0
    running: bool = True

    def take(self, token: int, end: int, most: int) -> None:
        """Add the next token, unless the text ends there or has `most` tokens."""
        self.running = token != end and self.generated < most
        if self.running:
            self.position, self.enter = self.position + len(self.fed), self.enter + len(self.fed)
            self.fed = [token]
            self.written.append(token)
            self.generated += 1


def write(
    model: CoconutModel,
    thoughts: Thoughts,
    openings: Sequence[Sequence[Sequence[int]]],
    ks: Sequence[int],
    max_new_tokens: int,
    drafts: Sequence[Sequence[Sequence[int]]] | None = None,
) -> list[list[list[int]]]:
    """Greedy tokens for every row and k, up to the end of the text, with the forced ones after the first.

    `openings[row][index]` are the tokens forced after `ks[index]` thoughts: `<eot>` or what stands for it, then words.
    `drafts[row][index]` are tokens that may follow: one pass checks them all, and what the model itself would have
    written of them is kept. The texts of a row grow side by side on one cache, one column each a step; those that have
    ended take none, and rows in which all have ended are left behind once they are half of all.
    """
    end, begin = model.tokens.end_of_text, thoughts.begin.tolist()
    slots = [model.method.slot_count(k) for k in ks]
    if model.most_positions is not None:
        opened = max(begin) + 1 + max(slots) + max(len(opening) for row in openings for opening in row)
        model.require_positions(opened)
        max_new_tokens = min(max_new_tokens, model.most_positions - opened)
    texts = [
        [_text(at, slots[index], index, opening) for index, opening in enumerate(row)]
        for at, row in zip(begin, openings, strict=True)
    ]
    if drafts is not None:
        thoughts = _take_drafts(model, thoughts, texts, drafts, max_new_tokens)
    running = [[text for text in row if text.running] for row in texts]
    while any(running):
        if 2 * sum(map(bool, running)) <= len(running):
            kept = [row for row, each in enumerate(running) if each]
            rows = torch.tensor(kept, device=model.device)
            thoughts = Thoughts(thoughts.states[rows], thoughts.context.rows(rows), thoughts.begin[rows])
            running = [running[row] for row in kept]
        width = max(len(text.fed) for row in running for text in row)
        columns = ColumnWriter(len(running), max(map(len, running)) * width, model.tokens.padding)
        for row, index, text in _placed(running):
            start = (index + 1) * width - len(text.fed)
            columns.write(row, start, text.fed, text.position, text.enter, text.leave)
        hidden, thoughts = model.continue_from(thoughts, columns.columns().to(model.device))
        next_token = model.logits(hidden[:, width - 1 :: width]).argmax(-1).tolist()
        for row, index, text in _placed(running):
            text.take(next_token[row][index], end, max_new_tokens)
        running = [[text for text in row if text.running] for row in running]
    return [[text.written for text in row] for row in texts]


def _text(begin: int, slots: int, index: int, opening: Sequence[int]) -> _Text:
    enter = address(0, slots, index)
    return _Text(list(opening), begin + slots + 1, enter, enter + CONTINUATION - 1, list(opening[1:]))


def _placed(texts: Sequence[Sequence[_Text]]) -> list[tuple[int, int, _Text]]:
    return [(row, index, text) for row, each in enumerate(texts) for index, text in enumerate(each)]


def _take_drafts(
    model: CoconutModel,
    thoughts: Thoughts,
    texts: Sequence[Sequence[_Text]],
    drafts: Sequence[Sequence[Sequence[int]]],
    most: int,
) -> Thoughts:
    """Let each text begin with as much of its draft as greedy writing would have written, and one token more.

    Drafted columns that turn out wrong stay in the cache, where nothing attends to them: the interval of each ends
    `_BRANCH` addresses before that of the one before it, and what is written instead stands in this gap.
    """
    end = model.tokens.end_of_text
    drafts = [[list(draft[: most + 1]) for draft in row] for row in drafts]
    # The last token of a draft is compared, and needs no column.
    width = max(len(text.fed) + len(drafts[row][index]) - 1 for row, index, text in _placed(texts))
    columns = ColumnWriter(len(texts), len(texts[0]) * width, model.tokens.padding)
    for row, index, text in _placed(texts):
        start, opened = index * width, len(text.fed)
        columns.write(row, start, text.fed, text.position, text.enter, text.leave)
        for at, token in enumerate(drafts[row][index][:-1]):
            place, leave = opened + at, text.leave - (at + 1) * _BRANCH
            columns.write(row, start + place, [token], text.position + place, text.enter + place, leave)
    hidden, thoughts = model.continue_from(thoughts, columns.columns().to(model.device))
    greedy = model.logits(hidden).argmax(-1).tolist()
    for row, index, text in _placed(texts):
        draft, first = drafts[row][index], index * width + len(text.fed) - 1
        said = greedy[row][first : first + len(draft)]
        right = next(
            (at for at, (own, other) in enumerate(zip(said, draft, strict=True)) if own != other), len(draft) - 1
        )
        for token in said[: right + 1]:
            # A draft may go on where the model ends: a name can look like the end of the text.
            if text.running:
                text.take(token, end, most)
        text.enter, text.leave = text.leave - (right + 1) * _BRANCH + 1, text.leave - right * _BRANCH
    return thoughts
