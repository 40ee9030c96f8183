"""The card of a checkpoint, its `coconut.json`, and the files that stand beside it. Nothing here imports torch."""

import hashlib
import json
from pathlib import Path
from typing import Any

from coconut_core.errors import InputError
from coconut_core.methods import METHODS, MOST_SLOTS
from coconut_core.problems.records import shown
from coconut_core.reading import read_json

FORMAT = 1
FILES = ("coconut.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
"""What every checkpoint folder holds, its card first, but for one of adapters."""
ADAPTED_FILES = ("coconut.json", "adapter_config.json", "adapter_model.safetensors", *FILES[3:])
"""What a folder of adapters holds (`adapters.py`)."""
EPOCHS = "epochs"
"""Folder, within a run's, of the models that were kept at the ends of epochs, each in a folder named by its epoch."""
FIELDS = ("format_version", "method", "thoughts_per_step", "max_thoughts", "task", "tokens", "run")
"""What every card holds."""
_OF_STORING = ("_name_or_path", "dtype", "torch_dtype", "transformers_version", "use_cache")
"""Fields of config.json that say how the model was stored, and not what it computes."""


def files_of(folder: Path) -> tuple[str, ...]:
    """The files that a checkpoint's folder must hold, its card first."""
    return ADAPTED_FILES if (folder / ADAPTED_FILES[1]).is_file() else FILES


def weights_of(folder: Path) -> Path:
    """The file with the numbers that were trained."""
    return folder / files_of(folder)[2]


def read_card(folder: Path | str) -> dict[str, Any]:
    """`coconut.json` of a folder, without loading the model."""
    path = Path(folder) / "coconut.json"
    if not path.is_file():
        raise InputError(f"{path}: is missing; this is not the folder of a Coconut model.")
    card = read_json(path)
    for field in FIELDS:
        if not isinstance(card, dict) or field not in card:
            raise InputError(f"{path}: field '{field}' is missing; copy the file again.")
    if card["format_version"] != FORMAT:
        raise InputError(
            f"{path}: field 'format_version' is {shown(card['format_version'])}, this program reads {FORMAT}; use the "
            "program that wrote it."
        )
    kinds = {"method": str, "thoughts_per_step": int, "max_thoughts": int, "tokens": dict, "run": dict}
    for field, kind in kinds.items():
        if not isinstance(card[field], kind) or isinstance(card[field], bool):
            raise InputError(
                f"{path}: field '{field}' is {shown(card[field])}, which is not possible; copy the file again."
            )
    mixed = card["run"].get("uniform_prob", 0.0)
    if not isinstance(mixed, int | float) or not 0 <= mixed <= 1:
        raise InputError(
            f"{path}: field 'uniform_prob' is {shown(mixed)}, which is not a probability; copy the file again."
        )
    if card["method"] not in METHODS:
        raise InputError(
            f"{path}: field 'method' is {shown(card['method'])}, which is not one of {', '.join(METHODS)}; use the "
            "program that wrote it."
        )
    most, each = card["max_thoughts"], card["thoughts_per_step"]
    if not 1 <= each < MOST_SLOTS:
        raise InputError(
            f"{path}: field 'thoughts_per_step' is {shown(each)}, which is none of 1 to {MOST_SLOTS - 1}; copy the "
            "file again."
        )
    if not 0 <= most < MOST_SLOTS or METHODS[card["method"]].slot_count(most) != most:
        raise InputError(
            f"{path}: field 'max_thoughts' is {shown(most)}, which a model of the method {card['method']} cannot have; "
            "copy the file again."
        )
    return card


def config_sha256(path: Path) -> str:
    """SHA-256 (hex) of what a `config.json` says of its model; how the weights were stored does not count."""
    config = read_json(path)
    if not isinstance(config, dict):
        raise InputError(f"{path}: holds no fields; copy the file again.")
    of_model = {name: value for name, value in config.items() if name not in _OF_STORING}
    return hashlib.sha256(json.dumps(of_model, sort_keys=True).encode()).hexdigest()
