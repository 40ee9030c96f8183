"""The TransformerLens view against the model itself."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.figures.one_problem.lens import lens
from analyses.figures.one_problem.thought_space import thought_space
from analyses.readings.transformer_lens_view import bridge, thoughts_in_place, with_slots
from coconut_core.encoding import Encoder, pad_left
from coconut_core.errors import InputError
from coconut_core.methods import METHODS
from coconut_core.problems.problem import Problem
from coconut_core.problems.prosqa.problem import ProsqaProblem


def test_the_view_computes_what_the_model_does(tiny_model, problems, family):
    # Parts of the Llama bridge compute in float32, whatever it is given.
    model = tiny_model if family == "gpt2" else copy.deepcopy(tiny_model).float()
    questions = Encoder(model.tokenizer).questions([p.question for p in problems[:4]])
    ids, mask = pad_left(questions, model.tokens.padding)
    assert mask.min() == 0, "padding must matter"
    with torch.no_grad():
        states = model.think(ids, mask, 4).states
        longer, longer_mask = with_slots(model, ids, mask, 3)
        view = bridge(model)
        with thoughts_in_place(view, longer, states[:, :3]):
            _, cache = view.run_with_cache(longer, attention_mask=longer_mask)
    seen = cache["ln_final.hook_out"][:, ids.shape[1] - 1 :]
    torch.testing.assert_close(seen, states, rtol=0, atol=1e-10 if family == "gpt2" else 1e-5)


def test_the_model_is_left_as_it_was(tiny_model, tmp_path):
    before = {name: value.clone() for name, value in tiny_model.lm.state_dict().items()}
    bridge(tiny_model)
    after = tiny_model.lm.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    assert tiny_model.lm.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("method", ["coconut", "pause_as_thought"])
def test_the_last_layer_of_the_lens_is_the_thought_itself(tiny_llama, problems, method):
    model = tiny_llama.with_method(METHODS[method])
    found = lens(model, problems[0], 3)
    question = Encoder(model.tokenizer, model.method).questions([problems[0].question])
    with torch.no_grad():
        states = model.think(*pad_left(question, 0), 3).states[0]
        probability, token = model.logits(states).softmax(-1).topk(2)
    last = found.frame().query("layer == 2 and rank <= 2")
    assert last["word"].tolist() == [model.tokenizer.decode([int(t)]) for t in token.flatten()]
    assert last["probability"].tolist() == pytest.approx(probability.flatten().tolist(), abs=1e-4)
    assert found.norm == pytest.approx(states.norm(dim=-1).numpy(), abs=1e-4)
    assert found.figure().data and found.cosine.diagonal() == pytest.approx(1, abs=1e-5)


def test_the_cosines_of_many_thoughts_stand_below_their_words(tiny_llama, problems):
    few, many = (lens(tiny_llama, problems[0], count).figure() for count in (7, 12))
    assert few.layout.xaxis2.domain[0] > few.layout.xaxis.domain[1]
    assert many.layout.yaxis2.domain[1] < many.layout.yaxis.domain[0] and many.layout.height > few.layout.height


def test_thoughts_on_one_spot_share_a_label(tiny_llama, problems):
    space = thought_space(tiny_llama, problems[0], problems[1:4], 5)
    path = np.array([[[0, 0], [3, 1], [3, 1], [0.01, 0], [3, 9]]])
    (labels,) = (trace.text for trace in replace(space, path=path).figure().data if trace.text and "1, 4" in trace.text)
    assert list(labels) == ["1, 4", "2, 3", "", "", "5"]


def test_a_name_may_look_like_a_slot(tiny_llama):
    text = "Tom is a <|latent|>. Every <|latent|> is a rompus. Bob is a wumpus. Is Tom a wumpus or rompus?"
    assert lens(tiny_llama, ProsqaProblem.from_text(text), 3).norm.shape == (3,)


def test_the_lens_needs_no_graph(tiny_llama, problems):
    """Thoughts on a question without a graph are seen as those on the same question with one."""
    plain = Problem(problems[0].question, problems[0].answer, problems[0].steps)
    assert lens(tiny_llama, plain, 3).frame().equals(lens(tiny_llama, problems[0], 3).frame())


def test_a_model_without_slots_has_no_thoughts_to_show(tiny_llama, problems):
    model = tiny_llama.with_method(METHODS["no_cot"])
    with pytest.raises(InputError, match="no_cot has no thoughts"):
        lens(model, problems[0])
