"""The curriculum: which stage a sample is trained at, and what a batch of samples looks like at its stages.

Stage s (paper section 3, figure 2; official `dataset.py`) drops the first s reasoning steps of a sample and puts
s * c thoughts in their place, also where the sample has fewer than s steps; beyond the last stage all steps are
dropped and the number of thoughts stays at its maximum. With probability `uniform_prob` a sample's stage is drawn
uniformly from {0, ..., number of steps} instead of taken from the schedule. Methods without stages (`methods.py`) stay
at one: the first, where they keep the steps, or the one beyond the last, where they drop them.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from coconut_core.columns import CONTINUATION, FOREVER, QUESTION, Columns, ColumnWriter, address
from coconut_core.methods import COCONUT, Method


@dataclass(frozen=True)
class EncodedProblem:
    """A problem as token ids."""

    question: list[int]
    """What is encoded once: facts and question, up to and with `<bot>`; without marks, up to the last token but one."""
    opening: int
    """The token that every text after the question and its slots begins with: `<eot>`, or the question's last token."""
    steps: list[list[int]]
    answer: list[int]
    """"### ..." and the end of the text."""


@dataclass(frozen=True)
class Curriculum:
    """The stages of training."""

    max_stage: int
    """Stages that add thoughts; stage `max_stage + 1` drops every step (the official `max_latent_stage`)."""
    method: Method = COCONUT
    thoughts_per_step: int = 1
    """c of the paper."""
    uniform_prob: float = 0.0
    pad_to_max: bool = True
    """Whether the stage without steps thinks the maximum, or only as often as the sample has steps."""
    tokens_per_stage: int = 8
    """iCoT: tokens of reasoning that each stage drops."""

    @property
    def max_thoughts(self) -> int:
        return self.method.slot_count(self.max_stage * self.thoughts_per_step)

    def stage_of_epoch(self, epoch: int, epochs_per_stage: int) -> int:
        """Stage = epoch // epochs_per_stage, and the last one (all steps dropped) from there on.

        With `epochs_per_stage` 0 there is no schedule: every epoch is of the last stage.
        """
        last = self.max_stage + 1
        return self.of_method(last if epochs_per_stage == 0 else min(epoch // epochs_per_stage, last))

    def of_method(self, stage: int) -> int:
        """The stage that the method trains at where `stage` is scheduled."""
        if self.method.staged:
            return stage
        return 0 if self.method.steps == "kept" else self.max_stage + 1

    def draw(self, scheduled: int, steps: int, count: int, rng: random.Random) -> dict[int, float]:
        """`count` independent draws of a sample's stage, weighted by how often each came up.

        One draw is what the official code trains.
        """
        drawn = (rng.randint(0, steps) if rng.random() < self.uniform_prob else scheduled for _ in range(count))
        return {stage: float(times) for stage, times in Counter(drawn).items()}

    def expect(self, scheduled: int, steps: int) -> dict[int, float]:
        """Every stage the sample may be drawn at, weighted by its probability.

        The loss over all of them is the expectation of the loss over `draw`, without its variance, and costs
        little more: the question and the thoughts are computed once.
        """
        weights = {stage: self.uniform_prob / (steps + 1) for stage in range(steps + 1)}
        weights[scheduled] = weights.get(scheduled, 0.0) + 1.0 - self.uniform_prob
        return {stage: weight for stage, weight in weights.items() if weight > 0}

    def thoughts_at(self, stage: int, steps: int) -> int:
        """Thoughts before the text of a sample with `steps` steps."""
        if stage > self.max_stage:
            stage = self.max_stage if self.pad_to_max else min(steps, self.max_stage)
        return self.method.slot_count(stage * self.thoughts_per_step)

    def text_at(self, problem: EncodedProblem, stage: int) -> list[int]:
        """Tokens after the opening: the steps that remain, then the answer."""
        if stage > self.max_stage:
            return problem.answer
        if self.method.steps == "by tokens":
            chain = [token for step in problem.steps for token in step]
            return chain[stage * self.tokens_per_stage :] + problem.answer
        return [token for step in problem.steps[stage:] for token in step] + problem.answer


@dataclass(frozen=True)
class PackedBatch:
    """A batch laid out for one forward: questions, then a column a question for each thought, then continuations."""

    questions: Columns
    begin_columns: Int[Tensor, "question"]
    """Index, among the question columns, of each question's last, `<bot>`."""
    slots: tuple[Columns, ...]
    """Thought 1, 2, ... of every question."""
    continuations: Columns
    labels: Int[Tensor, "batch column"]
    """Next token after each continuation column."""
    weights: Float[Tensor, "batch column"]
    """Weight of each label in the loss; 0 for padding."""
    stage: Int[Tensor, "batch column"]
    is_answer: Int[Tensor, "batch column"]
    """1 where the label belongs to the answer."""

    def to(self, device: torch.device | str) -> "PackedBatch":
        return PackedBatch(
            self.questions.to(device),
            self.begin_columns.to(device),
            tuple(slot.to(device) for slot in self.slots),
            self.continuations.to(device),
            self.labels.to(device),
            self.weights.to(device),
            self.stage.to(device),
            self.is_answer.to(device),
        )


def shared_prefix(questions: Sequence[list[int]]) -> int:
    """Length of the tokens that all questions begin with, leaving each at least its last one."""
    shortest = min(len(question) for question in questions) - 1
    first = questions[0]
    for index in range(shortest):
        if any(question[index] != first[index] for question in questions[1:]):
            return index
    return shortest


def pack(
    rows: Sequence[Sequence[EncodedProblem]],
    stages: Sequence[Sequence[dict[int, float]]],
    curriculum: Curriculum,
    *,
    thought: int,
    padding: int,
) -> PackedBatch:
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
    return PackedBatch(
        questions=questions.columns(),
        begin_columns=torch.arange(1, asked + 1) * block_width + facts_width - 1,
        slots=tuple(slots),
        continuations=continuations.columns(),
        labels=labels,
        weights=weights_of,
        stage=stage_of,
        is_answer=is_answer,
    )
