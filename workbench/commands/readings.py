"""`coconut evaluate`, `values`, `table` and `wall-clock`: what models answer and think, as tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coconut_core.errors import InputError
from workbench.commands.shared import csv_path, folder_path, numbers, thoughts_of

if TYPE_CHECKING:
    from coconut_core.edits.record import Edit
    from workbench.commands.problem_stream import ProblemStream

app = typer.Typer()

Model = Annotated[Path, typer.Argument(help="Folder of a trained model, or the name of a bundled one.")]
Data = Annotated[Path, typer.Argument(help="Problems in a task's official JSON format, or a bundled set by name.")]
Ks = Annotated[
    str | None,
    typer.Option("--k", help="Numbers of thoughts, like 0-6 or 0,3,6; by default all that the model has."),
]
First = Annotated[int | None, typer.Option(help="Only the first N problems.", min=1)]
Batch = Annotated[int, typer.Option(help="Problems computed together.", min=1)]
Edits = Annotated[
    Path | None, typer.Option("--edit", help="JSON file of an edit, or of a list of edits, of what the model computes.")
]
BATCHES_A_RUN = 4
"""Enough of them that a batch can be made of problems of about the same length."""


@app.command()
def evaluate(
    model: Model,
    data: Data,
    k: Ks = None,
    out: Annotated[Path | None, typer.Option(help="CSV with a row for each problem and k, with the words.")] = None,
    force_chain: Annotated[
        bool, typer.Option(help="Force the first word of a chain of thought, where the model might answer at once.")
    ] = False,
    first: First = None,
    batch_size: Batch = 64,
    edit: Edits = None,
) -> None:
    """Accuracy after each number of thoughts, with 95% Wilson intervals, and how the model got to its answers.

    How it got there is counted for problems with graphs. The row "stop" is that of the model's stop classifier, if it
    has one. An edit is a record of `coconut_core.edits.record`, such as
    {"place": "fed", "content": "zero", "thoughts": [1]}.
    """
    edits = [] if edit is None else edits_of(edit)
    ks, out = None if k is None else numbers(k), csv_path(out)
    from analyses.readings.accuracy import Score, accuracy
    from analyses.readings.reasoning_process import PROCESSES
    from analyses.report.tables import csv
    from coconut_core.checkpoints import load_model
    from workbench.commands.problem_stream import ProblemStream

    with ProblemStream(data, first) as stream:
        loaded = load_model(model, stream.device)
        ks = thoughts_of(loaded, ks)

        def measure(start: int, problems):
            measured = accuracy(loaded, problems, ks=ks, chain=force_chain, batch_size=batch_size, edits=edits)
            rows = "" if out is None else csv(measured.frame(start), header=start == 0)
            return rows, measured.score

        parts = stream.write(measure, out, size=run_size(stream, batch_size, edits), what="answers")
        if stream.is_main:
            score = Score.joined(parts)
            print(score.summary().to_string(index=False, float_format="{:.3f}".format))
            print(f"\n{score.seconds / stream.total:.4f} s a problem, for all k together, in batches of {batch_size}.")
            if score.processes is not None:
                processes = score.processes.summary().pivot(index="k", columns="process", values="count")
                print(f"\n{processes[list(PROCESSES)].to_string()}")


@app.command()
def values(
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(help="CSV with a row for each problem, k and node.")] = Path("values.csv"),
    k: Ks = None,
    opening: Annotated[
        str | None,
        typer.Option(
            help="Which of the task's ways to begin a chain is forced at k = 0, by name; its usual one by default."
        ),
    ] = None,
    first: First = None,
    batch_size: Batch = 32,
    edit: Edits = None,
) -> None:
    """The implicit value of every node after each number of thoughts, and the candidate mass.

    An edit is a record of `coconut_core.edits.record`, such as {"place": "fed", "content": "zero", "thoughts": [1]}.
    """
    edits = [] if edit is None else edits_of(edit)
    ks, out = None if k is None else numbers(k), csv_path(out)
    from analyses.readings.masses import Masses
    from analyses.readings.values import node_values, usual_opening
    from analyses.report.tables import csv
    from coconut_core.checkpoints import load_model
    from workbench.commands.problem_stream import ProblemStream

    with ProblemStream(data, first) as stream:
        if not stream.task.has_graph:
            raise InputError(f"{data}: holds problems without graphs, whose nodes the values would be of; name others.")
        opening = usual_opening(stream.task, opening)
        loaded = load_model(model, stream.device)
        ks = thoughts_of(loaded, ks)

        def measure(start: int, problems):
            how = {"ks": ks, "opening": opening, "edits": edits, "batch_size": batch_size}
            measured = node_values(loaded.model, problems, **how)
            rows = csv(measured.frame(start), header=start == 0, float_format="%.6g")
            return rows, measured.masses

        parts = stream.write(measure, out, size=run_size(stream, batch_size, edits), what="values")
        if stream.is_main:
            print(Masses.joined(parts).summary().to_string(index=False, float_format="{:.3f}".format))


def edits_of(path: Path) -> "list[Edit]":
    """The edits of a file."""
    from coconut_core.edits.record import read_edits

    return read_edits(path)


def run_size(stream: "ProblemStream", batch_size: int, edits: "Sequence[Edit]") -> int:
    """Problems of a run: with edits, whose means and donors are of the whole set, all of them."""
    return max(1, stream.total) if edits else BATCHES_A_RUN * batch_size


Models = Annotated[
    list[Path],
    typer.Argument(help="Folders of trained models, or names of bundled ones; the others are compared with the first."),
]
ProblemFile = Annotated[
    Path, typer.Option("--data", help="Problems in a task's official JSON format, or a bundled set by name.")
]
Folder = Annotated[Path, typer.Option("--out", help="Folder for CSV, HTML, and PNG and SVG where they can be drawn.")]


@app.command()
def table(
    models: Models,
    data: ProblemFile,
    out: Folder = Path("artifacts/tables"),
    first: First = None,
) -> None:
    """The paper's Table 1: accuracy and tokens of every method, beside the published numbers."""
    from analyses.figures.method_table import method_table

    _write(method_table, models, data, out, first, "table_1")


