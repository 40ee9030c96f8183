"""Shared by all tests: two tiny random models, a few problems, and the official file where it is present."""

from dataclasses import replace
from pathlib import Path

import pytest

APP = Path(__file__).parents[1] / "app.py"
OFFICIAL_PROSQA = Path(__file__).parents[2] / "shared" / "data" / "prosqa" / "prosqa_valid.json"


@pytest.fixture(scope="session")
def official_prosqa() -> Path:
    """The official ProsQA validation file, which is not part of the project."""
    if not OFFICIAL_PROSQA.is_file():
        pytest.skip("the official ProsQA validation file is not on this machine")
    return OFFICIAL_PROSQA


@pytest.fixture(scope="session", params=["llama", "gpt2"])
def family(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def tiny_model(family):
    """A random model in float64, word-level, of either family. Read only."""
    return make_tiny_model(family).double()


@pytest.fixture(scope="session")
def tiny_llama():
    """A random model in float32. Read only."""
    return make_tiny_model("llama")


def make_tiny_model(family: str):
    import torch

    from coconut_core.checkpoints import initial_model
    from coconut_core.training.config import ModelShape, RunConfig, World

    torch.manual_seed(0)
    # A large spread of weights makes differences between branches visible at once.
    shape = ModelShape(family=family, layers=2, width=32, heads=2, feed_forward=64, initial_std=0.3)
    return initial_model(RunConfig(name="tiny", model=shape, worlds=(World(epochs=1),))).eval()


@pytest.fixture(scope="session")
def problems():
    """Twelve problems of a small world, of unequal lengths."""
    from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

    return sample_problems(SamplerSettings(nodes=(7, 12), hops={2: 0.5, 3: 0.5}), 12, seed=7)


@pytest.fixture(scope="session")
def split_names_model(tiny_llama):
    """A model whose tokenizer splits names into pieces that several names share, in float64."""
    import copy

    from tokenizers import Regex, Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    from coconut_core.model import CoconutModel
    from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES

    split = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"###|[.?]|.{1,3}"), "isolated")]
    )
    texts = ["Every is a . Is or ? ###", *PERSONS, *SPECIES]
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    specials = ["<pad>", "<eos>", "<|start-latent|>", "<|latent|>", "<|end-latent|>"]
    vocabulary = {piece: index for index, piece in enumerate([*specials, *sorted(pieces)])}
    inner = Tokenizer(WordLevel(vocabulary, unk_token="<pad>"))
    inner.pre_tokenizer = split
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", extra_special_tokens=specials[2:]
    )
    lm = copy.deepcopy(tiny_llama.lm)
    lm.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return CoconutModel(lm, tokenizer).double().eval()


@pytest.fixture(scope="session")
def tiny_run():
    """A run of seconds: a few steps of a tiny model on a tiny world."""
    from coconut_core.training.config import ModelShape, RunConfig, World

    return RunConfig(
        name="tiny",
        model=ModelShape(layers=1, width=16, heads=2, feed_forward=16),
        worlds=(World(epochs=2, nodes=(5, 7), hops={1: 0.5, 2: 0.5}),),
        samples_per_epoch=32,
        batch_size_training=8,
        questions_per_text=2,
        stages_per_sample=2,
        max_latent_stage=3,
        epochs_per_stage=1,
        uniform_prob=0.3,
        lr=1e-2,
        log_every=2,
        validation_problems=6,
    )


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory, tiny_run) -> Path:
    """The folder of a finished run of seconds. Read only."""
    from coconut_core.training.loop import train

    folder = tmp_path_factory.mktemp("runs")
    return train(replace(tiny_run, save_path=str(folder)), "coconut train tiny.yaml", quiet=True)
