"""Files that others wrote, read within bounds: regular files alone, and none larger than it can honestly be.

A device has no end and a pipe may never begin: both would keep the program waiting or fill its memory.
"""

import json
import stat
from pathlib import Path
from typing import Any, BinaryIO

from coconut_core.errors import InputError

LARGEST_JSON = 1 << 23
"""Bytes of a card or a config of a model: their fields take some kilobytes."""


def open_file(path: Path, remedy: str) -> BinaryIO:
    """The file, opened to read its bytes; `InputError` with the `remedy` if it cannot be, or is not a regular file."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.open("rb")
        reason = "it is a folder" if path.is_dir() else "it is a device or a pipe"
    except OSError as error:
        reason = str(error.strerror)
    except ValueError:  # a path with a null character
        reason = "no file can have this name"
    raise InputError(f"{path}: cannot be read ({reason}); {remedy}.")


def read_text(path: Path, most: int, remedy: str) -> str:
    """The text of a file of UTF-8; `InputError` also where it has more than `most` bytes."""
    with open_file(path, remedy) as file:
        try:
            content = file.read(most + 1)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); {remedy}.") from error
    if len(content) > most:
        raise InputError(f"{path}: is larger than {most:,} bytes, which no such file is; {remedy}.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8 (at byte {error.start:,}); {remedy}.") from error


def read_json(path: Path, most: int = LARGEST_JSON, remedy: str = "copy the file again") -> Any:
    """What a JSON file holds; `InputError` if it is not JSON, or holds halves of characters, as `read_text` says."""
    text = read_text(path, most, remedy)
    try:
        content = json.loads(text)
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON; {remedy}.") from error
    return content
