"""`coconut data fetch`: the project's other models, and the official files of tasks.

coconut data fetch models --out artifacts/models
coconut data fetch models --from CLONE/artifacts/models
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coconut_core.errors import InputError
from coconut_core.problems.registry import TASKS

app = typer.Typer()

What = StrEnum("What", {name: name for name in ("models", *TASKS) if name != "other"})


@app.command()
def fetch(
    what: Annotated[What, typer.Argument(help="The project's own models, or the task whose official files to fetch.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the files: artifacts/models or data/TASK if none is given.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="A folder or an http address that has the files instead.")
    ] = None,
) -> None:
    """Fetch files and check them; what is there is checked and kept, and what broke off is gone on with."""
    from coconut_core.downloads import fetch as fetch_files
    from coconut_core.downloads import released_models

    download = released_models() if what == "models" else TASKS[what].download
    if download is None:
        raise InputError(
            f"{what}: no public place is known that has the files of {TASKS[what].title} in this form; make them with "
            "the official code, and give their paths to the commands."
        )
    fetched = kept = 0
    for _, is_new in fetch_files(download, out or Path(download.folder), source, progress=True):
        fetched, kept = fetched + is_new, kept + (not is_new)
    typer.echo(f"{out or download.folder}: {fetched} files fetched, {kept} there before, all checked.")
