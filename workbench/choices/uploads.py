"""Where models that are uploaded are kept: on the server's disk, for as long as the server lives."""

import atexit
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from coconut_core.files import temporary_folder


@cache
def uploads() -> Path:
    """A folder of this server among the machine's temporary ones, removed when the server ends.

    Making it removes what servers that were killed have left.
    """
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(temporary_folder(Path(tempfile.gettempdir()) / "coconut-uploads"))
