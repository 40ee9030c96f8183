"""Whole files or none: results, problems, configs, states and cards are written here.

What is being written has a name of its own, `.NAME.xxxxxxxx.part` beside its place, and is locked for as long as its
process lives. A killed process leaves such a part behind; the next one that writes to the same place removes it.
"""

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

from filelock import lock_descriptor

from coconut_core.errors import InputError

_PART = re.compile(r"\..+\.[a-z0-9_]{8}\.part", re.DOTALL)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What the system says in the middle of writing; libraries wrap it into errors of their own."""


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
    with _beginning(path):
        handle, temporary = _part(path, tempfile.mkstemp)
    try:
        with writing(path):
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes files private; a result is meant to be read like any other file.
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def require_new_folder(path: Path) -> None:
    """`InputError` where `atomic_folder` would find something."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a new folder.")
    if path.exists() and any(path.iterdir()):
        raise InputError(f"{path}: is not empty; name a new folder.")


@contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """A folder to fill under a temporary name, renamed at the end to `path`, where nothing or an empty folder is."""
    path = Path(path)
    with temporary_folder(path) as temporary, writing(path):
        yield temporary
        os.chmod(temporary, 0o755)
        if path.is_dir():
            path.rmdir()
        os.replace(temporary, path)


@contextmanager
def temporary_folder(path: Path | str) -> Iterator[Path]:
    """A folder beside `path` that is gone at the end of the block; `InputError` if none can be made there."""
    path = Path(path)
    with _beginning(path):
        handle, temporary = _part(path, _locked_folder)
    try:
        yield Path(temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def discard(folder: Path) -> None:
    """Remove a folder; a process killed meanwhile leaves it whole or removed, never half of it under its name."""
    with temporary_folder(folder) as place, writing(folder):
        os.replace(folder, place / folder.name)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Whatever the system refuses while `path` is written, also where a library wraps it, as `InputError`."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if (reason := _refusal(error)) is None:
            raise
        raise InputError(f"{path}: cannot be written ({reason}); make room or choose another place.") from error


def remove_abandoned(path: Path) -> None:
    """Remove what killed processes left half-written of `path`."""
    for part in path.parent.glob(f".{escape(path.name)}.*.part"):
        if not is_part(part) or part.is_symlink() or not (part.is_file() or part.is_dir()):
            continue
        with suppress(OSError):
            handle = os.open(part, os.O_RDONLY)
            try:
                if lock_descriptor(handle, blocking=False):
                    shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink()
            finally:
                os.close(handle)


def is_part(path: Path) -> bool:
    """Whether the name is that of something half-written, which is not yet, or no longer, of any use."""
    return _PART.fullmatch(path.name) is not None


def sha256(path: Path | str) -> str:
    """Hex SHA-256 of a file's content."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@contextmanager
def _beginning(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
    except ValueError as error:  # a null byte, or a name that the file system cannot encode
        raise InputError(f"{str(path)!r}: is not a name that a file can have; choose another one.") from error


def _part(path: Path, make) -> tuple[int | None, str]:
    """Make a part for `path` and lock it; another process may take it for abandoned before it is locked."""
    while True:
        handle, temporary = make(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with suppress(OSError):  # a file system without locks, where nothing is taken for abandoned either
            if handle is not None:
                lock_descriptor(handle, blocking=False)
        if os.path.lexists(temporary):
            return handle, temporary
        if handle is not None:
            os.close(handle)


def _locked_folder(**where) -> tuple[int | None, str]:
    temporary = tempfile.mkdtemp(**where)
    try:
        return os.open(temporary, os.O_RDONLY), temporary
    except OSError:  # Windows opens no folders
        return None, temporary


def _refusal(error: BaseException) -> str | None:
    """What the system said: of this error, or of one below it if that is about room; None for any other error."""
    if isinstance(error, OSError) and error.errno:
        return error.strerror
    below: BaseException | None = error
    while below is not None:
        number = below.errno if isinstance(below, OSError) else None
        if found := re.search(r"\(os error (\d+)\)", str(below)):  # as libraries written in Rust say it
            number = int(found[1])
        if number in _NO_ROOM:
            return os.strerror(number)
        below = below.__cause__ or below.__context__
    return None
