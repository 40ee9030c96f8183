"""The state of an unfinished run: one file with everything that a resumed run needs, checked before it is used."""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from coconut_core.errors import InputError
from coconut_core.files import atomic_file

STATE = "state/latest.pt"
"""In the folder of a run."""
REMEDY = "put back the file as it was stored, or start again with --restart"


@dataclass
class Progress:
    """Where a run stands. Everything else follows from the config."""

    epoch: int = 0
    step: int = 0
    """Within the epoch."""
    total_steps: int = 0
    seconds: float = 0.0
    """Spent training, over all resumes."""

    def check(self, path: Path, epochs: int, steps_per_epoch: int) -> None:
        """`InputError` where a run of so many epochs and steps never stands."""
        at = f"epoch {self.epoch} and step {self.step}"
        if not (0 <= self.epoch <= epochs and 0 <= self.step < steps_per_epoch):
            raise InputError(f"{path}: {at} are not in a run of {epochs} epochs of {steps_per_epoch} steps; {REMEDY}.")
        if self.total_steps != self.epoch * steps_per_epoch + self.step:
            raise InputError(
                f"{path}: field 'total_steps' is {self.total_steps}, which is not {at} of {steps_per_epoch}; {REMEDY}."
            )
        if not 0 <= self.seconds < math.inf:
            raise InputError(f"{path}: field 'seconds' is {self.seconds}, which is not a time; {REMEDY}.")


def store_state(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file with this state; `torch.save` puts a checksum (CRC-32) beside every part of it."""
    with atomic_file(path) as file:
        torch.save(dict(state), file)


def stored_state(path: Path) -> dict[str, Any]:
    """The state in a file; `InputError` where a byte of it is not as it was stored.

    `torch.load` itself does not look at the checksums: it takes a flipped bit of a weight for the weight.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            # Parts are not compressed, so that together they cannot be larger than the file.
            whole = sum(part.file_size for part in parts.infolist()) < path.stat().st_size and parts.testzip() is None
        state = torch.load(path, map_location="cpu", weights_only=True) if whole else None
    except Exception as error:  # whatever its bytes make the two libraries raise
        raise InputError(f"{path}: is damaged or is not the state of a run; {REMEDY}.") from error
    if not isinstance(state, dict):
        raise InputError(f"{path}: is damaged, as its checksums show; {REMEDY}.")
    return state


def check_kinds(path: Path, state: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """`InputError` names the first field of `state` that is not of the kind and size of the one in `usual`."""
    for name, expected in usual.items():
        if name not in state:
            raise InputError(f"{path}: field '{name}' is missing; {REMEDY}.")
        if wrong := _unlike(state[name], expected, name):
            raise InputError(f"{path}: field '{wrong}' is not what a state of this run holds; {REMEDY}.")


def _unlike(found: Any, usual: Any, name: str) -> str | None:
    """The name of the first part of `found` that is of another kind or size than in `usual`; None if there is none."""
    if isinstance(usual, torch.Tensor):
        same = isinstance(found, torch.Tensor) and (found.shape, found.dtype) == (usual.shape, usual.dtype)
        return None if same else name
    if isinstance(usual, float):
        return None if type(found) in (int, float) else name
    if type(found) is not type(usual) and not (isinstance(found, dict) and isinstance(usual, dict)):
        return name
    if isinstance(usual, dict):
        if missing := [key for key in usual if key not in found]:
            return f"{name}.{missing[0]}"
        return next((wrong for key in usual if (wrong := _unlike(found[key], usual[key], f"{name}.{key}"))), None)
    if isinstance(usual, list | tuple):
        if len(found) != len(usual):
            return name
        return next((wrong for i, each in enumerate(usual) if (wrong := _unlike(found[i], each, f"{name}[{i}]"))), None)
    return None
