"""Stages, their probabilities, and the layout of a batch."""

import random
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coconut_core.columns import visible
from coconut_core.encoding import EncodedProblem
from coconut_core.training.config_files import load_config
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.packing import pack, shared_prefix

QUESTION = [10, 11, 12, 13, 1]
"""Ends in <bot> = 1; 2 is the slot, 3 is <eot>, 0 pads, 9 ends the text."""
PROBLEM = EncodedProblem(QUESTION, opening=3, steps=[[20, 21], [22, 23]], answer=[30, 9])


def layout(stage, curriculum=None, problem=PROBLEM):
    """A sample at a stage as readable tokens: input, and the labels where there is a loss."""
    curriculum = curriculum or Curriculum(max_stage=3)
    batch = pack([[problem]], [[{stage: 1.0}]], curriculum, thought=2, padding=0)
    slots = [slot.ids[0] for slot in batch.slots]
    tokens = torch.cat([batch.questions.ids[0], *slots, batch.continuations.ids[0]]).tolist()
    masked = [None] * (batch.questions.width + len(slots))
    read = batch.weights[0] > 0
    labels = [int(label) if on else None for label, on in zip(batch.labels[0], read, strict=True)]
    return tokens, masked + labels


@pytest.mark.parametrize(
    ("stage", "tokens", "labels"),
    [
        (0, [*QUESTION, 3, 20, 21, 22, 23, 30], [None] * 5 + [20, 21, 22, 23, 30, 9]),
        (1, [*QUESTION, 2, 3, 22, 23, 30], [None] * 6 + [22, 23, 30, 9]),
        (2, [*QUESTION, 2, 2, 3, 30], [None] * 7 + [30, 9]),
        # More thoughts than the sample has steps, as in the official code.
        (3, [*QUESTION, 2, 2, 2, 3, 30], [None] * 8 + [30, 9]),
        # Beyond the last stage the number of thoughts stays at its maximum.
        (4, [*QUESTION, 2, 2, 2, 3, 30], [None] * 8 + [30, 9]),
    ],
)
def test_layout_of_every_stage(stage, tokens, labels):
    assert layout(stage) == (tokens, labels)


def test_layout_with_two_thoughts_a_step():
    tokens, _ = layout(1, Curriculum(max_stage=3, thoughts_per_step=2))
    assert tokens == [*QUESTION, 2, 2, 3, 22, 23, 30]


def test_without_padding_to_the_maximum_thoughts_are_as_many_as_steps():
    tokens, _ = layout(4, Curriculum(max_stage=3, pad_to_max=False))
    assert tokens == [*QUESTION, 2, 2, 3, 30]


def test_stage_of_epoch():
    curriculum = Curriculum(max_stage=6)
    assert [curriculum.stage_of_epoch(epoch, 5) for epoch in (0, 4, 5, 34, 35, 49)] == [0, 0, 1, 6, 7, 7]
    assert curriculum.stage_of_epoch(0, 0) == 7


@given(u=st.floats(0, 1), steps=st.integers(0, 6), scheduled=st.integers(0, 7))
def test_expectation_is_a_distribution(u, steps, scheduled):
    weights = Curriculum(max_stage=6, uniform_prob=u).stage_probabilities(scheduled, steps)
    assert sum(weights.values()) == pytest.approx(1)
    assert all(0 <= stage <= max(steps, scheduled) for stage in weights)


def test_draws_follow_the_expectation():
    curriculum, rng = Curriculum(max_stage=6, uniform_prob=0.3), random.Random(0)
    counts = Counter()
    for _ in range(4_000):
        counts.update(curriculum.draw(7, 3, 2, rng))
    expected = curriculum.stage_probabilities(7, 3)
    assert counts.keys() == expected.keys()
    for stage, weight in expected.items():
        assert counts[stage] / 8_000 == pytest.approx(weight, abs=0.02)


def test_without_mixing_the_schedule_decides():
    curriculum = Curriculum(max_stage=6)
    assert curriculum.stage_probabilities(2, 5) == {2: 1.0} == curriculum.draw(2, 5, 1, random.Random(0))


