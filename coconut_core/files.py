"""Whole files or none: results, problems, configs, states and cards are written here."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from coconut_core.errors import InputError


def write_atomically(path: Path | str, content: str | bytes) -> None:
    """Write `content`, text as UTF-8, as `atomic_file` does."""
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic_file(path: Path | str) -> Iterator[BinaryIO]:
    """A file to write under a temporary name beside `path`, renamed into place at the end of the block.

    A reader, or a process killed half-way, sees the old file or the new one and never a part of it. The folder is made
    if needed; one that cannot be written to, or that is full, raises `InputError`.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a result is meant to be read like any other file.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(
                f"{path}: cannot be written ({error.strerror}); make room or choose another place."
            ) from error
        raise


def sha256(path: Path | str) -> str:
    """Hex SHA-256 of a file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
