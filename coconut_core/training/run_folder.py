"""The folder of a training run: whose run it holds, and whether that is finished."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from coconut_core.card import FILES, files_of, read_card
from coconut_core.errors import InputError
from coconut_core.files import discard, is_part, remove_abandoned, write_atomically
from coconut_core.training.config import RunConfig
from coconut_core.training.state import STATE


def is_finished(folder: Path, config: RunConfig, restart: bool) -> bool:
    """Whether the folder holds this very run, finished; `InputError` if it holds anything but this run.

    With `restart` another run's folder may be discarded, but nothing that is not a run.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give the run another name.")
    path = folder / "run.json"
    if not path.exists():
        if folder.exists() and not all(is_part(each) for each in folder.iterdir()):
            raise InputError(f"{folder}: holds something that is not a run; give the run another name.")
        return False
    if restart:
        return False
    try:
        there = json.loads(path.read_text())
        wanted = json.loads(json.dumps(config.as_dict()))
        # A field that the program did not know when the run began has its usual value.
        usual = {each.name: each.default for each in dataclasses.fields(config)}
        different = [key for key, value in wanted.items() if there.get(key, usual[key]) != value]
    except (OSError, ValueError, RecursionError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read; discard the run with --restart.") from error
    if different:
        raise InputError(
            f"{path}: this folder holds a run with another {', '.join(different)}; give the run another name, "
            "or discard the old one with --restart."
        )
    if not (folder / FILES[0]).exists():
        return False
    # The card is written last: where it is not whole, somebody else was here.
    try:
        read_card(folder)
    except InputError as error:
        raise InputError(f"{error} Or discard the run with --restart.") from error
    for name in files_of(folder):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: is missing; copy the file again, or discard the run with --restart.")
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Within it the folder is this process's own; `InputError` where another process trains it."""
    lock = FileLock(folder.parent / f".{folder.name}.lock", timeout=0)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(f"{folder}: is being trained by another process; wait for it, or stop it.") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); set save_path to another place.") from error
    try:
        yield
    finally:
        lock.release()


def prepare(folder: Path, config: RunConfig, restart: bool) -> None:
    """Make the run's folder, or take the one there, which is of the same config; with `restart` a new one."""
    if restart and folder.exists():
        discard(folder)
    if not (folder / "run.json").exists():
        write_atomically(folder / "run.json", json.dumps(config.as_dict(), indent=2) + "\n")
    if (state := (folder / STATE).parent).exists() and not state.is_dir():
        raise InputError(f"{state}: is a file where the state of the run is to be stored; move it away.")
    remove_abandoned(folder)


def remove_state(folder: Path) -> None:
    """What only an unfinished run needs."""
    shutil.rmtree((folder / STATE).parent, ignore_errors=True)
