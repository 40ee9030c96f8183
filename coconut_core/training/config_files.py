"""Runs as YAML files and `--set key=value`; the official configuration files load.

Unknown keys are refused by name, and values are coerced by the field's type: YAML reads "1e-4" and "None" as text.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from coconut_core.errors import InputError, one_line
from coconut_core.problems.records import shown
from coconut_core.problems.registry import DEFAULT, task_named
from coconut_core.reading import read_text
from coconut_core.training.config import RunConfig, World
from coconut_core.training.fields import build, field_name

LARGEST_CONFIG = 1 << 16
"""Bytes of a run's file; those of the shipped models have about a thousand."""
_NO_YAML = (yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError, IndexError, RecursionError)
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
            target[last] = _plain_yaml(value)
        except _NO_YAML as error:
            raise InputError(
                f"--set {setting}: {shown(value)} is not a YAML value; put quotes around a text."
            ) from error
    try:
        return config_from(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    text = read_text(path, LARGEST_CONFIG, "give a YAML file")
    try:
        content = _plain_yaml(text)
    except _NO_YAML as error:
        raise InputError(f"{path}: is not YAML ({one_line(str(error))}); mend it there.") from error
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: holds no fields; write one 'name: value' a line.")
    for key in content:
        if not isinstance(key, str):
            raise InputError(f"{path}: {shown(key)}: is not a field of a run; write one 'name: value' a line.")
    return dict(content)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, with which a kilobyte can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"an alias, *{self.peek_event().anchor}, stands for a value: write the value")
        return super().compose_node(parent, index)


def _plain_yaml(text: str) -> Any:
    return yaml.load(text, _PlainLoader)


def config_from(content: Mapping[str, Any]) -> RunConfig:
    """A `RunConfig` from plain values; `InputError` names an unknown key or a value of the wrong type."""
    flags = {key: content[key] for key in _OFFICIAL_METHODS if key in content}
    content = {key: value for key, value in content.items() if key not in flags}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise InputError(f"{key}: {shown(value)} is not true or false; give true or false.")
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
        raise InputError(f"{name}: {shown(content)} has no fields; give {', '.join([*own, *sorted(theirs)])}.")
    for key in content:
        if key not in own and key not in theirs:
            raise InputError(
                f"{name}.{field_name(key)}: is not a field of a world; known are {', '.join([*own, *sorted(theirs)])}."
            )
    problems = {key: value for key, value in content.items() if key in theirs}
    world = build(World, {key: value for key, value in content.items() if key in own}, f"{name}.")
    return dataclasses.replace(world, problems=build(settings, problems, f"{name}.") if settings else None)
