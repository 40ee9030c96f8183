"""Tokenizers and language models from local folders that anybody may have written. No code of a folder is run.

Before anything is built, the config is held against the weights beside it: it cannot describe a model of many more
numbers than these are, so what a folder takes in memory is bounded by the size of its files.
"""

import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from coconut_core.errors import InputError
from coconut_core.problems.records import shown
from coconut_core.reading import read_json

LARGEST_SIZE = 1 << 20
"""Of any size in a config, such as a vocabulary, but for positions, which need no numbers of their own."""
MOST_LAYERS = 256
"""The library builds each layer as an object of its own, some milliseconds each; the largest models have half of it."""
MOST_PARTS = 1 << 10
"""Of heads, experts or labels."""
_POSITIONS = re.compile("position|rope|theta|rotary|seq|length|window|ctx")
_PARTS = re.compile("layer|head|expert|label|group")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_OFFLINE = {"local_files_only": True, "trust_remote_code": False}


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder, tried on a text; `InputError` if it cannot be read or used."""
    _require_plain(folder)
    path = folder / "tokenizer.json"
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **_OFFLINE)
        tokenizer.decode(tokenizer(["Every terpus is a lempus."], add_special_tokens=False)["input_ids"][0])
        ends = isinstance(tokenizer.eos_token_id, int)
    except BaseException as error:  # what is wrong with a file may stop the tokenizers' own code, which is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise InputError(f"{path}: cannot be read as a tokenizer; copy the file again.") from error
    if not tokenizer.is_fast:
        raise InputError(
            f"{folder}: has no fast tokenizer (tokenizer.json), which all of this needs; convert the tokenizer with "
            "transformers and save it there, or give another model."
        )
    if not ends:
        raise InputError(f"{path}: has no token that ends a text; give a tokenizer with an eos_token.")
    return tokenizer


def read_language_model(folder: Path) -> PreTrainedModel:
    """The language model of a folder; `InputError` if its files cannot be read or do not belong together."""
    _require_plain(folder)
    config, weights = folder / "config.json", folder / "model.safetensors"
    _require_known(config)
    shapes = _shapes(weights)
    try:
        with quiet():
            described = AutoConfig.from_pretrained(folder, **_OFFLINE)
            if described.num_hidden_layers > len(shapes):
                raise _mismatch(weights, f"{described.num_hidden_layers} layers in {len(shapes)} tensors")
            with torch.device("meta"):
                empty = AutoModelForCausalLM.from_config(described, trust_remote_code=False)
            numbers, stored = (sum(map(prod, each)) for each in ((p.shape for p in empty.parameters()), shapes))
            # The head may be stored or be the embedding; beyond it, models and their files have the same numbers.
            if numbers > 2 * stored:
                raise _mismatch(weights, f"a model of {numbers:,} numbers, of which {stored:,} are stored")
            lm, found = AutoModelForCausalLM.from_pretrained(
                folder, config=described, use_safetensors=True, output_loading_info=True, **_OFFLINE
            )
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{config}: does not describe the weights in model.safetensors; copy the folder again."
        ) from error
    wrong = [*found["missing_keys"], *found["unexpected_keys"], *found["mismatched_keys"]]
    if wrong:
        raise _mismatch(weights, f"first at {wrong[0]}")
    return lm


class quiet:
    """Silence the library's progress bars and load reports; what they would say is raised as errors here."""

    def __enter__(self) -> None:
        self._level = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        transformers_logging.set_verbosity(self._level)
        transformers_logging.enable_progress_bar()


def _require_plain(folder: Path) -> None:
    """Refuse a folder with a device or a pipe in it: the library opens whatever has a name that it knows."""
    for path in folder.iterdir():
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError(f"{path}: is a device or a pipe; take it out of the model's folder.")


def _require_known(config: Path) -> None:
    """Refuse a type of model that is not the library's own, and sizes that no model has, before anything is made."""
    content = read_json(config)
    kind = content.get("model_type") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise InputError(
            f"{config}: field 'model_type' is {shown(kind)}, which transformers does not know, and code that comes "
            "with a model is not run; give a model that the library has."
        )
    for name, size in _sizes(content):
        if name in _LAYERS:
            most = MOST_LAYERS
        elif _PARTS.search(name):
            most = MOST_PARTS
        elif _POSITIONS.search(name):
            continue
        else:
            most = LARGEST_SIZE
        if size > most:
            raise InputError(
                f"{config}: field '{name}' is {shown(size)}, more than the {most:,} that are possible; copy the file "
                "again."
            )


def _sizes(config: Any) -> Iterator[tuple[str, int]]:
    """Every whole number in a config and the length of each of its parts, with the name of the field."""
    waiting = [("the whole", config)]
    while waiting:
        name, part = waiting.pop()
        if isinstance(part, int) and not isinstance(part, bool):
            yield name, abs(part)
        elif isinstance(part, dict | list):
            yield name, len(part)
            waiting += part.items() if isinstance(part, dict) else ((name, value) for value in part)


def _shapes(weights: Path) -> list[tuple[int, ...]]:
    """The shapes of all tensors in a file, of which nothing else is read."""
    try:
        with safe_open(weights, framework="pt") as file:
            return [tuple(file.get_slice(name).get_shape()) for name in file.keys()]  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{weights}: cannot be read as safetensors; copy the file again.") from error


def _mismatch(weights: Path, what: str) -> InputError:
    return InputError(f"{weights}: does not match config.json ({what}); copy the whole folder of the model again.")
