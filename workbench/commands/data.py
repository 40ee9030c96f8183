"""Commands that make and check problem files: `coconut data make` and `coconut data check`.

coconut data make prosqa --out data/prosqa --train 17886 --valid 300 --test 500 --seed 0
coconut data make prosqa --out data/small --train 2000 --valid 200 --test 200 --nodes 8-14 --hops 2-4
coconut data check data/prosqa/prosqa_test.json --against data/prosqa/prosqa_train.json
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coconut_core.errors import InputError

app = typer.Typer(help="Make and check problem files.", no_args_is_help=True)

_LISTED = 50
"""Violations that are listed without --all."""


class Task(StrEnum):
    """Tasks whose problems can be made."""

    prosqa = "prosqa"


@app.command()
def make(
    task: Annotated[Task, typer.Argument(help="Which problems to make.")],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    train: Annotated[int, typer.Option(min=0, help="Training problems.")] = 17_886,
    valid: Annotated[int, typer.Option(min=0, help="Validation problems.")] = 300,
    test: Annotated[int, typer.Option(min=0, help="Test problems.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Same settings and seed, same files.")] = 0,
    exclude: Annotated[
        list[Path] | None, typer.Option(help="A problem file whose facts must not occur; may be repeated.")
    ] = None,
    nodes: Annotated[str, typer.Option(help="Fewest and most nodes, like 8-14.")] = "14-28",
    hops: Annotated[
        str, typer.Option(help="Hops, like 2-4 (equal shares) or 3:0.41,4:0.44,5:0.13,6:0.02 (weights).")
    ] = "3:0.41,4:0.44,5:0.13,6:0.02",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Make training, validation and test problems that share no facts."""
    from coconut_core.problems.prosqa.sampler import SamplerSettings
    from coconut_core.problems.splits import write_splits

    settings = SamplerSettings(nodes=_range(nodes, "--nodes"), hops=_weights(hops, "--hops"))
    sizes = {"train": train, "valid": valid, "test": test}
    written = write_splits(out, settings, sizes, seed, exclude=exclude or (), force=force, progress=True)
    for path in written:
        typer.echo(f"wrote {path}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A ProsQA file.")],
    against: Annotated[
        list[Path] | None, typer.Option(help="A file that must share no facts with it; may be repeated.")
    ] = None,
    min_hops: Annotated[int, typer.Option(min=1, help="Fewest hops of a sound problem.")] = 3,
    list_all: Annotated[bool, typer.Option("--all", help=f"List more than {_LISTED} violations.")] = False,
) -> None:
    """Measure a file beside the official statistics and list what is wrong; exit code 2 if anything is."""
    from coconut_core.problems.prosqa.problem import ProsqaProblem
    from coconut_core.problems.prosqa.statistics import statistics
    from coconut_core.problems.prosqa.validation import set_violations

    records = _prosqa_records(file)
    others = {str(path): _prosqa_records(path) for path in against or ()}
    found = set_violations(records, others, min_hops=min_hops, progress=True)
    broken = {violation.item for violation in found}
    sound = [ProsqaProblem.from_json(record) for item, record in enumerate(records) if item not in broken]
    if sound:
        typer.echo(_table(statistics(sound).frame()))
    if not found:
        typer.echo(f"{file}: {_counted(len(records), 'problem')}, all sound.")
        return
    typer.echo(
        f"{file}: {_counted(len(found), 'violation')} in {len(broken)} of {_counted(len(records), 'problem')}"
        + (" (the table is of the others):" if sound else ":")
    )
    shown = found if list_all else found[:_LISTED]
    for violation in shown:
        typer.echo(f"  item {violation.item}: {violation.what}")
    if len(found) > len(shown):
        typer.echo(f"  and {len(found) - len(shown)} more (--all lists them)")
    raise typer.Exit(2)


def _prosqa_records(path: Path) -> list:
    """The items of a file of which one at least is a record with a graph, sound or not."""
    from coconut_core.problems.records import read_records

    records = list(read_records(path))
    if not any(isinstance(record, dict) and "edges" in record for record in records):
        raise InputError(f"{path}: holds no ProsQA problems (no item has a field 'edges'); name a ProsQA file.")
    return records


def _table(frame) -> str:
    """The statistics as aligned text, a star where they differ from the official ones."""
    width = max(map(len, frame.statistic))
    rows = [f"{'statistic':<{width}}  measured  official"]
    for row in frame.itertuples():
        star = "" if row.agrees else "  *"
        rows.append(f"{row.statistic:<{width}}  {row.measured:8.3f}  {row.official:8.3f}{star}")
    if not frame.agrees.all():
        rows.append("* differs by more than 3% and .02")
    return "\n".join(rows)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _range(text: str, option: str) -> tuple[int, int]:
    """(fewest, most) of "8-14" or "8"."""
    match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", text)
    if not match:
        raise InputError(f"{option} {text!r} is no range: write it like 8-14.")
    fewest = int(match[1])
    most = int(match[2] or match[1])
    if fewest > most:
        raise InputError(f"{option} {text!r} ends before it starts: write the smaller number first.")
    return fewest, most


def _weights(text: str, option: str) -> dict[int, float]:
    """Weights of "3:0.4,4:0.6", or equal ones of "2-4"."""
    if ":" not in text:
        fewest, most = _range(text, option)
        return dict.fromkeys(range(fewest, most + 1), 1.0)
    weights = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*:\s*(\d*\.?\d+|\d+\.)\s*", part)
        if not match:
            raise InputError(f"{option} {text!r} is not understood: write it like 2-4 or like 3:0.4,4:0.6.")
        if int(match[1]) in weights:
            raise InputError(f"{option} {text!r} weighs {match[1]} hops twice: give every number once.")
        weights[int(match[1])] = float(match[2])
    return weights