def test_questions_see_the_facts_and_not_each_other():
    """Two questions about the same facts: a token sees exactly what it would see alone."""
    first = EncodedProblem([10, 11, 12, 40, 41, 1], 3, [[20]], [30, 9])
    second = EncodedProblem([10, 11, 12, 50, 1], 3, [[21]], [31, 9])
    assert shared_prefix([first.question, second.question]) == 3
    stages = [{0: 0.5, 1: 0.5}, {1: 1.0}]
    batch = pack([[first, second]], [stages], Curriculum(max_stage=2), thought=2, padding=0)
    whole = batch.questions
    for slot in batch.slots:
        whole = whole.then(slot)
    whole = whole.then(batch.continuations)
    seen = visible(whole, whole)[0]

    def sees(column):
        return sorted(whole.ids[0][seen[column]].tolist())

    alone = [sorted(line) for line in ([*first.question, 3, 20, 30], [*first.question, 2, 3, 30])]
    other = sorted([*second.question, 2, 3, 31])
    answers = [index for index, token in enumerate(whole.ids[0].tolist()) if token in (30, 31)]
    assert [sees(column) for column in answers] == [*alone, other]
    assert whole.position[0][answers].tolist() == [8, 8, 7]


@given(lengths=st.lists(st.integers(1, 5), min_size=2, max_size=4), seed=st.integers(0, 99))
def test_padding_is_seen_by_nobody(lengths, seed):
    rng = random.Random(seed)
    rows = [[EncodedProblem([rng.randint(10, 99) for _ in range(n)] + [1], 3, [[20]], [30, 9])] for n in lengths]
    batch = pack(rows, [[{1: 1.0}]] * len(rows), Curriculum(max_stage=1), thought=2, padding=0)
    seen = visible(batch.questions, batch.questions)
    for row, n in enumerate(lengths):
        padding = batch.questions.width - n - 1
        assert not seen[row, padding:, :padding].any()
        assert seen[row].sum() == padding + (n + 1) * (n + 2) // 2


def test_gsm8k_has_three_stages_and_one_more_that_keeps_all_thoughts():
    """The schedule of the paper: c = 2, three epochs a stage; from the fourth stage on no text is left."""
    config = load_config(Path(__file__).parents[1] / "configs" / "gsm8k_paper.yaml")
    assert [config.stage_of_epoch(epoch) for epoch in range(config.resume, config.epochs)] == [
        *[1] * 3,
        *[2] * 3,
        *[3] * 3,
        *[4] * 13,
    ]
    curriculum = config.curriculum_of_epoch(0)
    five_steps = EncodedProblem([1], 2, [[10], [11], [12], [13], [14]], [99])
    assert [curriculum.thoughts_at(stage, 5) for stage in range(5)] == [0, 2, 4, 6, 6]
    assert [curriculum.text_at(five_steps, stage) for stage in (2, 3, 4)] == [[12, 13, 14, 99], [13, 14, 99], [99]]
    assert curriculum.thoughts_at(4, 1) == 6, "the number of thoughts must not tell the number of steps"


def test_the_laptop_family_goes_through_the_same_stages_in_its_worlds():
    folder = Path(__file__).parents[1] / "configs"
    for name, thoughts in (("gsm8k_laptop", 3), ("gsm8k_laptop_two_thoughts", 6), ("gsm8k_laptop_no_thought", 0)):
        config = load_config(folder / f"{name}.yaml")
        stages = [config.stage_of_epoch(epoch) for epoch in range(config.epochs)]
        assert stages == [*[1] * 2, *[2] * 2, *[3] * 2, *[4] * 6]
        assert config.curriculum_of_epoch(0).thoughts_at(4, 2) == thoughts
    base = load_config(folder / "gsm8k_laptop_base.yaml")
    assert {base.stage_of_epoch(epoch) for epoch in range(base.epochs)} == {0}
