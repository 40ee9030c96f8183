"""`coconut evaluate` and `coconut values`: what a model says and thinks, as tables."""

from pathlib import Path
from typing import Annotated

import typer

from coconut_core.errors import InputError
from coconut_core.files import write_atomically

app = typer.Typer()

Model = Annotated[Path, typer.Argument(help="Folder of a trained model, e.g. artifacts/models/prosqa_laptop.")]
Data = Annotated[Path, typer.Argument(help="ProsQA problems in the official JSON format.")]
Ks = Annotated[str, typer.Option("--k", help="Numbers of thoughts: a range like 0-6, or a list like 0,3,6.")]
First = Annotated[int | None, typer.Option(help="Only the first N problems.")]
Batch = Annotated[int, typer.Option(help="Problems computed together.", min=1)]


@app.command()
def evaluate(
    model: Model,
    data: Data,
    k: Ks = "0-6",
    out: Annotated[Path | None, typer.Option(help="CSV with a row for each problem and k, with the words.")] = None,
    first: First = None,
) -> None:
    """Accuracy after each number of thoughts, with 95% Wilson intervals."""
    ks, out = _numbers(k), _csv(out)
    from analyses.accuracy import accuracy

    loaded, problems = _load(model, data, first)
    measured = accuracy(loaded, problems, ks=ks, progress=True)
    if out is not None:
        write_atomically(out, measured.frame().to_csv(index=False))
    print(measured.summary().to_string(index=False, float_format="{:.3f}".format))


@app.command()
def values(
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(help="CSV with a row for each problem, k and node.")] = Path("values.csv"),
    k: Ks = "0-6",
    opening: Annotated[
        str, typer.Option(help="What is forced at k = 0: entity ('Tom is a') or every ('Every').")
    ] = "entity",
    first: First = None,
    batch_size: Batch = 32,
) -> None:
    """The implicit value of every node after each number of thoughts, and the candidate mass."""
    ks, out = _numbers(k), _csv(out)
    from analyses.values import node_values

    loaded, problems = _load(model, data, first)
    measured = node_values(loaded, problems, ks=ks, opening=opening, batch_size=batch_size, progress=True)
    write_atomically(out, measured.frame().to_csv(index=False, float_format="%.8g"))
    print(measured.masses().to_string(index=False, float_format="{:.3f}".format))


def _load(model: Path, data: Path, first: int | None):
    from coconut_core.checkpoints import load_model
    from coconut_core.problems.prosqa import load_problems

    problems = load_problems(data)
    return load_model(model), problems[:first]


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of thoughts of "0-6" or "0,3,6"; `InputError` for anything else."""
    try:
        low, dash, high = text.partition("-")
        numbers = range(int(low), int(high) + 1) if dash else [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 0:
        raise InputError(f"--k: {text!r} is neither a range like 0-6 nor a list like 0,3,6.")
    return tuple(dict.fromkeys(numbers))


def _csv(out: Path | None) -> Path | None:
    """The place of a result, refused before any work if nothing can be written there."""
    if out is not None and (out.is_dir() or out.suffix != ".csv"):
        raise InputError(f"--out: {out} is no name of a CSV file; give one that ends in .csv.")
    return out
