"""How `coconut values` grows with problems, thoughts, nodes and processes; `python -m benchmarks.growth`.

Each point is the command as a user types it, in a process of its own. From its seconds and its peak memory those of the
same command on the smallest input are taken off, so that what is drawn is the work and not the start of Python.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import typer
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed, style
from analyses.report.result_files import write_result
from benchmarks.bundled import LAPTOP, MODEL
from coconut_core.errors import InputError
from coconut_core.problems.problem import GraphProblem
from coconut_core.problems.registry import DEFAULT, TASKS, save_problems
from workbench.commands.shared import folder_path, run_alone


@dataclass(frozen=True)
class Growth:
    """What one quantity costs."""

    quantity: str
    """What grows, with its unit."""
    fixed: str
    """What stays as it is."""
    amount: tuple[int, ...]
    seconds: Float[np.ndarray, "point"]
    """Wall clock beyond the start."""
    mebibytes: Float[np.ndarray, "point"]
    """Peak resident memory of the largest process, the start included."""

    @property
    def exponents(self) -> tuple[float, float]:
        """Slopes of seconds and memory against the amount between the last two points, both logarithmic."""
        step = np.log(self.amount[-1] / self.amount[-2])
        return tuple(float(np.log(each[-1] / each[-2]) / step) for each in (self.seconds, self.mebibytes))

    def frame(self) -> pd.DataFrame:
        """One row a point."""
        seconds, memory = self.exponents
        return pd.DataFrame(
            {
                "quantity": self.quantity,
                "fixed": self.fixed,
                "amount": self.amount,
                "seconds": self.seconds,
                "mebibytes": self.mebibytes,
                "seconds_exponent": seconds,
                "mebibytes_exponent": memory,
            }
        )

    def figure(self) -> go.Figure:
        """Seconds and peak memory against the amount, both axes logarithmic, with the last slopes."""
        named = zip(("time", "memory"), self.exponents, strict=True)
        titles = [f"{name}: exponent {exponent:.2f} between the last two points" for name, exponent in named]
        grid = make_subplots(1, 2, horizontal_spacing=0.12, column_titles=titles)
        panels = ((self.seconds, "seconds beyond the start"), (self.mebibytes, "peak memory, MiB"))
        for col, (each, title) in enumerate(panels, start=1):
            grid.add_scatter(x=self.amount, y=each, row=1, col=col, showlegend=False, **style(0, 1))
            # One decade at least, so that what is flat looks flat.
            middle, half = np.log10(each).mean(), max(0.6, np.ptp(np.log10(each)) / 2 + 0.15)
            steps = (1, 2, 5) if half < 1 else (1,)
            ticks = [step * 10.0**power for power in range(-2, 5) for step in steps]
            marks = {"tickvals": ticks, "ticktext": [f"{tick:,g}" for tick in ticks]}
            grid.update_yaxes(title_text=title, range=[middle - half, middle + half], **marks, row=1, col=col)
        amounts = {"tickvals": self.amount, "ticktext": [f"{amount:,}" for amount in self.amount]}
        grid.update_xaxes(type="log", title_text=self.quantity, **amounts)
        grid.update_yaxes(type="log")
        return framed(grid, f"Growth with the number of {self.quantity}", self.fixed, height=380)

    def caption(self) -> str:
        """The exponents in words."""
        seconds, memory = self.exponents
        first, last = self.amount[0], self.amount[-1]
        return (
            f"From {first:,} to {last:,} {self.quantity}: {self.seconds[-1]:.1f} s and {self.mebibytes[-1]:.0f} MiB at "
            f"the end; between the last two points time grows with exponent {seconds:.2f} and memory with {memory:.2f}."
        )


def main(
    out: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path("artifacts/benchmarks"),
    most: Annotated[int, typer.Option(help="Problems at the last point; 100,000 take minutes.", min=1_000)] = 100_000,
    only: Annotated[list[str] | None, typer.Option(help="problems, thoughts, nodes or processes.")] = None,
) -> None:
    """Measure all four growths and draw them."""
    out = folder_path(out)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sweeps: dict[str, Callable[[], Growth]] = {
            "problems": lambda: _problems(folder, most),
            "thoughts": lambda: _thoughts(folder),
            "nodes": lambda: _nodes(folder),
            "processes": lambda: _processes(folder),
        }
        for name in only or sweeps:
            if name not in sweeps:
                raise InputError(f"--only: {name!r} is not measured here; give one of {', '.join(sweeps)}.")
            growth = sweeps[name]()
            write_result(growth, out, f"growth_{name}")
            print(growth.caption(), flush=True)


def _problems(folder: Path, most: int) -> Growth:
    amounts = tuple(amount for amount in (100, 1_000, 10_000, 100_000) if amount <= most)
    data = _laptop_problems(folder, most)
    runs = [_values(folder, MODEL, data, "--k", "0-6", "--first", amount) for amount in (1, *amounts)]
    return _growth("problems", "k = 0..6, 8-14 nodes, reference model", amounts, runs)


def _thoughts(folder: Path) -> Growth:
    amounts = (4, 8, 16, 32, 64)
    runs = [_values(folder, MODEL, LAPTOP, "--k", f"0-{most}") for most in amounts]
    start = _values(folder, MODEL, LAPTOP, "--k", "0", "--first", 1)
    return _growth(
        "thoughts", "500 problems of 8-14 nodes, all k up to the last, reference model", amounts, [start, *runs]
    )


def _nodes(folder: Path) -> Growth:
    amounts = (31, 62, 125, 250, 500)
    files = {}
    for nodes in (4, *amounts):
        files[nodes] = folder / f"nodes_{nodes}.json"
        save_problems(files[nodes], [large_problem(nodes, seed) for seed in range(8)])
    model = _untrained(folder, files[amounts[-1]])
    settings = ("--k", "0-6", "--batch-size", 2)
    runs = [_values(folder, model, files[nodes], *settings) for nodes in amounts]
    start = _values(folder, model, files[4], *settings, "--first", 1)
    return _growth("nodes", "8 problems, k = 0..6, 2 at a time, the reference model's shape", amounts, [start, *runs])


def _processes(folder: Path) -> Growth:
    amounts, data, runs = (1, 2), _laptop_problems(folder, 4_000), []
    for count in amounts:
        # Two processes take longer to start, and are started by a third.
        start, _ = _values(folder, MODEL, data, "--first", 1, processes=count)
        seconds, mebibytes = _values(folder, MODEL, data, processes=count)
        runs.append((seconds - start, mebibytes))
        (folder / "values.csv").rename(folder / f"values_{count}.csv")
    assert (folder / "values_1.csv").read_bytes() == (folder / "values_2.csv").read_bytes(), "processes do not agree"
    return _growth("processes", "4,000 problems of 8-14 nodes, k = 0..6, reference model", amounts, [(0.0, 0.0), *runs])


def _laptop_problems(folder: Path, count: int) -> Path:
    """A file of problems of the reference model's world.

    Made by a process of its own: a child's peak memory is never less than what its parent holds when it starts.
    """
    world = ["--nodes", "8-14", "--hops", "2:0.3,3:0.4,4:0.3", "--train", "0", "--valid", "0", "--test", str(count)]
    make = [sys.executable, "-m", "workbench.commands", "data", "make", DEFAULT, "--out", str(folder), "--seed", "7"]
    subprocess.run([*make, *world, "--force"], check=True, capture_output=True)
    return folder / f"{DEFAULT}_test.json"


def large_problem(nodes: int, seed: int) -> GraphProblem:
    """A sound problem with any number of nodes from 4 on: two trees with some further edges, facts in random order."""
    rng = random.Random(seed)
    names = ["Tom", "Alex", *(f"w{index}us" for index in range(nodes - 2))]
    facts, parents = [], set()
    for child in range(2, nodes):
        side = range(child % 2, child, 2)
        for parent in {rng.choice(side) for _ in range(rng.choice((1, 2)))}:
            facts.append((parent, child))
            parents.add(parent)
    rng.shuffle(facts)
    texts = [f"{'Every ' if parent > 1 else ''}{names[parent]} is a {names[child]}." for parent, child in facts]
    leaves = [[node for node in range(2 + side, nodes, 2) if node not in parents] for side in (0, 1)]
    target, distractor = (names[rng.choice(each)] for each in leaves)
    return TASKS[DEFAULT].from_text(" ".join([*texts, f"Is Tom a {target} or {distractor}?"]))


def _untrained(folder: Path, data: Path) -> Path:
    """A model of the reference model's shape whose vocabulary has the names in `data`."""
    from coconut_core.checkpoints import save_model
    from coconut_core.training.config_files import load_config
    from coconut_core.training.initial_model import initial_model

    shape = "model={family: llama, layers: 4, width: 128, heads: 4, feed_forward: 256}"
    config = load_config("configs/tiny.yaml", [shape, f"train_path={data}", "worlds=[]", "questions_per_text=1"])
    place = folder / "large"
    place.mkdir()
    save_model(initial_model(config), place, {"run": config.as_dict()}, half=False, held_out=[])
    return place


def _values(folder: Path, model: Path, data: Path, *settings: object, processes: int = 1) -> tuple[float, float]:
    """Seconds and peak MiB of one `coconut values`."""
    python = [sys.executable, "-m"]
    launch = ["torch.distributed.run", "--standalone", f"--nproc_per_node={processes}", "-m"] if processes > 1 else []
    command = [*python, *launch, "workbench.commands", "values", model, data, *settings]
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*map(str, command), "--out", str(folder / "values.csv")],
            stdout=output,
            stderr=output,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(process.args)} failed: {output.read().decode()[-500:]}")
    return seconds, usage.ru_maxrss / 1024


def _growth(quantity: str, fixed: str, amounts: Sequence[int], runs: Sequence[tuple[float, float]]) -> Growth:
    """From the runs of all amounts, after that of the start alone."""
    (start, _), *points = runs
    seconds = np.array([max(seconds - start, 1e-3) for seconds, _ in points])
    return Growth(quantity, fixed, tuple(amounts), seconds, np.array([mebibytes for _, mebibytes in points]))


if __name__ == "__main__":
    run_alone(main)
