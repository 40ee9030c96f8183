"""Files that hold a JSON list of records, and fields of records, read so that errors say what is wrong."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import ijson

from coconut_core.errors import InputError
from coconut_core.reading import open_file, read_text

DEEPEST_RECORD = 16
"""Lists and objects inside one another that are read; a record has three."""
LARGEST_RECORD = 1 << 23
"""Bytes of one record, or of one text or number of it; an official one has some thousand."""
LONGEST_TEXT = 100_000
"""Characters of one text of a record: more than any model could read."""
LONGEST_LIST = 10_000
"""Texts, pairs or numbers of one list of a record, such as the names of all nodes."""
_OPENING, _CLOSING = {"start_map", "start_array"}, {"end_map", "end_array"}
Item = TypeVar("Item")


def read_records(path: Path | str) -> Iterator[object]:
    """The items of a JSON list, whatever they are, one at a time: memory does not grow with the file.

    `InputError` names the file if it is not a JSON list, at the latest when the fault is reached.
    """
    path = Path(path)
    with open_file(path, "name an existing JSON file") as file:
        try:
            _require_records(path, file)
            file.seek(0)
            yield from ijson.items(file, "item", use_float=True)
            file.seek(0)
            listed = file.read(1 << 16).lstrip().startswith(b"[")
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); name an existing JSON file.") from error
        except (ijson.JSONError, ValueError) as error:  # the second one of bytes that are not UTF-8
            raise InputError(f"{path}: not a whole JSON file ({_fault(path)}); fetch or write it again.") from error
    if not listed:
        raise InputError(f"{path}: does not hold a list; name a JSON list of problems.")


class _CountedReads:
    """A file that counts what was read of it since `mark`: the parser says nothing while a text or number goes on."""

    def __init__(self, path: Path, file: BinaryIO):
        self._path, self._file = path, file
        self.read_since = 0

    def read(self, size: int = -1) -> bytes:
        # Read on in the middle of a text, the parser begins it anew: its time grows with the square of the length.
        if self.read_since > LARGEST_RECORD:
            raise InputError(
                f"{self._path}: holds a text or a record of more than {LARGEST_RECORD:,} bytes; name a JSON list of "
                "problems."
            )
        content = self._file.read(size)
        self.read_since += len(content)
        return content


def _require_records(path: Path, file: BinaryIO) -> None:
    """Refuse what nests deeper than any record, as the memory to read it grows with the square of its depth, and what
    is longer than any record."""
    depth, reads = 0, _CountedReads(path, file)
    # Where the file stops being JSON is reported when the fault is reached: what stands before it can be read.
    with suppress(ijson.JSONError, UnicodeDecodeError):
        for event, _ in ijson.basic_parse(reads, use_float=True):
            depth += (event in _OPENING) - (event in _CLOSING)
            if depth > DEEPEST_RECORD:
                raise InputError(f"{path}: nests lists deeper than any record does; name a JSON list of problems.")
            if depth <= 1:
                reads.read_since = 0


def read_items(path: Path | str, read: Callable[[object], Item]) -> Iterator[Item]:
    """What `read` makes of each item of a JSON list, one at a time.

    `InputError` names the file and the item (from 0) that it refuses, or the file if it has no items.
    """
    number = -1
    for number, record in enumerate(read_records(path)):
        try:
            item = read(record)
        except InputError as error:
            raise InputError(f"{path}, item {number}: {error}") from error
        yield item
    if number < 0:
        raise InputError(f"{path}: holds no problems; name a file with at least one.")


def _fault(path: Path) -> str:
    """Where the file stops being JSON, which the reader of a stream does not say."""
    try:
        json.loads(read_text(path, LARGEST_RECORD, ""))
    except json.JSONDecodeError as error:
        return f"line {error.lineno}"
    except (ValueError, RecursionError):
        pass
    return "not UTF-8 JSON, or with numbers that cannot be read"


def text_field(record: Mapping, name: str) -> str:
    """The text in a field."""
    return _field(record, name, _is_text, "a text")


def texts_field(record: Mapping, name: str) -> tuple[str, ...]:
    """The list of texts in a field."""
    return tuple(_field(record, name, _is_list(_is_text), "a list of texts"))


def integer_field(record: Mapping, name: str) -> int:
    """The whole number in a field."""
    return _field(record, name, _is_integer, "a whole number")


def pairs_field(record: Mapping, name: str) -> tuple[tuple[int, int], ...]:
    """The list of pairs of whole numbers in a field."""
    is_pair = _is_list(_is_integer)
    pairs = _field(
        record,
        name,
        _is_list(lambda value: is_pair(value) and len(value) == 2),
        "a list of pairs of whole numbers",
    )
    return tuple((first, second) for first, second in pairs)


def shown(value: object) -> str:
    """A value as it can be quoted in a message."""
    try:
        return quotable(repr(value))
    except RecursionError:
        return "lists in lists"
    except ValueError:  # the language writes no number of more than some thousand digits
        return "a number of thousands of digits"


def quotable(text: str) -> str:
    """The beginning of a text, short enough to be quoted in a message."""
    return text if len(text) <= 80 else text[:77] + "..."


def _field(record: Mapping, name: str, sound: Callable, form: str):
    if name not in record:
        raise InputError(f"Field '{name}' is missing: it must hold {form}.")
    value = record[name]
    if isinstance(value, list | tuple) and len(value) > LONGEST_LIST:
        raise InputError(f"Field '{name}' holds {len(value):,} entries: give at most {LONGEST_LIST:,}.")
    if not sound(value):
        raise InputError(f"Field '{name}' must hold {form}, not {shown(value)}.")
    for text in (value,) if isinstance(value, str) else value if isinstance(value, list | tuple) else ():
        if isinstance(text, str) and len(text) > LONGEST_TEXT:
            raise InputError(f"Field '{name}' holds a text of {len(text):,} characters: give at most {LONGEST_TEXT:,}.")
    return value


def _is_text(value: object) -> bool:
    """JSON can hold halves of characters, which no file and no page can."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(sound: Callable) -> Callable:
    return lambda value: isinstance(value, list | tuple) and all(map(sound, value))


def digest(lines: Iterable[str]) -> bytes:
    """16 bytes that identify some lines of text in their order."""
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).digest()
