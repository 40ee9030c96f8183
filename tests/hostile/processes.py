"""Commands in processes that begin in milliseconds and are killed at any moment, or run out of room.

A server imports the project once and forks a process for each command, which runs as if it had been typed.
"""

import multiprocessing
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

ROUNDS = int(os.environ.get("COCONUT_HOSTILE", "1"))
"""How long the tests of this folder take, in multiples of what they take by themselves (`make hostile`)."""
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.hostile.everything"])


class Command:
    """A command that was started: `Command(folder, "train", "run.yaml")`."""

    def __init__(self, watched: Path, *arguments, dies_at: int | None = None, largest_file: int | None = None):
        """`watched` is the folder that it writes to; it kills itself before operation `dies_at` on files there."""
        self._printed = watched.parent / f"{watched.name}.printed"
        command = ["coconut", *map(str, arguments)]
        self._process = _SERVER.Process(
            target=_run, args=(command, str(watched), str(self._printed), dies_at, largest_file), daemon=True
        )
        self._process.start()

    def kill(self, number: int) -> None:
        """Send a signal, if it still runs."""
        # It may end between a question whether it is alive and the signal.
        with suppress(ProcessLookupError):
            if self._process.is_alive():
                os.kill(self._process.pid, number)

    def wait(self, seconds: float | None = 120) -> int | None:
        """The exit code, the negative number of the signal that ended it; None if it still runs after so long."""
        self._process.join(seconds)
        return self._process.exitcode

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    @property
    def operations(self) -> int:
        """Of a command that ended by itself: what it did to files and folders that it watched."""
        return int(self._printed.with_suffix(".operations").read_text())


_ON_FILES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "shutil.rmtree")


def _run(command: list[str], watched: str, printed: str, dies_at: int | None, largest_file: int | None) -> None:
    from workbench.commands.__main__ import main

    output = os.open(printed, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = command
    done = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal done
        if event in _ON_FILES and str(arguments[0]).startswith(watched):
            done += 1
            if done == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    try:
        main()
    finally:
        if largest_file is None:
            Path(printed).with_suffix(".operations").write_text(str(done))
