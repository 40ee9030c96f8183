"""The model folders of the workbench: which there are, what is wrong with a broken one, which have changed.

Nothing here loads a model or imports torch: a folder that cannot be used is found out before it is asked for.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "coconut.json")
"""What every checkpoint folder holds."""
FIELDS = ("format_version", "max_thoughts", "tokens", "run")
"""What its card holds at the least."""


@dataclass(frozen=True)
class ModelFolder:
    """One folder below artifacts/models."""

    path: Path
    fault: str | None
    """One sentence with the remedy, or None where nothing is wrong as far as can be seen without loading."""
    fingerprint: str
    """Changes whenever a file of the folder does: name, size and time of all of them, hashed."""

    @property
    def name(self) -> str:
        return self.path.name

    def card(self) -> dict:
        """What coconut.json says of the run; empty if it cannot be read."""
        try:
            card = json.loads((self.path / "coconut.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
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
    """One folder, wherever it is; what is wrong with it is its `fault`."""
    return ModelFolder(path, _fault(path), _fingerprint(path))


def has_changed(folder: ModelFolder) -> bool:
    """Whether a file of the folder is another one than when it was looked at."""
    return _fingerprint(folder.path) != folder.fingerprint


def _fault(path: Path) -> str | None:
    missing = [name for name in FILES if not (path / name).is_file()]
    if missing:
        files = ", ".join(missing)
        return f"{path.name}: {files} is missing; copy the whole folder again or train the model anew."
    try:
        card = json.loads((path / "coconut.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return f"{path.name}: coconut.json is no whole JSON file; copy the folder again or train the model anew."
    lacking = [field for field in FIELDS if not isinstance(card, dict) or field not in card]
    if lacking:
        return f"{path.name}: coconut.json lacks the field '{lacking[0]}'; copy the folder again."
    return None


def _fingerprint(path: Path) -> str:
    stamps = []
    for name in FILES:
        try:
            state = (path / name).stat()
        except OSError:
            continue
        stamps.append(f"{name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()
