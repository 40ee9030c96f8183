"""What all commands share: their exit codes, and arguments that several of them take."""

import errno
import inspect
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from coconut_core.errors import InputError, one_readable_line
from coconut_core.problems.records import shown
from coconut_core.speedups.garbage import collect_rarely

if TYPE_CHECKING:
    from coconut_core.checkpoints import Checkpoint


LARGEST_K = 512
"""Thoughts that a command reads a model after at most: more would take longer than anybody waits."""
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""What the system says where something cannot be written, half-way through work whose beginning was fine."""
_NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EINVAL)
"""What it says of a path that leads nowhere."""


def run(app: typer.Typer) -> None:
    """Run a command; bad input is one sentence and exit code 2, Ctrl-C and a request to end are exit code 130."""
    collect_rarely()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for argument in sys.argv[1:]:
            if "\0" in argument:
                raise InputError(f"{shown(argument)}: holds a null character, which no name has; leave it out.")
        sys.exit(app(standalone_mode=False))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except OSError as error:
        path = error.filename or "A file"
        if error.errno in _NO_PATH:
            fault = InputError(f"{path}: is not a path that leads to a file ({error.strerror}); give another one.")
        elif error.errno in _NO_PLACE:
            fault = InputError(f"{path}: cannot be written ({error.strerror}); choose another place.")
        else:
            raise
        sys.stderr.write(f"{fault}\n")
        sys.exit(2)
    except typer.TyperException as error:
        error.message = one_readable_line(error.message)  # type: ignore[attr-defined]
        error.show()  # type: ignore[attr-defined]
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of thoughts of "0-6" or "0,3,6"; `InputError` for anything else."""
    try:
        low, dash, high = text.partition("-")
        ends = [int(low), int(high)] if dash else [int(part) for part in text.split(",")]
    except ValueError:
        ends = []
    possible = ends and 0 <= min(ends) and max(ends) <= LARGEST_K
    found = [] if not possible else range(ends[0], ends[1] + 1) if dash else ends
    if not found:
        raise InputError(
            f"--k: {shown(text)} is neither a range like 0-6 nor a list like 0,3,6, of at most {LARGEST_K} thoughts."
        )
    return tuple(dict.fromkeys(found))


def thoughts_of(checkpoint: "Checkpoint", ks: tuple[int, ...] | None) -> tuple[int, ...]:
    """The numbers of thoughts to read a model after: those asked for, or all up to what it was trained to end with.

    `InputError` where thoughts are asked of a model without slots.
    """
    if ks is None:
        return tuple(range(checkpoint.max_thoughts + 1))
    method = checkpoint.model.method
    if method.slot_count(max(ks)) < max(ks):
        raise InputError(f"--k: a model of the method {method.name} has no thoughts; ask for 0.")
    return ks


def csv_path(out: Path | None) -> Path | None:
    """The place of a result, refused before any work if nothing can be written there."""
    if out is not None and (out.is_dir() or out.suffix != ".csv"):
        raise InputError(f"--out: {out} is not the name of a CSV file; give one that ends in .csv.")
    return out


def folder_path(out: Path) -> Path:
    """A folder for results, refused before any work if it is a file."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out: {out} is a file; give the name of a folder.")
    return out


def say_if_without_pictures() -> None:
    """Before the work, a sentence where this machine cannot draw pictures of its results."""
    from analyses.report import export

    if fault := export.image_fault():
        print(f"{fault} CSV and HTML are written.", file=sys.stderr)


@contextmanager
def share_done() -> Iterator[Callable[[str, float], None]]:
    """Around work of several parts: one bar over all of it. Gives what to call with the part that is being done and the
    share of all that is done, 0 to 1."""
    from tqdm import tqdm

    with tqdm(total=1, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:

        def progress(what: str, share: float) -> None:
            bar.update(share - bar.n)
            bar.set_postfix_str(what)

        yield progress
        bar.update(1 - bar.n)


def run_alone(command: Callable[..., None]) -> None:
    """Run one command as `python -m` its module, whose docstring is its help."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(help=inspect.cleandoc(sys.modules["__main__"].__doc__ or ""))(command)
    run(app)
