"""Runs as YAML files and `--set key=value`; the official configuration files load.

Unknown keys are refused by name, and values are coerced by the field's type: YAML reads "1e-4" and "None" as text.
"""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml

from coconut_core.errors import InputError
from coconut_core.training.config import RunConfig

MOST = 2**32 - 1
"""Of a whole number: the largest seed there is."""
_NO_YAML = (yaml.YAMLError, ValueError, KeyError, AttributeError, RecursionError)
"""What the library raises for a text that is no YAML, or that names a type which its value is not of."""


def load_config(path: Path | str, settings: Sequence[str] = ()) -> RunConfig:
    """Read a YAML file and apply `key=value` settings; a dot reaches into a part (`model.width=64`).

    A file may say `extends: other.yaml`, a file beside it whose fields it takes over and overrides.
    """
    path = Path(path)
    content = _read(path)
    if "extends" in content:
        other = path.parent / str(content.pop("extends"))
        base = _read(other)
        if "extends" in base:
            raise InputError(f"{other}: is extended and extends itself; give {path} all fields that differ.")
        content = {**base, "name": path.stem, **content}
    content.setdefault("name", path.stem)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: has no '='; write key=value.")
        target = content
        *parts, last = key.split(".")
        for part in parts:
            if not isinstance(target.get(part) or {}, Mapping):
                raise InputError(f"--set {setting}: {part} has no parts with names; set {part} as a whole.")
            target[part] = dict(target.get(part) or {})
            target = target[part]
        try:
            target[last] = yaml.safe_load(value)
        except _NO_YAML as error:
            raise InputError(f"--set {setting}: {value!r} is no YAML value; put quotes around a text.") from error
    try:
        return config_from(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a YAML file.") from error
    except _NO_YAML as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: is not YAML ({reason}); mend it there.") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: holds no fields; write one 'name: value' a line.")
    return dict(content)


def config_from(content: Mapping[str, Any]) -> RunConfig:
    """A `RunConfig` from plain values; `InputError` names an unknown key or a value of the wrong type."""
    flags = {key: content[key] for key in _OFFICIAL_METHODS if key in content}
    content = {key: value for key, value in content.items() if key not in flags}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise InputError(f"{key}: {value!r} is not true or false; give true or false.")
    chosen = [key for key, value in flags.items() if value]
    # The official code asks for both in a run without thoughts.
    if chosen == ["no_thoughts", "coconut"]:
        chosen = ["no_thoughts"]
    if len(chosen) > 1 or (chosen and "method" in content):
        clash = ", ".join([*chosen, *(["method"] if "method" in content else [])])
        raise InputError(f"method: {clash} choose more than one method; leave one.")
    if chosen:
        content["method"] = _OFFICIAL_METHODS[chosen[0]]
    elif flags and "method" not in content and not flags.get("coconut", True):
        raise InputError("method: the file turns off every method; set one of coconut, cot, no_cot or no_thoughts.")
    return _build(RunConfig, content, "")


_OFFICIAL_METHODS = {"no_thoughts": "no_thought", "cot": "cot", "no_cot": "no_cot", "coconut": "coconut"}
"""Switches of the official files, and the methods that they choose."""


def _build(kind: type, content: Mapping[str, Any], prefix: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(kind)}
    for key in content:
        if key not in known:
            raise InputError(f"{prefix}{key}: is no field of a run; known are {', '.join(known)}.")
    values = {key: _coerce(value, known[key].type, f"{prefix}{key}") for key, value in content.items()}
    for key, each in known.items():
        if key not in values and each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise InputError(f"{prefix}{key}: is missing; give it.")
    return kind(**values)


def _coerce(value: Any, kind: Any, name: str) -> Any:
    """`value` as the type of its field, or `InputError`. Nothing is guessed: 1.5 is no whole number."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None or value in ("None", "null"):
            return None
        return _coerce(value, next(a for a in arguments if a is not type(None)), name)
    if origin is Literal:
        if value in arguments and type(value) is type(arguments[0]):
            return value
        allowed = " or ".join(str(a) for a in arguments)
        raise InputError(f"{name}: {value!r} is not possible here; give {allowed}.")
    if origin is dict:
        if not isinstance(value, Mapping):
            raise InputError(f"{name}: {value!r} is no mapping; give 'key: value' pairs.")
        return {
            _coerce(key, arguments[0], f"a key of {name}"): _coerce(item, arguments[1], f"{name}.{key}")
            for key, item in value.items()
        }
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise InputError(f"{name}: {value!r} is no list; give one.")
        return tuple(_coerce(item, arguments[0], f"{name}[{index}]") for index, item in enumerate(value))
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise InputError(
                f"{name}: {value!r} has no fields; give {', '.join(f.name for f in dataclasses.fields(kind))}."
            )
        return _build(kind, value, f"{name}.")
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MOST:
            raise InputError(f"{name}: a number of {len(str(value))} digits is too large; give one up to {MOST}.")
        return value
    if kind is str and isinstance(value, str):
        return value
    if kind is float and not isinstance(value, bool):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise InputError(f"{name}: {value!r} is not {words[kind]}; give {words[kind]}.")
