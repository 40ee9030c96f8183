"""`coconut train` and `coconut import`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="YAML file of a run; configs/ has those of the shipped models.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field, e.g. lr=1e-3.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Discard what the run's folder holds and start anew.")] = False,
) -> None:
    """Train a model, or resume its training: the same command goes on where it was stopped."""
    from coconut_core.config_files import load_config

    run = load_config(config, set_ or [])
    from coconut_core.training import train as train_run

    settings = [part for setting in set_ or [] for part in ("--set", setting)]
    command = shlex.join(["coconut", "train", str(config), *settings])
    try:
        folder = train_run(run, command, restart=restart)
    except KeyboardInterrupt:
        print(f"Stopped; the same command resumes from {run.folder}.", file=sys.stderr)
        raise typer.Exit(130) from None
    print(folder)


@app.command("import")
def import_(
    state: Annotated[Path, typer.Argument(help="A checkpoint of the official code (torch.save of a state dict).")],
    base: Annotated[Path, typer.Argument(help="Local folder of the model it was trained from, e.g. GPT-2.")],
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    c: Annotated[int, typer.Option("--c", min=1, help="Thoughts per reasoning step it was trained with.")] = 1,
    max_stage: Annotated[int, typer.Option(min=1, help="Its max_latent_stage.")] = 6,
) -> None:
    """Turn a checkpoint of the official code into a folder that every command and the app can use."""
    from coconut_core.official import import_official

    import_official(state, base, out, thoughts_per_step=c, max_stage=max_stage)
    print(out)
