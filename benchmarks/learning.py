"""What it costs to learn: questions, seconds and core-hours to an accuracy; `python -m benchmarks.learning RUN ...`.

RUN are the folders of finished runs, each of which goes on from the one before it, as `make models` leaves them.
Accuracy is that on the validation problems of each run, after all thoughts that the run trains, and beside it without
any; how many they are, and so how wide the intervals, says the run's config.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
import plotly.graph_objects as go
import typer
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.escaping import for_plotly
from analyses.drawing.palette import LIGHT
from analyses.figures.trainings.training_history import training_history
from analyses.readings.intervals import wilson
from analyses.report.result_files import write_result
from coconut_core.card import read_card, weights_of
from coconut_core.errors import InputError
from coconut_core.files import sha256
from workbench.commands.shared import folder_path, run_alone

LEVELS = (0.90, 0.95, 0.97)
_COSTS = {"samples": "questions", "core_hours": "core-hours"}


@dataclass(frozen=True)
class Learning:
    """The validations of runs that go on from each other, with what had been spent at each."""

    validations: pd.DataFrame
    """run, samples, seconds, core_hours (all from the first run's start), thoughts, n, accuracy, low and high (95%
    Wilson), without (accuracy without a thought)."""

    def frame(self) -> pd.DataFrame:
        """One row a validation."""
        return self.validations

    def reached(self) -> pd.DataFrame:
        """For every level the first validation at or above it: what had been spent; nothing where none was."""
        rows = []
        for level in LEVELS:
            there = self.validations[self.validations["accuracy"] >= level]
            spent = there.head(1)[["run", "samples", "seconds", "core_hours", "n", "accuracy", "low", "high"]]
            rows.append({"level": level, **next(iter(spent.to_dict("records")), {})})
        return pd.DataFrame(rows, columns=["level", *spent.columns])

    def figure(self) -> go.Figure:
        """Accuracy against questions and core-hours, with and without thoughts, the levels dotted."""
        figure, table = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.06), self.validations
        # Where no run has thoughts, both would be one curve over the other.
        curves = {"accuracy": "all thoughts", "without": "no thought"}
        if not table["thoughts"].any():
            curves = {"accuracy": "no thought"}
        for col, (cost, title) in enumerate(_COSTS.items(), start=1):
            for index, (column, name) in enumerate(curves.items()):
                bars = {"error_y": error_bars(table, "accuracy", width=0)} if column == "accuracy" else {}
                figure.add_scatter(
                    x=table[cost],
                    y=table[column],
                    text=table["run"].map(for_plotly),
                    name=name,
                    showlegend=col == 1,
                    row=1,
                    col=col,
                    **bars,
                    **style(index, name),
                )
            for start in table.groupby("run", sort=False)[cost].min()[1:]:
                figure.add_vline(start, line={"width": 1, "color": LIGHT.faint}, row=1, col=col)
            figure.update_xaxes(title_text=title, rangemode="tozero", row=1, col=col)
        for level in LEVELS:
            figure.add_hline(level, line={"dash": "dot", "width": 1, "color": LIGHT.muted})
        figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
        figure.update_yaxes(title_text="accuracy", row=1, col=1)
        note = "on each run's own validation problems, with 95% intervals; lines where another run goes on"
        return framed(figure, "The cost of learning", note, height=430, legend=2)

    def caption(self) -> str:
        """What the levels cost, in words."""
        said = []
        for row in self.reached().to_dict("records"):
            if pd.isna(row.get("samples")):
                said.append(f"{row['level']:.0%} was not reached")
            else:
                said.append(
                    f"{row['level']:.0%} after {row['samples']:,.0f} questions, {row['core_hours']:.2f} core-hours "
                    f"({row['accuracy']:.1%}, {row['low']:.1%} to {row['high']:.1%}, of {row['n']:.0f})"
                )
        return "; ".join(said) + "."


def learning(runs: list[Path]) -> Learning:
    """Read the runs. `InputError` names a folder with no finished run, or one that does not go on from that before."""
    rows, samples, seconds, core_hours, before = [], 0, 0.0, 0.0, None
    for folder in runs:
        card = read_card(folder)
        started = card.get("data", {}).get("start_sha256")
        if before is not None and started != sha256(weights_of(before)):
            raise InputError(
                f"{folder}: did not start from the weights in {before}; give the runs in the order they were made."
            )
        if before is None and started is not None:
            raise InputError(f"{folder}: goes on from another run; give that one first.")
        history, n = training_history(folder), card.get("metrics", {}).get("n", 0)
        by_k = history[history["kind"] != "loss"]
        for (at, after), validation in by_k.groupby(["samples", "seconds"], sort=False):
            accuracy = dict(zip(validation["kind"].map(_thoughts_of), validation["value"], strict=True))
            most = max(accuracy)
            low, high = wilson(round(accuracy[most] * n), n)
            rows.append(
                {
                    "run": card["run"]["name"],
                    "samples": samples + at,
                    "seconds": seconds + after,
                    "core_hours": core_hours + after * card["processes"] / 3600,
                    "thoughts": most,
                    "n": n,
                    "accuracy": accuracy[most],
                    "low": low,
                    "high": high,
                    "without": accuracy[0],
                }
            )
        samples, seconds = samples + card["samples"], seconds + card["seconds"]
        core_hours, before = core_hours + card["seconds"] * card["processes"] / 3600, folder
    if not rows:
        raise InputError(f"{runs[0]}: its metrics.jsonl has no validation; train with validation_problems above 0.")
    return Learning(pd.DataFrame(rows))


def _thoughts_of(kind: str) -> int:
    """6 of "accuracy, k = 6"."""
    return int(kind.rpartition(" ")[2])


def main(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs, in the order they were made.")],
    out: Annotated[Path, typer.Option(help="Folder for the table and the figure.")] = Path("runs/learning"),
) -> None:
    """Read what runs have cost and draw it."""
    out = folder_path(out)
    result = learning(runs)
    write_result(result, out, "learning")
    print(result.reached().to_string(index=False, na_rep=""))
    print(result.caption(), flush=True)


if __name__ == "__main__":
    run_alone(main)
