"""What is measured while a run trains: lines of `metrics.jsonl`, and the same in the trackers that its config names."""

import json
import os
from itertools import takewhile
from pathlib import Path
from typing import Any

from coconut_core.errors import InputError
from coconut_core.files import writing
from coconut_core.training.config import RunConfig
from coconut_core.training.trackers import Trackers

METRICS = "metrics.jsonl"


class RunLog:
    """The log of a run, in the hands of its main process; to be used as a context.

    A resumed run goes on in the log that is there. Lines of steps after `step`, which are taken again, are removed from
    the file. Trackers cannot forget them, and are not sent them a second time.
    """

    def __init__(self, config: RunConfig, step: int):
        self._path = config.folder / METRICS
        lines = _lines(self._path)
        kept = [line for _, line in takewhile(lambda each: each[0] <= step, lines)]
        with writing(self._path):
            self._path.touch()
            os.truncate(self._path, sum(len(line) + 1 for line in kept))
        self._known_to_trackers = len(lines) - len(kept)
        self._trackers = Trackers(config, is_new=not lines)

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._trackers.finish()

    def write(self, line: dict[str, Any]) -> None:
        """Add a line, which says its `kind` and its `step`."""
        # Trackers first: a line that a killed process left in the file has been sent.
        if self._known_to_trackers:
            self._known_to_trackers -= 1
        else:
            self._trackers.log(line)
        with writing(self._path), self._path.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")

    def sync(self) -> None:
        """Return when every line is on the disk: a state that is stored must not be ahead of its log."""
        with writing(self._path), self._path.open("ab") as file:
            os.fsync(file.fileno())


def _lines(path: Path) -> list[tuple[int, bytes]]:
    """Every line with its step. What follows the last end of a line was not written whole, and is left out."""
    if not path.exists():
        return []
    if not path.is_file():
        raise InputError(f"{path}: is not a file; move it away.")
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); make it readable.") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            step = json.loads(line)["step"]
        except (ValueError, TypeError, KeyError, RecursionError):
            step = None
        if type(step) is not int:
            raise InputError(
                f"{path}, line {number}: is not a line of a run's metrics; mend it, or start again with --restart."
            )
        found.append((step, line))
    return found
