"""The card of a checkpoint, its `coconut.json`, and the files that stand beside it. Nothing here imports torch."""

import json
from pathlib import Path
from typing import Any

from coconut_core.errors import InputError
from coconut_core.methods import METHODS

FORMAT = 1
FILES = ("coconut.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
"""What every checkpoint folder holds, its card first."""
FIELDS = ("format_version", "method", "thoughts_per_step", "max_thoughts", "task", "tokens", "run")
"""What every card holds."""


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
            f"{path}: field 'format_version' is {card['format_version']!r}, this program reads {FORMAT}; use the "
            "program that wrote it."
        )
    kinds = {"method": str, "thoughts_per_step": int, "max_thoughts": int, "tokens": dict, "run": dict}
    for field, kind in kinds.items():
        if not isinstance(card[field], kind) or isinstance(card[field], bool):
            raise InputError(f"{path}: field '{field}' is {card[field]!r}, which is not possible; copy the file again.")
    mixed = card["run"].get("uniform_prob", 0.0)
    if not isinstance(mixed, int | float):
        raise InputError(f"{path}: field 'uniform_prob' is {mixed!r}, which is not a number; copy the file again.")
    if card["method"] not in METHODS:
        raise InputError(
            f"{path}: field 'method' is {card['method']!r}, which is not one of {', '.join(METHODS)}; use the program "
            "that wrote it."
        )
    most = card["max_thoughts"]
    if most < 0 or METHODS[card["method"]].slot_count(most) != most:
        raise InputError(
            f"{path}: field 'max_thoughts' is {most}, which a model of the method {card['method']} cannot have; copy "
            "the file again."
        )
    return card


def read_json(path: Path) -> Any:
    """What a file of a checkpoint holds; `InputError` if it is not JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON; copy the file again.") from error
