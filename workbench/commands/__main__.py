"""The `coconut` command. Each module beside this one brings its own commands; here they are put on one list."""

import subprocess
import sys
from pathlib import Path

import typer

from coconut_core.errors import InputError
from workbench.commands import data, figures, known, readings, train
from workbench.commands.shared import run

app = typer.Typer(
    help="See, measure and test how a language model reasons in continuous thoughts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.app, name="data", help="Make and check problems.")
for commands in (train, readings, figures, known):
    app.registered_commands += commands.app.registered_commands


@app.command("app")
def open_app() -> None:
    """Open the workbench in the browser."""
    page = Path(__file__).parents[2] / "app.py"
    if not page.is_file():
        raise InputError(f"{page}: is missing; run `streamlit run app.py` in a clone of the project.")
    raise typer.Exit(subprocess.call([sys.executable, "-m", "streamlit", "run", str(page)]))


def main() -> None:
    """Run a command."""
    run(app)


if __name__ == "__main__":
    main()