@app.command("wall-clock")
def wall_clock_(
    models: Models,
    data: ProblemFile,
    out: Folder = Path("artifacts/tables"),
    first: First = 50,
) -> None:
    """The paper's Table 4: tokens and time of every method, one problem at a time, as ratios to no-CoT."""
    from analyses.figures.wall_clock import wall_clock

    _write(wall_clock, models, data, out, first, "table_4")


def _write(compute, models: list[Path], data: Path, out: Path, first: int | None, name: str) -> None:
    from analyses.report.result_files import write_result
    from coconut_core.checkpoints import load_model
    from coconut_core.problems.registry import load_problems

    out = folder_path(out)
    problems = load_problems(data)[:first]
    result = compute([(path.name, load_model(path)) for path in models], problems)
    print(result.frame().to_string(index=False, float_format="{:.3f}".format))
    for path in write_result(result, out, name):
        print(path)


@app.command()
def seeds(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders that hold the same models, each trained with another seed.")
    ],
    data: ProblemFile,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Name of a model in each folder, the first to be compared with; may be repeated."),
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option(help="Folder with a seeds.csv of the same problems, whose trainings are taken over.")
    ] = None,
    out: Folder = Path("artifacts/tables"),
    first: First = None,
) -> None:
    """Table 1 over several trainings: each seed, means, and tests that respect both seeds and problems."""
    import pandas as pd
    from tqdm.auto import tqdm

    from analyses.figures.trainings.training_seeds import training_seeds
    from analyses.report.result_files import write_result
    from analyses.report.study_rows import packed
    from coconut_core.checkpoints import load_model
    from coconut_core.files import write_atomically
    from coconut_core.problems.registry import load_problems

    out = folder_path(out)
    problems = load_problems(data)[:first]
    names = model or sorted({card.parent.name for folder in folders for card in folder.glob("*/coconut.json")})
    if not names:
        raise InputError(f"{folders[0]}: holds no folder of a model; give folders with the same models, one a seed.")
    held = {name: [folder / name for folder in folders if model or (folder / name).is_dir()] for name in names}
    trainings = [(name, [load_model(path) for path in paths]) for name, paths in held.items()]
    if earlier is not None:
        try:
            before = pd.read_csv(earlier / "seeds.csv"), pd.read_csv(earlier / "seeds_answers.csv.gz")
        except (OSError, ValueError) as error:
            raise InputError(f"--earlier: {earlier} has no seeds.csv with its answers; leave it out.") from error
    with tqdm(total=sum(len(each) for _, each in trainings), desc="trainings") as bar:

        def show(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        table = training_seeds(trainings, problems, show)
    if earlier is not None:
        table = table.with_earlier(*before)
    print(table.frame().to_string(index=False, float_format="{:.3f}".format))
    write_atomically(out / "seeds_answers.csv.gz", packed(table.answers_frame()))
    for path in [*write_result(table, out, "seeds"), out / "seeds_answers.csv.gz"]:
        print(path)
