"""Batches: samples at their stages, laid out as token trees for one forward pass (`columns.py`).

A batch may be laid out in parts, rows of about the same length together. Gradients of the parts, each weighted by its
share, add up to those of the whole, with less padding and in the memory that one part needs.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from os.path import commonprefix

import numpy as np
import torch

from coconut_core.columns import CONTINUATION, FOREVER, QUESTION, ColumnWriter, PackedBatch, address
from coconut_core.encoding import EncodedProblem
from coconut_core.training.curriculum import Curriculum

Rows = Sequence[Sequence[EncodedProblem]]
"""Problems that share their facts, a row of them for each text."""
Stages = Sequence[Sequence[dict[int, float]]]
"""The stages to score of each problem of each row, with their weights."""


def shared_prefix(questions: Sequence[list[int]]) -> int:
    """Length of the tokens that all questions begin with, leaving each at least its last one."""
    return min(len(commonprefix(questions)), *(len(question) - 1 for question in questions))


def pack_parts(
    rows: Rows, stages: Stages, curriculum: Curriculum, *, columns_at_once: int, thought: int, padding: int
) -> list[PackedBatch]:
    """The batch that `pack` lays out, in parts of about `columns_at_once` columns, or of one row if that has more.

    Every weight of a label is that of the whole batch; `share` is the part's share of their sum.
    """
    lengths = [_length(row, drawn, curriculum) for row, drawn in zip(rows, stages, strict=True)]
    count = min(len(rows), math.ceil(len(rows) * max(lengths) / columns_at_once))
    parts = [
        pack([rows[i] for i in part], [stages[i] for i in part], curriculum, thought=thought, padding=padding)
        for part in np.array_split(np.argsort(lengths, kind="stable"), count)
    ]
    weights = [float(part.weights.sum()) for part in parts]
    return [replace(part, share=weight / sum(weights)) for part, weight in zip(parts, weights, strict=True)]


def _length(row: Sequence[EncodedProblem], drawn: Sequence[dict[int, float]], curriculum: Curriculum) -> int:
    """Columns of a row: its facts once, every question, every text to be scored."""
    shared = shared_prefix([problem.question for problem in row])
    texts = sum(len(curriculum.text_at(p, stage)) for p, of in zip(row, drawn, strict=True) for stage in of)
    return shared + sum(len(problem.question) - shared for problem in row) + texts


def pack(rows: Rows, stages: Stages, curriculum: Curriculum, *, thought: int, padding: int) -> PackedBatch:
    """Lay out rows of problems that share their facts; `stages[row][problem]` weighs the stages to score.

    Every row must ask the same number of questions. Facts and questions are padded on the left, so that the
    questions' ends, and with them the thoughts, are aligned across the batch.
    """
    asked = len(rows[0])
    shared = [shared_prefix([problem.question for problem in row]) for row in rows]
    facts_width = max(shared)
    block_width = max(len(p.question) - cut for row, cut in zip(rows, shared, strict=True) for p in row)
    width = facts_width + asked * block_width
    questions = ColumnWriter(len(rows), width, padding)
    begin = [[len(problem.question) - 1 for problem in row] for row in rows]
    for index, (row, cut) in enumerate(zip(rows, shared, strict=True)):
        questions.write(index, facts_width - cut, row[0].question[:cut], 0, -QUESTION, FOREVER)
        for asked_index, problem in enumerate(row):
            own = problem.question[cut:]
            start = facts_width + (asked_index + 1) * block_width - len(own)
            questions.write(index, start, own, cut, address(asked_index), address(asked_index + 1) - 1)

    most = max(
        curriculum.thoughts_at(stage, len(problem.steps))
        for row, drawn in zip(rows, stages, strict=True)
        for problem, weights in zip(row, drawn, strict=True)
        for stage in weights
    )
    slots = []
    for k in range(1, most + 1):
        slot = ColumnWriter(len(rows), asked, padding)
        for index in range(len(rows)):
            for asked_index, at in enumerate(begin[index]):
                enter, leave = address(asked_index, k), address(asked_index + 1) - 1
                slot.write(index, asked_index, [thought], at + k, enter, leave)
        slots.append(slot.columns())

    texts = [
        [
            (
                asked_index,
                stage,
                weight,
                [problem.opening, *curriculum.text_at(problem, stage)],
                len(problem.answer),
            )
            for asked_index, problem in enumerate(row)
            for stage, weight in stages[index][asked_index].items()
        ]
        for index, row in enumerate(rows)
    ]
    width = max(sum(len(text[3]) - 1 for text in row) for row in texts)
    continuations = ColumnWriter(len(rows), width, padding)
    labels = torch.zeros((len(rows), width), dtype=torch.long)
    stage_of, is_answer, weights_of = (
        torch.zeros_like(labels),
        torch.zeros_like(labels),
        torch.zeros(labels.shape),
    )
    for index, row in enumerate(texts):
        start = 0
        for continuation, (asked_index, stage, weight, text, answer_length) in enumerate(row):
            thoughts = curriculum.thoughts_at(stage, len(rows[index][asked_index].steps))
            stop = start + len(text) - 1
            enter = address(asked_index, thoughts, continuation)
            position = begin[index][asked_index] + thoughts + 1
            continuations.write(index, start, text[:-1], position, enter, enter + CONTINUATION - 1)
            labels[index, start:stop] = torch.tensor(text[1:])
            weights_of[index, start:stop] = weight
            stage_of[index, start:stop] = stage
            is_answer[index, stop - answer_length : stop] = 1
            start = stop
    laid_out = continuations.columns()
    return PackedBatch(
        questions=questions.columns(),
        begin_columns=torch.arange(1, asked + 1) * block_width + facts_width - 1,
        slots=tuple(slots),
        continuations=laid_out,
        labels=labels,
        weights=weights_of,
        stage=stage_of,
        is_answer=is_answer,
        longest=int(laid_out.position.max()) + 1,
    )
