"""The language model that is given to a `CoconutModel` stays as it was until states of few columns are read."""

import torch
from transformers import AutoModelForCausalLM

from coconut_core.columns import Columns
from coconut_core.methods import METHODS
from coconut_core.model import CoconutModel

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks")
FIRST = torch.arange(8)
FEW = FIRST == 7


def described(lm):
    """Everything that could be done to a module from outside: its attributes, their identities, and its hooks."""
    attributes = {name: {key: id(value) for key, value in vars(part).items()} for name, part in lm.named_modules()}
    hooks = {name: [len(getattr(part, kind)) for kind in HOOKS] for name, part in lm.named_modules()}
    return attributes, hooks, lm.config.to_dict(), lm.training


def columns():
    return Columns(FIRST[None] + 7, FIRST[None], FIRST[None], torch.full((1, 8), 100))


def test_a_language_model_is_left_as_it_was_until_few_columns_are_read(tiny_model):
    lm = AutoModelForCausalLM.from_config(tiny_model.lm.config).double().eval()
    weights = {name: value.clone() for name, value in lm.state_dict().items()}
    ids = FIRST[None] + 7
    before, logits = described(lm), lm(ids).logits
    model = CoconutModel(lm, tiny_model.tokenizer)
    model.with_method(METHODS["no_cot"])
    assert described(lm) == before and not model.training
    with torch.no_grad():
        whole, _ = model.extend(None, columns())
        assert described(lm) == before
        few, _ = model.extend(None, columns(), read=FEW)
    torch.testing.assert_close(few[:, 7], whole[:, 7], rtol=0, atol=1e-12)
    # From then on the last layer has hooks, once however often it is used, and passes without `read` are as before.
    with_hooks = described(lm)
    changed = [name for name, part in with_hooks[1].items() if part != before[1][name]]
    assert len(changed) == 1 and changed[0].endswith(".1") and with_hooks[1][changed[0]][:2] == [1, 1]
    with torch.no_grad():
        model.with_method(METHODS["cot"]).extend(None, columns(), read=FEW)
    assert described(lm) == with_hooks
    assert torch.equal(lm(ids).logits, logits)
    assert lm.state_dict().keys() == weights.keys()
    assert all(torch.equal(value, weights[name]) for name, value in lm.state_dict().items())
