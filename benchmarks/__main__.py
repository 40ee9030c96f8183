"""`python -m benchmarks`: ratios as a table, JSON and CSV; with --check, exit code 1 where one has collapsed."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from analyses.report.tables import csv
from benchmarks.bundled import LAPTOP, MODEL, OFFICIAL
from coconut_core.files import write_atomically
from workbench.commands.shared import folder_path, run_alone

OURS = (
    "workbench.commands.readings, workbench.commands.problem_stream, analyses.readings.values, coconut_core.checkpoints"
)
LIBRARIES = "torch, pandas, networkx, typer, transformers.models.llama.modeling_llama, transformers.models.auto"
COMMANDS = 5
"""Times that a whole process is timed."""


def main(
    model: Annotated[Path, typer.Option(help="Folder of the model whose shape is timed.")] = MODEL,
    out: Annotated[Path, typer.Option(help="Folder for benchmarks.json and benchmarks.csv.")] = Path(
        "artifacts/benchmarks"
    ),
    small: Annotated[bool, typer.Option(help="Fewer problems and rounds, one shape: half a minute.")] = False,
    check: Annotated[bool, typer.Option(help="Exit code 1 where a ratio is below its floor.")] = False,
    official: Annotated[Path | None, typer.Option(help="A checkout of the official code, to be timed too.")] = None,
    official_python: Annotated[
        Path, typer.Option(help="Python of an environment with torch and transformers==4.46.2, for --official.")
    ] = Path(sys.executable),
) -> None:
    """Time every work both ways, interleaved, after asserting that both give the same."""
    import torch

    from benchmarks.official import check_official
    from coconut_core.problems.registry import DEFAULT, TASKS

    out = folder_path(out)
    if official is not None:
        check_official(official, official_python)
    torch.set_num_threads(1)
    ratios = []
    for ratio in _ratios(model, small, official, official_python):
        ratios.append(ratio)
        about = f"{ratio.shape}: {ratio.name}, against {ratio.against}, operations {ratio.operations:.1f} x"
        about += f", at {ratio.utilisation:.0%} of the core's matrix rate"
        about += "" if ratio.memory is None else f", memory {ratio.memory:.2f} x (floor {ratio.memory_floor:.2f})"
        about += "" if ratio.most is None else f", at most {ratio.most:.1f} x"
        spread = f"({ratio.low:.1f} to {ratio.high:.1f}, rounds {ratio.rounds})"
        print(f"{ratio.ratio:8.1f} x  {spread}  {about}", flush=True)
    task = TASKS[DEFAULT]
    start = time.perf_counter()
    task.sample(task.settings(), 2_000, 0)
    found = {"problems_sampled_a_second": 2_000 / (time.perf_counter() - start), "torch": torch.__version__}
    print(
        f"{found['problems_sampled_a_second']:8.0f} {task.title} problems of the usual size sampled a second, one core"
    )
    if not small:
        found |= _values_command(model)
        print(
            f"{found['values_command_seconds']:8.1f} s from the start of `coconut values` on 500 problems to its end, "
            f"{found['values_import_seconds']:.1f} s of it imports ({found['library_import_seconds']:.1f} s libraries)"
        )
    rows = [asdict(ratio) for ratio in ratios]
    write_atomically(out / "benchmarks.csv", csv(pd.DataFrame(rows), float_format="%.4g"))
    write_atomically(out / "benchmarks.json", json.dumps({"ratios": rows, **found}, indent=2) + "\n")
    fallen = [ratio.name for ratio in ratios if ratio.least is not None and ratio.ratio < ratio.least]
    if check and fallen:
        sys.exit(f"Slower than the floor: {'; '.join(fallen)}")


def _ratios(model: Path, small: bool, official: Path | None, python: Path) -> Iterator:
    from benchmarks.contests import contests
    from benchmarks.official import gpt2_small, official_ratios, works
    from benchmarks.ratios import run
    from coconut_core.checkpoints import load_model
    from coconut_core.problems.registry import load_problems

    reference, laptop = load_model(model).model, load_problems(LAPTOP)
    few, many, rounds = (4, 32, 3) if small else (16, 128, 5)
    for contest in contests(reference, laptop[:many], few):
        yield run(contest, "reference", rounds)
    if small:
        return
    large, full = gpt2_small(reference), load_problems(OFFICIAL)
    for contest in contests(large, full[:4], 1):
        yield run(contest, "GPT-2 small", 2)
    if official is not None:
        given = {"checkout": official, "python": python, "rounds": 5}
        yield from official_ratios("reference", reference, laptop, works(500, (1, 8, 32)), **given)
        yield from official_ratios("GPT-2 small", large, full, works(4, (1, 8)), **given)


def _values_command(model: Path) -> dict[str, float]:
    """Seconds of a whole command, and of processes that only import what it does, or only the libraries among that.

    Each the median of `COMMANDS`, taken in turn.
    """
    rarely = "from coconut_core.speedups.garbage import collect_rarely; collect_rarely(); import "
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "workbench.commands", "values", str(model), str(LAPTOP), "--out", f"{folder}/values.csv"]
        processes = {
            "values_command_seconds": command,
            "values_import_seconds": ["-c", rarely + OURS],
            "library_import_seconds": ["-c", rarely + LIBRARIES],
        }
        seconds = {name: [] for name in processes}
        for _ in range(COMMANDS):
            for name, arguments in processes.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


if __name__ == "__main__":
    run_alone(main)
