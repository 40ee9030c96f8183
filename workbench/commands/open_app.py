"""`coconut app`: the workbench in the browser.

coconut app
coconut app --models runs --models /data/models --port 8600
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from coconut_core.errors import InputError
from workbench.choices.model_places import VARIABLE

app = typer.Typer()

SCRIPTS = (Path(__file__).parents[1] / "app.py", Path(__file__).parents[2] / "app.py")
"""Where the app's script lies in an installed package, and in a clone."""


@app.command("app")
def open_app(
    models: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder whose models are offered, and below which others can be added on the page Models; may be "
            "repeated. Without it, those below artifacts/models and runs can be added."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets everybody in who can reach this machine.")
    ] = "localhost",
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port to listen on; by default 8501 or the next free one.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
) -> None:
    """Open the workbench in the browser, on the bundled models and problems and those of --models."""
    for folder in models or ():
        if not folder.is_dir():
            raise InputError(f"--models: {folder} is not a folder; give one that holds folders of models.")
    environment = dict(os.environ)
    if models:
        environment[VARIABLE] = os.pathsep.join(str(folder.resolve()) for folder in models)
    script = next(path for path in SCRIPTS if path.is_file())
    # The other settings stand in .streamlit/config.toml beside the script, where Streamlit reads them.
    flags = ["--server.address", host]
    flags += [] if port is None else ["--server.port", str(port)]
    flags += ["--server.headless", "true"] if headless else []
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    raise typer.Exit(subprocess.call(command, env=environment))
