"""`coconut exam`: the instruments on models whose algorithm is known, and beside them on others.

coconut exam --out runs/exam
coconut exam prosqa_laptop prosqa_small
"""

from pathlib import Path
from typing import Annotated

import typer

from workbench.commands.readings import Folder
from workbench.commands.shared import folder_path, say_if_without_pictures, share_done

app = typer.Typer()


@app.command()
def exam(
    models: Annotated[
        list[Path] | None, typer.Argument(help="Models to read beside the known ones: folders or bundled names.")
    ] = None,
    out: Folder = Path("artifacts/exam"),
    data: Annotated[
        Path | None, typer.Option(help="A file of problems, or the name of a bundled set; fresh official ones if none.")
    ] = None,
    first: Annotated[int | None, typer.Option(min=2, help="Only the first problems.")] = None,
) -> None:
    """What each instrument says of four models whose algorithm is known, what is true, and the marks.

    Thresholds stand in analyses/exam/thresholds.py. Writes exam.csv, and the figure as HTML, PNG and SVG.
    """
    out = folder_path(out)
    from analyses.exam import thresholds
    from analyses.exam.exam import examine
    from analyses.report.result_files import write_result
    from coconut_core.bundled import model_folder
    from coconut_core.checkpoints import Checkpoint, load_model
    from coconut_core.known.algorithms import KNOWN
    from coconut_core.known.folder import known_checkpoint
    from coconut_core.problems.registry import DEFAULT, load_problems, task_named

    say_if_without_pictures()
    task = task_named(DEFAULT)
    fresh = (task.settings(), thresholds.PROBLEMS, thresholds.SEED)
    problems = (load_problems(data) if data else task.sample(*fresh))[: first or thresholds.PROBLEMS]
    read: list[tuple[str, Checkpoint]] = [(name, known_checkpoint(name)) for name in KNOWN]
    read += [(folder.name, load_model(folder)) for folder in map(model_folder, models or ())]
    with share_done() as progress:
        result = examine(read, problems, progress)
    write_result(result, out, "exam")
    print(result.caption())
    print(out / "exam.csv")
