"""Frozen dataclasses from plain values, as YAML and cards hold them. Nothing is guessed: 1.5 is not a whole number."""

import dataclasses
import types
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, Union, get_args, get_origin

from coconut_core.errors import InputError
from coconut_core.problems.records import shown
from coconut_core.problems.task import Task

LARGEST = 2**32 - 1
"""Of a whole number: the largest seed there is."""


def build(kind: type, content: Mapping[str, Any], prefix: str) -> Any:
    """An object of the dataclass `kind` from plain values; `InputError` names the field, with `prefix` before it."""
    known = {f.name: f for f in dataclasses.fields(kind)}
    for key in content:
        if key not in known:
            raise InputError(f"{prefix}{field_name(key)}: is not a field of a run; known are {', '.join(known)}.")
    values = {key: _coerce(value, known[key].type, f"{prefix}{key}") for key, value in content.items()}
    for key, each in known.items():
        if key not in values and each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise InputError(f"{prefix}{key}: is missing; give it.")
    return kind(**values)


def field_name(key: Any) -> str:
    """The key of a mapping as it can stand in a message; YAML has keys that are not texts."""
    return key if isinstance(key, str) else shown(key)


def _coerce(value: Any, kind: Any, name: str) -> Any:
    """`value` as the type of its field, or `InputError`. Nothing is guessed: 1.5 is not a whole number."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None or value in ("None", "null"):
            return None
        return _coerce(value, next(a for a in arguments if a is not type(None)), name)
    if origin is Literal:
        if value in arguments and type(value) is type(arguments[0]):
            return value
        allowed = " or ".join(str(a) for a in arguments)
        raise InputError(f"{name}: {shown(value)} is not possible here; give {allowed}.")
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise InputError(f"{name}: {shown(value)} is not a mapping; give 'key: value' pairs.")
        if arguments[0] is int:  # the keys of a card, which is JSON, are all texts
            value = {int(key) if _is_number(key) else key: item for key, item in value.items()}
        return {
            _coerce(key, arguments[0], f"a key of {name}"): _coerce(item, arguments[1], f"{name}.{field_name(key)}")
            for key, item in value.items()
        }
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"{name}: {shown(value)} is not a list; give one.")
        return tuple(_coerce(item, arguments[0], f"{name}[{index}]") for index, item in enumerate(value))
    if dataclasses.is_dataclass(kind):
        if isinstance(value, kind):
            return value
        if not isinstance(value, Mapping):
            raise InputError(
                f"{name}: {shown(value)} has no fields; give {', '.join(f.name for f in dataclasses.fields(kind))}."
            )
        return build(kind, value, f"{name}.")
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST:
            # The language writes no number of more than some thousand digits.
            digits = len(str(abs(value))) if value.bit_length() < 10_000 else "thousands of"
            raise InputError(f"{name}: a number of {digits} digits is too large; give one up to {LARGEST}.")
        return value
    if kind is str and isinstance(value, str):
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
            raise InputError(f"{name}: {shown(value)} holds a character that no name has; write it without.")
        return value
    if kind is float and not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise InputError(f"{name}: {shown(value)} is not {words[kind]}; give {words[kind]}.")


def _is_number(key: Any) -> bool:
    return isinstance(key, str) and key.isascii() and key.isdigit() and len(key) <= len(str(LARGEST))


def world_of_training(task: Task, card: Mapping) -> tuple[Any, str]:
    """Settings of the fresh problems of `task` that a model was trained on last, and these settings in words.

    They are read from the model's card; where that does not name any (a model trained on a file), the task's usual
    settings are given. `InputError` if the task cannot make fresh problems.
    """
    settings, origin = None, "as in the model's training"
    # What a card lacks, or holds in another form, is replaced by the usual settings.
    with suppress(InputError, KeyError, IndexError, TypeError, ValueError, AttributeError):
        world = card["run"]["worlds"][-1]
        names = [field.name for field in dataclasses.fields(task.settings) if field.name in world]
        settings = build(task.settings, {name: _with_whole_keys(world[name]) for name in names}, "") if names else None
    if settings is None:
        settings, origin = task.settings_of(), f"as usual for {task.title}"
    return settings, f"{origin}: {task.describe_settings(settings)}"


def _with_whole_keys(value: Any) -> Any:
    """`value`, with whole numbers as the keys of a mapping: JSON keeps them as texts."""
    if not isinstance(value, Mapping):
        return value
    return {int(key) if str(key).isdecimal() else key: item for key, item in value.items()}
