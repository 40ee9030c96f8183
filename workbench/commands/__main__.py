"""The `coconut` command. Each module beside this one brings its own commands; here they are put on one list."""

from importlib.metadata import version
from typing import Annotated

import typer

from workbench.commands import (
    base,
    data,
    dictionary,
    emergence,
    exam,
    fetch,
    figures,
    known,
    open_app,
    plan,
    readings,
    train,
    verdict,
)
from workbench.commands.shared import run

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data.app.registered_commands += fetch.app.registered_commands
app.add_typer(data.app, name="data", help="Make, check and fetch problems and models.")
for commands in (open_app, train, readings, figures, known, base, plan, exam, verdict, dictionary, emergence):
    app.registered_commands += commands.app.registered_commands


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"coconut-workbench {version('coconut-workbench')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """See, measure and test how a language model reasons in continuous thoughts."""


def main() -> None:
    """Run a command."""
    run(app)


if __name__ == "__main__":
    main()
