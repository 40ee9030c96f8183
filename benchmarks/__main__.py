"""`python -m benchmarks`: ratios as a table, JSON and CSV; with --check, exit code 1 where one has collapsed."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from analyses.command_line import folder_path, run_alone
from coconut_core.files import write_atomically

PROBLEMS = Path("artifacts/problems/laptop.json")


def main(
    model: Annotated[Path, typer.Option(help="Folder of the model whose shape is timed.")] = Path(
        "artifacts/models/prosqa_laptop"
    ),
    out: Annotated[Path, typer.Option(help="Folder for benchmarks.json and benchmarks.csv.")] = Path(
        "artifacts/benchmarks"
    ),
    small: Annotated[bool, typer.Option(help="Fewer problems and rounds: half a minute.")] = False,
    check: Annotated[bool, typer.Option(help="Exit code 1 where a ratio is below its floor.")] = False,
) -> None:
    """Time every work both ways, interleaved, after asserting that both give the same."""
    import torch

    from benchmarks.contests import contests, run
    from coconut_core.checkpoints import load_model
    from coconut_core.problems.prosqa import load_problems
    from coconut_core.problems.prosqa_sampler import OFFICIAL, sample_problems

    out = folder_path(out)
    torch.set_num_threads(1)
    loaded, problems = load_model(model), load_problems(PROBLEMS)
    few, many, rounds = (4, 32, 3) if small else (16, 128, 5)
    ratios = []
    for contest in contests(loaded, problems[:many], few):
        ratios.append(run(contest, rounds))
        last = ratios[-1]
        print(f"{last.ratio:8.1f} x  ({last.low:.1f} to {last.high:.1f})  {last.name}", flush=True)
    start = time.perf_counter()
    sample_problems(OFFICIAL, 2_000, 0)
    rate = 2_000 / (time.perf_counter() - start)
    print(f"{rate:8.0f} official problems sampled a second, one core")
    seconds = None
    if not small:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            command = [sys.executable, "-m", "workbench.commands", "values", str(model), str(PROBLEMS)]
            subprocess.run([*command, "--out", f"{folder}/values.csv"], check=True, capture_output=True)
            seconds = time.perf_counter() - start
        print(f"{seconds:8.1f} s from the start of `coconut values` on {len(problems)} problems to the CSV")
    table = pd.DataFrame([asdict(ratio) for ratio in ratios])
    write_atomically(out / "benchmarks.csv", table.to_csv(index=False))
    found = {"ratios": [asdict(r) for r in ratios], "problems_a_second": rate, "values_command_seconds": seconds}
    write_atomically(out / "benchmarks.json", json.dumps({**found, "torch": torch.__version__}, indent=2) + "\n")
    fallen = [ratio.name for ratio in ratios if ratio.ratio < ratio.least]
    if check and fallen:
        sys.exit(f"Slower than the floor: {'; '.join(fallen)}")


if __name__ == "__main__":
    run_alone(main)
