"""A batch in parts is the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coconut_core.encoding import EncodedProblem, Encoder
from coconut_core.problems.prosqa.further_questions import further_questions
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.training.curriculum import Curriculum
from coconut_core.training.packing import pack, pack_parts

MARKS = {"thought": 2, "padding": 0}


def gradients(model, parts):
    """Gradients of all parts, each with its share."""
    model.zero_grad()
    for part in parts:
        (model(part).mean * part.share).backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("columns_at_once", [1, 400, 100_000])
def test_gradients_of_parts_add_up_to_those_of_the_batch(tiny_model, columns_at_once):
    encoder, tokens = Encoder(tiny_model.tokenizer), tiny_model.tokens
    problems = sample_problems(SamplerSettings(nodes=(8, 16), hops={2: 0.5, 3: 0.5}), 8, 0)
    rng = np.random.default_rng(0)
    rows = [encoder.problems([p, *(further_questions(p, 1, rng) or [p])]) for p in problems]
    stages = [[{index % 5: 1.0, 0: 0.5}, {3: 2.0}] for index in range(len(rows))]
    marks = {"thought": tokens.thought, "padding": tokens.padding}
    parts = pack_parts(rows, stages, Curriculum(max_stage=3), columns_at_once=columns_at_once, **marks)
    assert (len(parts) == len(rows)) == (columns_at_once == 1) and (len(parts) == 1) == (columns_at_once == 100_000)
    whole = gradients(tiny_model, [pack(rows, stages, Curriculum(max_stage=3), **marks)])
    for name, gradient in gradients(tiny_model, parts).items():
        torch.testing.assert_close(gradient, whole[name], rtol=0, atol=1e-7)
    tiny_model.zero_grad()


@given(
    st.lists(st.tuples(st.integers(2, 60), st.integers(1, 3)), min_size=1, max_size=12),
    st.integers(1, 400),
)
def test_parts_hold_every_row_once_with_less_padding(sizes, columns_at_once):
    rows = [
        [EncodedProblem([10 + index] * length, 5, [[7, 8]] * steps, [9, 1])]
        for index, (length, steps) in enumerate(sizes)
    ]
    stages = [[{0: 1.0 + index}] for index in range(len(rows))]
    curriculum = Curriculum(max_stage=3)
    whole = pack(rows, stages, curriculum, **MARKS)
    parts = pack_parts(rows, stages, curriculum, columns_at_once=columns_at_once, **MARKS)
    assert sum(part.share for part in parts) == pytest.approx(1.0)
    assert sum(part.weights.sum() for part in parts) == pytest.approx(float(whole.weights.sum()))
    found = [int(ids[-1]) for part in parts for ids in part.questions.ids]
    assert sorted(found) == sorted(row[0].question[-1] for row in rows)
    assert sum(part.questions.ids.numel() for part in parts) <= whole.questions.ids.numel()
