"""`coconut train`, `coconut fit-stopping` and `coconut import`.

coconut train configs/tiny.yaml --set seed=1
torchrun --standalone --nproc_per_node 2 -m workbench.commands train configs/tiny.yaml
"""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from coconut_core.errors import InputError

app = typer.Typer()


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="YAML file of a run; configs/ has those of the shipped models.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field, e.g. lr=1e-3.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Discard what the run's folder holds and start anew.")] = False,
) -> None:
    """Train a model, or resume its training: the same command goes on where it was stopped.

    Started by torchrun, the processes share every batch.
    """
    from coconut_core.training.config_files import load_config

    run = load_config(config, set_ or [])
    from accelerate import PartialState

    from coconut_core.training.loop import train as train_run

    try:
        folder = train_run(run, _command(config, set_ or []), restart=restart)
    except KeyboardInterrupt:
        if PartialState().is_main_process:
            print(f"Stopped; the same command resumes from {run.folder}.", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        # Left to the end of the process, its threads may still run when they are destroyed, which aborts it.
        PartialState().destroy_process_group()
    if int(os.environ.get("RANK", "0")) == 0:
        print(folder)


def _command(config: Path, settings: list[str]) -> str:
    """The command as it was typed, but for --restart: typed again, it resumes the run."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")
    launch = ["coconut"]
    if processes is not None:
        launch = ["torchrun", "--standalone", "--nproc_per_node", processes, "-m", "workbench.commands"]
    return shlex.join([*launch, "train", str(config), *(part for setting in settings for part in ("--set", setting))])


@app.command("fit-stopping")
def fit_stopping(
    model: Annotated[Path, typer.Argument(help="Folder of a finished model that thinks.")],
    loss: Annotated[
        float | None,
        typer.Option(help="Share of all answers that may be lost, with 95% confidence; by default as the run says."),
    ] = None,
) -> None:
    """Fit a model's stop classifier anew: when to stop thinking, for a stated loss of right answers.

    The model stays as it is. Problems are fresh ones of the world that it was trained on.
    """
    if loss is not None and not 0 < loss < 1:
        raise InputError(f"--loss: {loss} is not between 0 and 1; give a share of all answers, like 0.01.")
    from coconut_core.training.stop_rule import refit_stop_rule

    command = shlex.join(["coconut", "fit-stopping", str(model), *([] if loss is None else ["--loss", str(loss)])])
    try:
        record = refit_stop_rule(model, loss, command=command).record
    except KeyboardInterrupt:
        print(f"Stopped; {model} is as it was.", file=sys.stderr)
        raise typer.Exit(130) from None
    print(
        f"{record['accuracy']:.1%} right after {record['mean_thoughts']:.2f} thoughts, "
        f"{record['accuracy_of_all_thoughts']:.1%} after all (n = {record['n']})"
    )
    print(model)


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
