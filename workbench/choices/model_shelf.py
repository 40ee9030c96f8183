"""The model folders of the workbench: which there are, what is wrong with a broken one, which have changed.

Nothing here loads a model or imports torch: a folder that cannot be used is found out before it is asked for.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from coconut_core.card import ADAPTED_FILES, FIELDS, FILES, files_of, weights_of
from coconut_core.errors import InputError
from coconut_core.problems.registry import DEFAULT, TASKS
from coconut_core.problems.task import Task
from coconut_core.reading import read_json

BELIEVABLE_THOUGHTS = 64
"""A card that claims more is not believed: a page would wait for them."""
STAMPED = (*FILES, *ADAPTED_FILES[1:3], "stop_classifier.safetensors")
"""What a model is made of; not every model has the last one."""


@dataclass(frozen=True)
class ModelFolder:
    """The folder of a model, or of what should be one."""

    path: Path
    fault: str | None
    """One sentence with the remedy, or None where nothing is wrong as far as can be seen without loading."""
    fingerprint: str
    """Changes whenever a file of the folder does: name, size and time of all of them, hashed."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def max_thoughts(self) -> int:
        """Thoughts that the model was trained to end with, as far as its card says."""
        most = self.card().get("max_thoughts")
        return most if isinstance(most, int) and 0 <= most <= BELIEVABLE_THOUGHTS else 0

    @property
    def task(self) -> Task:
        """The task that the model was trained on, as its card says; the usual one where it does not."""
        name = self.card().get("task")
        return TASKS[name if isinstance(name, str) and name in TASKS else DEFAULT]

    def card(self) -> dict:
        """The content of coconut.json; empty if it cannot be read."""
        try:
            card = read_json(self.path / "coconut.json")
        except InputError:
            return {}
        return card if isinstance(card, dict) else {}


def model_folders(shelf: Path) -> tuple[ModelFolder, ...]:
    """The folders in `shelf`, usable ones first, each kind by name; hidden ones are left out."""
    try:
        folders = [path for path in shelf.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return ()
    return tuple(sorted(map(model_folder, folders), key=lambda folder: (folder.fault is not None, folder.name)))


def model_folder(path: Path) -> ModelFolder:
    """One folder, wherever it is; its `fault` says what is wrong with it."""
    return ModelFolder(path, _fault(path), _fingerprint(path))


def absent_folder(name: str) -> ModelFolder:
    """What stands for a model that a link names and that is not here."""
    fault = f"{name}: there is no model of this name here; add its folder on the page Models, or choose another one."
    return ModelFolder(Path(name), fault, "")


def has_changed(folder: ModelFolder) -> bool:
    """Whether a file of the folder has changed since it was looked at."""
    return _fingerprint(folder.path) != folder.fingerprint


def _fault(path: Path) -> str | None:
    if not path.is_dir():
        return f"{path}: there is no such folder; correct the path, or copy the model's folder there."
    missing = [name for name in files_of(path) if not (path / name).is_file()]
    if missing:
        files = ", ".join(missing)
        return f"{path.name}: {files} is missing; copy the whole folder again or train the model anew."
    try:
        card = read_json(path / "coconut.json")
    except InputError:
        return f"{path.name}: coconut.json is not a whole JSON file; copy the folder again or train the model anew."
    lacking = [field for field in FIELDS if not isinstance(card, dict) or field not in card]
    if lacking:
        return f"{path.name}: coconut.json lacks the field '{lacking[0]}'; copy the folder again."
    if not _is_whole(weights := weights_of(path)):
        return f"{path.name}: {weights.name} is not whole; copy the file again or train the model anew."
    return None


def _is_whole(weights: Path) -> bool:
    """Whether a safetensors file is as long as its header says: a length of 8 bytes, the header, the last tensor."""
    try:
        with weights.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            size = weights.stat().st_size
            header = json.loads(file.read(length)) if 8 + length <= size else {}
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        return 8 + length + max(ends) == size
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError):
        return False


def _fingerprint(path: Path) -> str:
    stamps = []
    for name in STAMPED:
        try:
            state = (path / name).stat()
        except OSError:
            continue
        stamps.append(f"{name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()
