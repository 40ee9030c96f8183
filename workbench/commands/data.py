"""Commands that make and check problem files: `coconut data make` and `coconut data check`.

coconut data make TASK --out data --train 17886 --valid 300 --test 500 --seed 0
coconut data make TASK --out data/small --train 2000 --valid 200 --test 200 --nodes 8-14 --hops 2-4
coconut data check data/TASK_test.json --against data/TASK_train.json

Everything that differs between tasks is asked of the task (`coconut_core/problems/task.py`).
"""

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coconut_core.bundled import problem_file
from coconut_core.errors import InputError
from coconut_core.problems.registry import TASKS, task_of_record

if TYPE_CHECKING:
    from coconut_core.problems.task import Task

app = typer.Typer(help="Make and check problem files.", no_args_is_help=True)

TaskName = StrEnum("TaskName", {name: name for name in TASKS})
"""Names alone: to know which tasks have a sampler they would have to be imported, with all that they need."""
_LISTED = 50
"""Violations that are listed without --all."""


@app.command()
def make(
    task: Annotated[TaskName, typer.Argument(help="Whose problems to make.")],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    train: Annotated[int, typer.Option(min=0, help="Training problems.")] = 17_886,
    valid: Annotated[int, typer.Option(min=0, help="Validation problems.")] = 300,
    test: Annotated[int, typer.Option(min=0, help="Test problems.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same settings and seed give the same files.")] = 0,
    exclude: Annotated[
        list[Path] | None, typer.Option(help="A problem file whose facts must not occur; may be repeated.")
    ] = None,
    nodes: Annotated[
        str | None, typer.Option(help="Fewest and most nodes, like 8-14; the task's usual ones by default.")
    ] = None,
    hops: Annotated[
        str | None,
        typer.Option(help="Hops, like 2-4 (equal shares) or 3:0.4,4:0.6 (weights); the task's usual ones by default."),
    ] = None,
    steps: Annotated[
        str | None, typer.Option(help="Steps to the answer, like 2-4 or 2:0.5,3:0.5; the task's usual ones by default.")
    ] = None,
    numbers: Annotated[
        str | None, typer.Option(help="Smallest and largest number, like 2-100; the task's usual ones by default.")
    ] = None,
    unneeded: Annotated[
        str | None, typer.Option(help="Quantities that no answer needs, like 0-2; the task's usual ones by default.")
    ] = None,
    in_order: Annotated[
        str | None,
        typer.Option(help="Share of problems whose sentences stand in the order of computing, like 0.5."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Make training, validation and test problems that share no facts."""
    from coconut_core.problems.splits import write_splits

    chosen = TASKS[task]
    asked = {"nodes": nodes, "hops": hops, "steps": steps, "numbers": numbers, "unneeded": unneeded}
    asked["in_order"] = in_order
    settings = _settings(chosen, asked)
    sizes = {"train": train, "valid": valid, "test": test}
    written = write_splits(out, chosen, settings, sizes, seed, exclude=exclude or (), force=force, progress=True)
    for path in written:
        typer.echo(f"wrote {path}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Problems in a task's official JSON format, or a bundled set by name.")],
    against: Annotated[
        list[Path] | None, typer.Option(help="A file of the same task that must share no facts with it; repeatable.")
    ] = None,
    min_hops: Annotated[int, typer.Option(min=1, help="Fewest hops of a sound problem with a graph.")] = 3,
    list_all: Annotated[bool, typer.Option("--all", help=f"List more than {_LISTED} violations.")] = False,
) -> None:
    """Measure a file beside the official statistics and list what is wrong; exit code 2 if anything is."""
    from coconut_core.problems.checking import set_violations

    task, records = _records(file)
    others = {}
    for path in against or ():
        other, others[str(path)] = _records(path)
        if other is not task:
            raise InputError(f"{path}: holds {other.title}, but {file} holds {task.title}; compare files of one task.")
    found = set_violations(task, records, others, min_steps=min_hops, progress=True)
    broken = {violation.item for violation in found}
    sound = [task.read(record) for item, record in enumerate(records) if item not in broken]
    table = _statistics(task, sound)
    if table is not None:
        typer.echo(table)
    if not found:
        typer.echo(f"{file}: {_counted(len(records), 'problem')}, all sound.")
        return
    typer.echo(
        f"{file}: {_counted(len(found), 'violation')} in {len(broken)} of {_counted(len(records), 'problem')}"
        + (":" if table is None else " (the table is of the others):")
    )
    shown = found if list_all else found[:_LISTED]
    for violation in shown:
        typer.echo(f"  item {violation.item}: {violation.what}")
    if len(found) > len(shown):
        typer.echo(f"  and {len(found) - len(shown)} more (--all lists them)")
    raise typer.Exit(2)


def _settings(task: "Task", sizes: dict[str, str | None]) -> Any:
    """Which problems to make, from the sizes that were typed; `InputError` for those that the task does not have."""
    if task.settings is None:
        makeable = ", ".join(name for name, each in TASKS.items() if each.settings is not None)
        raise InputError(f"{task.name}: fresh problems of {task.title} cannot be made; choose one of {makeable}.")
    given = {name: size for name, size in sizes.items() if size is not None}
    for name in given:
        if name not in {*task.shares, *(size.name for size in task.sizes)}:
            raise InputError(f"--{name.replace('_', '-')}: problems of {task.title} have none; leave it out.")
    return task.settings_of(**given)


def _records(path: Path) -> tuple["Task", list]:
    """The task that a file's items are meant for, as the first one of any task shows, and the items, sound or not.

    `InputError` if there is none, as in a file of plain questions: they cannot break a task's rules.
    """
    from coconut_core.problems.records import read_records

    records = list(read_records(problem_file(path)))
    tasks = (task_of_record(record) for record in records if isinstance(record, dict))
    task = next((task for task in tasks if task is not TASKS["other"]), None)
    if task is None:
        names = ", ".join(name for name in TASKS if name != "other")
        raise InputError(
            f"{path}: holds no problem of any task ({names}), and plain questions have nothing to be checked beyond "
            "their fields; name a file of a task's problems."
        )
    return task, records


def _statistics(task: "Task", sound: list) -> str | None:
    """The statistics as aligned text, a star where they differ from the official ones; None where there are none."""
    if not sound:
        return None
    # A task need not have statistics, and says so; of sound problems nothing else can be wrong.
    with suppress(InputError):
        frame = task.statistics(sound).frame()
        width = max(map(len, frame.statistic))
        rows = [f"{'statistic':<{width}}  measured  official"]
        for row in frame.itertuples():
            star = "" if row.agrees else "  *"
            rows.append(f"{row.statistic:<{width}}  {row.measured:8.3f}  {row.official:8.3f}{star}")
        if not frame.agrees.all():
            rows.append("* differs by more than 3% and .02")
        return "\n".join(rows)
    return None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
