"""What is fed into slots: the contents themselves, and models that feed them."""

import subprocess
import sys

import pytest
import torch

from coconut_core.encoding import Encoder, pad_left
from coconut_core.methods import METHODS, Method
from coconut_core.slots import CONTENTS, SlotContent

CONTENT_OF = {
    "cot": None,
    "no_cot": None,
    "icot": None,
    "no_thought": None,
    "pause_token": "pause",
    "pause_as_thought": "pause",
    "pause_multi_pass": "pause",
    "coconut": "thought",
    "no_curriculum": "thought",
}


def test_a_thought_is_the_state_itself_with_its_gradient():
    states = torch.randn(2, 3, 4, requires_grad=True)
    fed = CONTENTS["thought"].fed(states, torch.randn(4))
    assert torch.equal(fed, states)
    fed.square().sum().backward()
    torch.testing.assert_close(states.grad, 2 * states.detach())


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_a_pause_is_one_embedding_whatever_the_states(shape):
    pause = torch.randn(4, requires_grad=True)
    fed = CONTENTS["pause"].fed(torch.randn(shape), pause)
    assert fed.shape == shape and all(torch.equal(each, pause) for each in fed.reshape(-1, 4))
    fed.sum().backward()
    assert torch.equal(pause.grad, torch.full((4,), float(fed.numel() // 4)))


def test_every_method_has_the_slots_that_it_names():
    assert CONTENT_OF.keys() == METHODS.keys()
    for name, method in METHODS.items():
        content = CONTENT_OF[name]
        assert (method.has_slots, method.has_thoughts) == (content is not None, content == "thought"), name
        assert method.slot_count(5) == (0 if content is None else 5)


@pytest.mark.parametrize("name", [name for name, content in CONTENT_OF.items() if content])
def test_a_model_feeds_the_content_of_its_method(tiny_model, name):
    model, states = tiny_model.with_method(METHODS[name]), torch.randn(2, 3, 32).double()
    pause = model.lm.get_input_embeddings().weight[model.tokens.thought]
    expected = states if CONTENT_OF[name] == "thought" else pause.expand(2, 3, 32)
    assert torch.equal(model.slot_content(states), expected)


def test_a_new_content_is_a_function_and_a_row(tiny_model, problems, monkeypatch):
    """Slots that hold the state turned round, against plain passes over the same embeddings."""
    monkeypatch.setitem(CONTENTS, "turned", SlotContent(lambda states, pause: -states, follows_states=True))
    method = Method("turned", "Turned", "by stages", "turned", marks=True, passes="many")
    assert method.has_slots and method.has_thoughts
    model = tiny_model.with_method(method)
    (question,) = Encoder(model.tokenizer, method).questions([problems[0].question])
    states = model.think(*pad_left([question], 0), 3).states[0]
    embeddings = model.lm.get_input_embeddings()(torch.tensor([question.ids]))
    for state in states:
        out = model.lm(inputs_embeds=embeddings, output_hidden_states=True, use_cache=False)
        last = out.hidden_states[-1][:, -1:]
        torch.testing.assert_close(state, last[0, 0], rtol=0, atol=1e-10)
        embeddings = torch.cat([embeddings, -last], 1)


def test_methods_are_read_without_torch():
    script = "import sys, coconut_core.methods, coconut_core.card; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
