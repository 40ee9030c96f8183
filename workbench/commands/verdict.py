"""`coconut verdict`: what the instruments say of models, question by question, beside models whose algorithm is known.

coconut verdict prosqa_laptop --control prosqa_laptop_pause_as_thought laptop
coconut verdict runs/mine official_size --first 200 --out runs/verdict
"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from workbench.commands.readings import First, Folder
from workbench.commands.shared import folder_path, say_if_without_pictures, share_done

app = typer.Typer()


@app.command()
def verdict(
    given: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL... DATA",
            help="Folders of models or bundled names; last, a file of problems or a bundled set.",
        ),
    ],
    control: Annotated[list[Path] | None, typer.Option(help="A model beside them; may be repeated.")] = None,
    out: Folder = Path("runs/verdict"),
    first: First = 200,
    exam: Annotated[
        Path | None, typer.Option(help="The exam.csv of `coconut exam` with the marks; the bundled one by default.")
    ] = None,
) -> None:
    """Does a model use its thoughts, are k of them worth k steps, what do they hold, what does it know without them?

    Writes index.html, verdict.json, verdict.csv (answers) and readings.csv. What an interrupted run has read is kept.
    """
    out = folder_path(out)
    from analyses.verdict.files import make_verdict
    from coconut_core.errors import InputError

    if len(given) < 2:
        raise InputError("Give one model or more, and then the problems, like: coconut verdict prosqa_laptop laptop.")
    *models, data = given
    say_if_without_pictures()
    parts = ["coconut", "verdict", *map(str, models), str(data)]
    parts += [part for path in control or () for part in ("--control", str(path))]
    command = shlex.join([*parts, "--first", str(first)])
    with share_done() as progress:
        result = make_verdict(
            models, data, out, controls=control or (), first=first, exam=exam, command=command, progress=progress
        )
    for model, answers in result.answers.groupby("model", sort=False):
        if answers["role"].iloc[0] != "known":
            print(f"\n{model}")
            for answer in answers.to_dict("records"):
                print(f"  {answer['asked']} {answer['answer']}\n      {answer['sentence']}")
    print(out / "index.html")
