"""Checkpoints of the official code: `torch.save` state dicts of a base model with three more tokens.

The official code wraps the language model as `base_causallm`, stores its input embedding a second time, and adds its
tokens in the order begin, end, thought, so that GPT-2's vocabulary grows from 50,257 to 50,260.
"""

import re
from pathlib import Path

import torch
from torch import Tensor

from coconut_core.checkpoints import base_model, save_model
from coconut_core.errors import InputError
from coconut_core.files import atomic_folder, require_new_folder, sha256
from coconut_core.methods import MOST_SLOTS
from coconut_core.model import CoconutModel
from coconut_core.problems.records import shown
from coconut_core.reading import open_file

_PREFIX = "base_causallm."
_MASKS = re.compile(r"\.attn\.(bias|masked_bias)$")
"""Causal masks that older versions of the library stored with the weights."""


def import_official(state: Path, base: Path, out: Path, *, thoughts_per_step: int, max_stage: int) -> CoconutModel:
    """Write the checkpoint folder `out` for an official state dict and the folder of the model it was trained from.

    `InputError` if the file is not a state dict, holds anything but tensors, or does not fit the base model.
    """
    if thoughts_per_step * max_stage >= MOST_SLOTS:
        raise InputError(
            f"--max-stage: {shown(thoughts_per_step)} thoughts a step in {shown(max_stage)} stages are more than the "
            f"{MOST_SLOTS - 1} that a question has room for; give those that it was trained with."
        )
    require_new_folder(out)
    model = base_model(base)
    weights = read_official(state)
    try:
        model.lm.load_state_dict(weights)
    except Exception as error:  # also of tensors without numbers, or of kinds that have no copies
        first = " ".join(str(error).split())[:160]
        raise InputError(
            f"{state}: does not fit the base model in {base} ({first}); give the one it started from."
        ) from error
    run = {"max_latent_stage": max_stage, "c_thought": thoughts_per_step, "model_id": str(base)}
    card = {"command": "coconut import", "run": run, "imported": {"file": state.name, "sha256": sha256(state)}}
    with atomic_folder(out) as folder:
        save_model(model, folder, card, half=False, held_out=())
    return model


def read_official(path: Path) -> dict[str, Tensor]:
    """The language model's weights of an official state dict, under the library's own names."""
    with open_file(path, "name a checkpoint of the official code"):
        pass
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever its bytes make the unpickler raise
        raise InputError(
            f"{path}: is not a state dict of plain tensors and is not loaded; use torch.save(model.state_dict())."
        ) from error
    named = isinstance(state, dict) and all(isinstance(name, str) for name in state)
    if not named or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{path}: does not hold a state dict of tensors; save it with torch.save(model.state_dict()).")
    own = {name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)}
    # Kept in the precision that they have: a tensor of one number that claims to be of billions is not copied.
    return {name: value for name, value in (own or state).items() if not _MASKS.search(name)}
