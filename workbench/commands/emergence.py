"""`coconut emergence`: when a run learned what, read from the models that it kept.

coconut train configs/prosqa_laptop.yaml --set keep_epochs=1
coconut emergence runs/prosqa_laptop laptop
"""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands.readings import First, Folder
from workbench.commands.shared import folder_path, say_if_without_pictures, share_done

app = typer.Typer()


@app.command()
def emergence(
    given: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN... DATA",
            help="Folders of runs that kept models, controls last; then a file of problems or a bundled set.",
        ),
    ],
    out: Folder = Path("runs/emergence"),
    first: First = 200,
) -> None:
    """Accuracy with and without thoughts, what they hold and whether they are used, over the models that runs kept.

    A run keeps models where its config says keep_epochs. Writes emergence.csv, and the figure as HTML, PNG and SVG.
    """
    out = folder_path(out)
    from analyses.figures.trainings import emergence as figure
    from analyses.report.result_files import write_result
    from coconut_core.errors import InputError
    from coconut_core.problems.registry import load_problems

    if len(given) < 2:
        raise InputError("Give one run or more, and then the problems, like: coconut emergence runs/mine laptop.")
    *runs, data = given
    say_if_without_pictures()
    problems = load_problems(data)[:first]
    with share_done() as progress:
        result = figure.emergence(runs, problems, progress)
    write_result(result, out, "emergence")
    print(result.caption())
    print(out / "emergence.csv")
