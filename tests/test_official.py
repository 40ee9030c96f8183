"""Checkpoints of the official code become folders that every command reads."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from coconut_core.checkpoints import load_model
from coconut_core.errors import InputError
from coconut_core.official import import_official
from tests.conftest import make_tiny_model


@pytest.fixture
def base(tmp_path, family):
    """A local base model without thought tokens."""
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel

    inner = Tokenizer(WordLevel({"<eos>": 0, "<<": 1, "Every": 2, "is": 3}, unk_token="<eos>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>").save_pretrained(tmp_path / "base")
    lm = make_tiny_model(family).lm
    lm.resize_token_embeddings(4, mean_resizing=False)
    lm.save_pretrained(tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def trained(base, family):
    """What the official code would hold after training from `base`: three more tokens, other weights."""
    lm = make_tiny_model(family).lm
    lm.resize_token_embeddings(7, mean_resizing=False)
    torch.manual_seed(5)
    for weight in lm.parameters():
        weight.data.normal_()
    return lm


def official_state(lm):
    state = {f"base_causallm.{name}": value for name, value in lm.state_dict().items()}
    state["embedding.weight"] = lm.get_input_embeddings().weight.data
    state["base_causallm.transformer.h.0.attn.bias"] = torch.ones(1, 1, 8, 8)
    return state


def test_an_official_state_dict_becomes_a_folder(tmp_path, base, trained):
    torch.save(official_state(trained), tmp_path / "checkpoint_50")
    import_official(tmp_path / "checkpoint_50", base, tmp_path / "out", thoughts_per_step=2, max_stage=3)
    loaded = load_model(tmp_path / "out")
    model = loaded.model
    for (name, ours), theirs in zip(model.lm.named_parameters(), trained.parameters(), strict=True):
        assert torch.equal(ours, theirs), name
    assert (model.tokens.begin, model.tokens.end, model.tokens.thought) == (4, 5, 6)
    assert loaded.max_thoughts == 6 and loaded.card["imported"]["file"] == "checkpoint_50"


def test_a_state_dict_of_another_model_is_refused(tmp_path, base, trained):
    state = official_state(trained)
    del state[next(name for name in state if "layers.1" in name or "h.1" in name)]
    torch.save(state, tmp_path / "checkpoint_50")
    with pytest.raises(InputError, match="does not fit the base model"):
        import_official(tmp_path / "checkpoint_50", base, tmp_path / "out", thoughts_per_step=1, max_stage=6)
    assert not (tmp_path / "out").exists()


class Payload:
    def __reduce__(self):
        return print, ("run by unpickling",)


@pytest.mark.parametrize("content", [Payload(), {"weights": [1, 2]}])
def test_a_pickle_of_anything_else_is_refused(tmp_path, base, content, capsys):
    torch.save(content, tmp_path / "evil")
    with pytest.raises(InputError, match="state dict"):
        import_official(tmp_path / "evil", base, tmp_path / "out", thoughts_per_step=1, max_stage=6)
    assert "run by" not in capsys.readouterr().out


def test_a_missing_or_truncated_file_is_named(tmp_path, base):
    (tmp_path / "half").write_bytes(b"PK\x03\x04half")
    for name in ("half", "absent"):
        with pytest.raises(InputError, match=name):
            import_official(tmp_path / name, base, tmp_path / "out", thoughts_per_step=1, max_stage=6)
