"""Lenses on thoughts of which it is known what they hold, and the Jacobian against differences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.figures.representation.lenses import lenses
from analyses.readings.representation.lenses import jacobian_rows
from analyses.readings.study import Study
from analyses.readings.values import usual_opening
from coconut_core.encoding import Encoder
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.registry import task_of
from tests.conftest import make_tiny_model

# Two thoughts are enough to see whether the second holds the second step.
THOUGHTS = 2


@pytest.fixture(scope="module")
def found():
    problems = sample_problems(SamplerSettings(nodes=(7, 9), hops={2: 1.0, 3: 1.0}), 8, seed=4)
    checkpoint = replace(known_checkpoint("known_bfs"), card={"known": "known_bfs", "max_thoughts": THOUGHTS})
    return lenses(Study([("known_bfs", checkpoint)], problems))


def test_the_frontier_of_a_search_is_first_by_both_lenses(found):
    own = found.frame()[found.frame()["subject"] == found.label]
    rank = own.set_index(["lens", "thought", "class"])["rank"].sort_index()
    for lens in ("logit", "jacobian"):
        for thought in (1, 2):
            of = rank[lens, thought]
            # Nodes of the frontier share the first ranks; what a thought does not hold shares the last ones.
            assert of["frontier"] > 0.8 > of["not reachable"] and of["frontier"] > of["after it"]
    assert "Untrained" in found.caption() and len(found.figure().data) == 2 * (4 + 1)


def test_a_row_of_the_jacobian_is_what_a_small_step_changes(problems):
    model = make_tiny_model("gpt2").double()  # parts of Llama stay in float32
    problem = next(problem for problem in problems if problem.depth.get(problem.target, 0) >= 1)
    encoder, task = Encoder(model.tokenizer, model.method), task_of([problem])
    token = encoder.first_tokens([problem.target_name], task.opening(problem, 1, usual_opening(task, None)))[0]
    row = jacobian_rows(model, [problem], [token], 2)[token]
    direction = torch.randn(len(row), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    difference = _logit(model, problem, token, direction * 1e-4) - _logit(model, problem, token, -direction * 1e-4)
    assert float(row @ direction) == pytest.approx(difference / 2e-4, rel=1e-3, abs=1e-6)
    assert np.abs(row.numpy()).max() > 0


def _logit(model, problem, token, move):
    """Through the definition in plain passes: the text with its slots' vectors, the second one moved."""
    task, encoder = task_of([problem]), Encoder(model.tokenizer, model.method)
    question = encoder.questions([problem.question])[0]
    opening = encoder.texts([task.opening(problem, 2, usual_opening(task, None))])[0]
    embed = model.lm.get_input_embeddings()
    vectors = embed(torch.tensor([question.ids]))
    with torch.inference_mode():
        for k in (1, 2):
            last = model.lm(inputs_embeds=vectors, output_hidden_states=True).hidden_states[-1][:, -1:]
            vectors = torch.cat([vectors, last + (move if k == 2 else 0)], 1)
        vectors = torch.cat([vectors, embed(torch.tensor([[question.opening, *opening]]))], 1)
        return float(model.lm(inputs_embeds=vectors).logits[0, -1, token])
