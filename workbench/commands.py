"""The `coconut` command. Each room brings its own commands; this module only puts them on one list."""

import subprocess
import sys
from pathlib import Path

import typer

import analyses.commands
import coconut_core.commands
import coconut_core.problems.commands
from analyses.command_line import run
from coconut_core.errors import InputError

app = typer.Typer(
    help="See, measure and test how a language model reasons in continuous thoughts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(coconut_core.problems.commands.app, name="data", help="Make and check problems.")
for room in (coconut_core.commands, analyses.commands):
    app.registered_commands += room.app.registered_commands


@app.command("app")
def open_app() -> None:
    """Open the workbench in the browser."""
    page = Path(__file__).parent.parent / "app.py"
    if not page.is_file():
        raise InputError(f"{page}: is missing; run `streamlit run app.py` in a clone of the project.")
    raise typer.Exit(subprocess.call([sys.executable, "-m", "streamlit", "run", str(page)]))


def main() -> None:
    """Run a command."""
    run(app)


if __name__ == "__main__":
    main()
