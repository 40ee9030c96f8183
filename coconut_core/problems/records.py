"""Files that hold a JSON list of records, and fields of records, read so that errors say what is wrong."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import ijson

from coconut_core.errors import InputError

DEEPEST_RECORD = 16
"""Lists and objects inside one another that are read; a record has three."""
_OPENING, _CLOSING = {"start_map", "start_array"}, {"end_map", "end_array"}
Item = TypeVar("Item")


def read_records(path: Path | str) -> Iterator[object]:
    """The items of a JSON list, whatever they are, one at a time: memory does not grow with the file.

    `InputError` names the file if it is not a JSON list, at the latest when the fault is reached.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            _require_shallow(path, file)
            file.seek(0)
            yield from ijson.items(file, "item", use_float=True)
            file.seek(0)
            listed = file.read(1 << 16).lstrip().startswith(b"[")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name an existing JSON file.") from error
    except ijson.JSONError as error:
        raise InputError(f"{path}: not a whole JSON file ({_fault(path)}); fetch or write it again.") from error
    if not listed:
        raise InputError(f"{path}: does not hold a list; name a JSON list of problems.")


def _require_shallow(path: Path, file: BinaryIO) -> None:
    """Refuse what nests deeper than any record: the memory to read it grows with the square of its depth."""
    depth = 0
    # Where the file stops being JSON is reported when the fault is reached: what stands before it can be read.
    with suppress(ijson.JSONError):
        for event, _ in ijson.basic_parse(file, use_float=True):
            depth += (event in _OPENING) - (event in _CLOSING)
            if depth > DEEPEST_RECORD:
                raise InputError(f"{path}: nests lists deeper than any record does; name a JSON list of problems.")


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
        json.loads(path.read_text(encoding="utf-8"))
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


def quotable(text: str) -> str:
    """The beginning of a text, short enough to be quoted in a message."""
    return text if len(text) <= 80 else text[:77] + "..."


def _field(record: Mapping, name: str, sound: Callable, form: str):
    if name not in record:
        raise InputError(f"Field '{name}' is missing: it must hold {form}.")
    if not sound(record[name]):
        raise InputError(f"Field '{name}' must hold {form}, not {shown(record[name])}.")
    return record[name]


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
