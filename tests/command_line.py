"""The command line as a user types it, for tests."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from workbench.commands.__main__ import main


def coconut(*arguments) -> subprocess.CompletedProcess:
    """Exit code and output of a command, run in this process: a process of its own takes seconds to import."""
    command, out, err = ["coconut", *map(str, arguments)], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            main()
    return subprocess.CompletedProcess(command, end.value.code or 0, out.getvalue(), err.getvalue())


def coconut_process(*arguments) -> subprocess.CompletedProcess:
    """The same in a process of its own, where also what the libraries write while they are imported is seen."""
    command = [sys.executable, "-m", "workbench.commands", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)
