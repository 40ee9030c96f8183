"""`coconut figures`: the report of a model beside its controls; `coconut reports`: the page over several."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from workbench.commands.readings import First, ProblemFile
from workbench.commands.shared import folder_path, say_if_without_pictures

app = typer.Typer()
REPORTS = Path("artifacts/figures")
"""A folder in it for each task."""


@app.command()
def figures(
    model: Annotated[Path, typer.Option(help="Folder of the model under study, or the name of a bundled one.")],
    data: ProblemFile,
    control: Annotated[list[Path] | None, typer.Option(help="A model beside it; may be repeated.")] = None,
    sweep: Annotated[
        list[Path] | None,
        typer.Option(help="A model trained with another c_thought, for figure 3 alone; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; by default artifacts/figures and the task's name.")
    ] = None,
    first: First = 500,
    only: Annotated[list[str] | None, typer.Option(help="Only this figure, e.g. figure_8; may be repeated.")] = None,
) -> None:
    """Every figure and table of the paper, and those beyond it, each beside its controls."""
    out = None if out is None else folder_path(out)
    from analyses.report.report import make_report
    from coconut_core.problems.registry import load_problems, task_of

    if out is None:
        out = folder_path(REPORTS / task_of(load_problems(data)).name)

    say_if_without_pictures()
    parts = ["coconut", "figures", "--model", str(model), "--data", str(data)]
    control, sweep = control or [], sweep or []
    parts += [part for path in control for part in ("--control", str(path))]
    parts += [part for path in sweep for part in ("--sweep", str(path))]
    command = shlex.join([*parts, "--first", str(first)])
    manifest = make_report([model, *control], data, out, sweep=sweep, first=first, only=only or (), command=command)
    for name, entry in manifest["figures"].items():
        if "left_out" in entry:
            print(f"{name} was left out: {entry['left_out']}")
    print(out / "index.html")


@app.command()
def reports(folder: Annotated[Path, typer.Argument(help="Folder that holds folders of reports.")] = REPORTS) -> None:
    """One page over all reports of a folder: what each is of, its accuracies, and links to its figures."""
    from analyses.report.overview import write_overview

    print(write_overview(folder_path(folder)))
