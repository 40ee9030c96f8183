"""Trackers beside `metrics.jsonl`, named in the config: TensorBoard, trackio, Weights & Biases and others, through
accelerate.

The first three go on in the same log where a run is resumed; the others begin a new one.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers
from accelerate.utils import LoggerType

from coconut_core.errors import InputError
from coconut_core.files import write_atomically
from coconut_core.training.config import RunConfig

PROJECT = "coconut"
"""Where trackers that keep runs of several projects put this one, unless its config says `project`."""
ID = "tracker_id"
"""A file in the folder of a run that has trackers."""


def require_trackers(names: Sequence[str]) -> None:
    """`InputError` if accelerate does not know one of these trackers, or if its package is not installed."""
    own = {str(each) for each in LoggerType if each is not LoggerType.ALL}
    installed = {str(each) for each in get_available_trackers()}
    for name in names:
        if name not in LOGGER_TYPE_TO_CLASS:
            raise InputError(f"trackers: {name!r} is unknown; give some of {', '.join(sorted(LOGGER_TYPE_TO_CLASS))}.")
        if name in own - installed:
            raise InputError(f"trackers: {name} is not installed; `pip install {name}`, or leave it out.")


class Trackers:
    """The trackers of one run, in the hands of its main process."""

    def __init__(self, config: RunConfig, *, is_new: bool):
        """Start them; `is_new` where they have nothing of this run yet. `InputError` if one cannot be started."""
        self._folder = config.folder
        self._all: dict[str, GeneralTracker] = {}
        with ExitStack() as started:
            for name in config.trackers:
                kind = LOGGER_TYPE_TO_CLASS[name]
                place = {"logging_dir": str(config.folder)} if kind.requires_logging_directory else {}
                with self._sentence(name):
                    tracker = kind(**{"run_name": config.project or PROJECT, **place, **self._arguments(name, config)})
                    tracker.start()
                    started.callback(self._finish, name, tracker)
                    if is_new:
                        tracker.store_init_configuration(_plain(config.as_dict()))
                self._all[name] = tracker
            self._open = started.pop_all()

    def log(self, line: Mapping[str, Any]) -> None:
        """Send the numbers of a line of `metrics.jsonl`, under names like train/loss_by_stage/3."""
        values = dict(_numbers({key: value for key, value in line.items() if key != "step"}, str(line["kind"])))
        for name, tracker in self._all.items():
            with self._sentence(name):
                tracker.log(values, step=line["step"])

    def finish(self) -> None:
        """Close them all, also where one cannot be closed."""
        self._open.close()

    def _finish(self, name: str, tracker: GeneralTracker) -> None:
        with self._sentence(name):
            tracker.finish()

    def _arguments(self, name: str, config: RunConfig) -> dict[str, Any]:
        """What a tracker needs to go on in the log that it began."""
        if name == "tensorboard":
            return {"run_name": name}
        if name == "wandb":
            return {"name": config.name, "id": self._id(), "resume": "allow", "dir": str(config.folder)}
        if name == "trackio":
            return {"name": f"{config.name}-{self._id()}", "resume": "allow"}
        return {}

    def _id(self) -> str:
        """A name for this run that no other run has, not even one that is begun in the same folder with --restart."""
        path = self._folder / ID
        if not path.exists():
            write_atomically(path, secrets.token_hex(4))
        return re.sub(r"[^\w-]", "", path.read_text())[:64]

    @contextmanager
    def _sentence(self, name: str) -> Iterator[None]:
        """What a tracker raises, of whatever kind, as a sentence that names it."""
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"trackers: {name} does not work ({reason}); set it up, or leave it out.") from error


def _numbers(part: Mapping[Any, Any], name: str) -> Iterator[tuple[str, float]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}/{key}")
        elif isinstance(value, int | float):
            yield f"{name}/{key}", value


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values of which every tracker can make a table: lists and parts as JSON."""
    simple = (bool, int, float, str)
    return {name: value if isinstance(value, simple) else json.dumps(value) for name, value in fields.items()}
