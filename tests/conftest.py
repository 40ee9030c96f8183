"""Shared by all tests: two tiny random models, a few problems, and the official files where they are present."""

import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

# Processes that share the cores compute with one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# An example may take longer where others compute beside it; what has to be fast has a test of its own.
settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")

APP = Path(__file__).parents[1] / "app.py"
OFFICIAL_DATA = "COCONUT_OFFICIAL_DATA"
"""The environment variable that names the folder of the official files; without it, shared/data beside the clone."""


def pytest_sessionstart(session):
    """Import the libraries before the modules that jaxtyping checks.

    While a checked module is imported, jaxtyping replaces the place of cached bytecode for everything imported
    meanwhile, so that the libraries would be compiled from source, ten seconds in every process.
    """
    if session.config.getoption("numprocesses", None):
        return  # this process hands out tests and runs none
    models = (f"transformers.models.{each}" for each in ("auto", "gpt2.modeling_gpt2", "llama.modeling_llama"))
    for library in ("accelerate", "networkx", "pandas", "plotly.subplots", "streamlit", *models):
        import_module(library)


def pytest_collection_modifyitems(items):
    """The tests in a browser take longest and begin; the app's files, of seconds each, end, so that no worker waits."""
    items.sort(key=lambda item: (not item.get_closest_marker("browser"), item.path.parent.name == "app"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out whole files, which share fixtures, in order; those of the browser, which share a server, to one worker.

    Groups of xdist 3.8 (`--dist loadgroup`) are lost in pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = Path(nodeid.partition("::")[0])
            return str(file.parent if file.parent.name == "browser" else file)

    config.option.loadscopereorder = False
    return Files(config, log)


def official_file(place: str) -> Path:
    """A file of the official data, which are not part of the project.

    Without it a test is skipped, or fails where the environment variable promised the file.
    """
    named = os.environ.get(OFFICIAL_DATA)
    path = (Path(named) if named else APP.parents[1] / "shared" / "data") / place
    if not path.is_file():
        (pytest.fail if named else pytest.skip)(f"{path} is missing: {OFFICIAL_DATA} names the folder of {place}")
    return path


@pytest.fixture(scope="session")
def official_prosqa() -> Path:
    """The official ProsQA validation file."""
    return official_file("prosqa/prosqa_valid.json")


@pytest.fixture(scope="session")
def official_prontoqa() -> Path:
    """The official ProntoQA validation file."""
    return official_file("prontoqa/prontoqa_valid.json")


@pytest.fixture(scope="session")
def official_gsm8k() -> Path:
    """The official GSM8k test file."""
    return official_file("gsm8k/gsm_test.json")


@pytest.fixture(scope="session", params=["llama", "gpt2"])
def family(request) -> str:
    return request.param


SHAPES = {
    "llama_grouped": ("LlamaConfig", {}),
    "mistral": ("MistralConfig", {"sliding_window": 9}),
    "qwen3": ("Qwen3Config", {"head_dim": 8}),
    "gemma3": (
        "Gemma3TextConfig",
        {"head_dim": 8, "sliding_window": 9, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "gpt_neox": ("GPTNeoXConfig", {"is_decoder": True}),
}
"""Families that `ModelShape` does not have: their configs, and what is theirs alone. Query heads share key and value
heads in groups, but for GPT-NeoX; windows are shorter than questions."""
every_family = pytest.mark.parametrize("family", ["llama", "gpt2", *SHAPES], indirect=True)
"""For tests against `definition.py`: all families that are tried."""
every_shape = pytest.mark.parametrize("family", ["llama", "gpt2", "llama_grouped"], indirect=True)
"""For what needs to know a family's parts: those that this package trains and reads."""
FLOAT32_LOSS = {"rtol": 0, "atol": 2e-6, "check_dtype": False}
"""For losses against `definition.py` in float64: `CoconutModel` rounds logits to float32 and takes the cross-entropy of
these, up to 10 here, so that they differ by up to 9e-7."""


@pytest.fixture(scope="session")
def tiny_model(family):
    """A random model in float64, word-level, of each family. Read only."""
    return make_tiny_model(family).double()


@pytest.fixture(scope="session")
def tiny_llama():
    """A random model in float32. Read only."""
    return make_tiny_model("llama")


def make_tiny_model(family: str):
    import torch

    from coconut_core.training.config import RunConfig, World
    from coconut_core.training.initial_model import initial_model
    from coconut_core.training.shape import ModelShape

    if family in SHAPES:
        return make_shape(family, make_tiny_model("llama").tokenizer)
    torch.manual_seed(0)
    # A large spread of weights makes differences between branches visible at once.
    shape = ModelShape(family=family, layers=2, width=32, heads=2, feed_forward=64, initial_std=0.3)
    return initial_model(RunConfig(name="tiny", model=shape, worlds=(World(epochs=1),))).eval()


def make_shape(family: str, tokenizer):
    """A random model of one of `SHAPES`."""
    import torch
    import transformers

    from coconut_core.model import CoconutModel

    torch.manual_seed(0)
    kind, own = SHAPES[family]
    config = getattr(transformers, kind)(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **own,
    )
    return CoconutModel(transformers.AutoModelForCausalLM.from_config(config), tokenizer).eval()


@pytest.fixture(scope="session")
def tiny_loaded(tiny_llama):
    """The same model as a checkpoint of which nothing else is known. Read only."""
    from coconut_core.checkpoints import Checkpoint

    return Checkpoint(tiny_llama)


@pytest.fixture(scope="session")
def problems():
    """Twelve problems of a small world, of unequal lengths."""
    from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

    return sample_problems(SamplerSettings(nodes=(7, 12), hops={2: 0.5, 3: 0.5}), 12, seed=7)


@pytest.fixture(scope="session")
def split_names_model(tiny_model):
    """A model whose tokenizer splits names into pieces that several names share, in float64. Read only."""
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
    lm = copy.deepcopy(tiny_model.lm)
    lm.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return CoconutModel(lm, tokenizer).eval()


@pytest.fixture(scope="session")
def tiny_run():
    """A run of seconds: a few steps of a tiny model on a tiny world."""
    from coconut_core.problems.prosqa.sampler import SamplerSettings
    from coconut_core.training.config import RunConfig, World
    from coconut_core.training.shape import ModelShape

    return RunConfig(
        name="tiny",
        model=ModelShape(layers=1, width=16, heads=2, feed_forward=16),
        worlds=(World(epochs=2, problems=SamplerSettings(nodes=(5, 7), hops={1: 0.5, 2: 0.5})),),
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
    """The folder of a finished run of seconds, which one worker trains for all. Read only."""
    from coconut_core.training.loop import train

    base = tmp_path_factory.getbasetemp()
    runs = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "runs"
    with FileLock(f"{runs}.lock"):  # a finished run is left as it is
        return train(replace(tiny_run, save_path=str(runs)), "coconut train tiny.yaml", quiet=True)
