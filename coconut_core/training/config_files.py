"""Runs as YAML files and `--set key=value`; the official configuration files load.

Unknown keys are refused by name, and values are coerced by the field's type: YAML reads "1e-4" and "None" as text.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from coconut_core.errors import InputError
from coconut_core.problems.registry import DEFAULT, task_named
from coconut_core.training.config import RunConfig, World
from coconut_core.training.fields import build

_NO_YAML = (yaml.YAMLError, ValueError, KeyError, AttributeError, RecursionError)
"""What the library raises for a text that is not YAML, or that names a type which its value does not have."""


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
            raise InputError(f"--set {setting}: {value!r} is not a YAML value; put quotes around a text.") from error
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
    if isinstance(worlds := content.get("worlds"), Sequence):
        content["worlds"] = [
            _world(each, content.get("task", DEFAULT), f"worlds[{i}]") for i, each in enumerate(worlds)
        ]
    return build(RunConfig, content, "")


_OFFICIAL_METHODS = {"no_thoughts": "no_thought", "cot": "cot", "no_cot": "no_cot", "coconut": "coconut"}
"""Switches of the official files, and the methods that they choose."""


def _world(content: Any, task: Any, name: str) -> World:
    """A world whose fields and those of its task's settings stand side by side."""
    settings = task_named(str(task)).settings
    own = {each.name: each for each in dataclasses.fields(World) if each.name != "problems"}
    theirs = {each.name for each in dataclasses.fields(settings)} if settings else set()
    if not isinstance(content, Mapping):
        raise InputError(f"{name}: {content!r} has no fields; give {', '.join([*own, *sorted(theirs)])}.")
    for key in content:
        if key not in own and key not in theirs:
            raise InputError(
                f"{name}.{key}: is not a field of a world; known are {', '.join([*own, *sorted(theirs)])}."
            )
    problems = {key: value for key, value in content.items() if key in theirs}
    world = build(World, {key: value for key, value in content.items() if key in own}, f"{name}.")
    return dataclasses.replace(world, problems=build(settings, problems, f"{name}.") if settings else None)
