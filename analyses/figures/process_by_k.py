"""Accuracy and reasoning process by the number of thoughts (paper figure 5 of v2; figure 3 from v3 on).

Left, the share of right final answers after k = 0 to 6 thoughts, each time followed by language, with CoT and no-CoT
beside it. Right, how the model got to its answer, in six classes of what it wrote: a correct path (a shortest one), a
longer path, a hallucination (an edge that the graph lacks, or a broken chain), a path to a wrong target, or the label
alone, correct or incorrect. The classes judge the chain and the accuracy judges the answer behind it, so a chain with
an invented edge can end in a right answer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.figures.published import ANALYSED, FIGURE_5_ACCURACY, FIGURE_5_BASELINES, FIGURE_5_PROCESSES
from analyses.readings.intervals import wilson
from analyses.readings.reasoning_process import PROCESSES, ReasoningProcesses
from analyses.readings.study import Study

PATTERNS = {
    "correct path": (LIGHT.scale[4], ""),
    "longer path": (LIGHT.scale[2], ""),
    "correct label": (LIGHT.scale[1], "/"),
    "hallucination": (LIGHT.distractor, ""),
    "wrong target": ("#f0a27a", ""),
    "incorrect label": ("#f7d3c0", "\\"),
}
"""Colour and hatch of each class: right ones are blue, wrong ones orange, answers without a chain hatched."""


@dataclass(frozen=True)
class ProcessByK:
    """Accuracy and classes of the baselines, of every subject and number of thoughts."""

    table: pd.DataFrame
    """One row for each subject, k and class: n, count, share and interval, accuracy and interval, the paper's numbers;
    and the problems of the class."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, k and class: the table without the problems."""
        return self.table.drop(columns="problems")

    def figure(self) -> go.Figure:
        """The paper's two panels for the model under study and its baselines, and the accuracy of the controls."""
        table = self.table
        bars = table[table["role"].isin(("model", "baseline"))]
        grid = make_subplots(
            1,
            2,
            column_titles=["final answer is right", "reasoning process, share of problems"],
            horizontal_spacing=0.09,
        )
        once = bars.drop_duplicates(["subject", "k"])
        _draw_accuracy(grid, once)
        _draw_controls(grid, table[table["role"].isin(("control", "untrained"))].drop_duplicates(["subject", "k"]))
        _draw_processes(grid, bars)
        _draw_published_processes(grid, bars[bars["paper_accuracy"].notna()])
        grid.update_layout(barmode="stack")
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of problems", row=1, col=1)
        grid.update_xaxes(title_text="method, or number of thoughts k before language", type="category")
        n, own = int(table["n"].iloc[0]), once.loc[once["role"] == "model", "subject"].iloc[0]
        return framed(
            grid,
            "Accuracy and reasoning process",
            f"{own}, n = {n} · right: broad bars ours, thin bars beside them the paper's",
            height=560,
            legend=3,
        )

    def caption(self) -> str:
        """Accuracy at every k with its difference from the paper's, and the baselines."""
        one = self.table.drop_duplicates(["subject", "k", "role"])
        model, baselines = one[one["role"] == "model"], one[one["role"] == "baseline"]
        parts = []
        for _, row in model.iterrows():
            gap = f" ({100 * (row['accuracy'] - row['paper_accuracy']):+.1f})" if row["paper_accuracy"] > 0 else ""
            parts.append(f"{row['accuracy']:.1%}{gap}")
        brackets = ", in brackets the difference from the paper's analysis model in points"
        brackets = brackets if model["paper_accuracy"].notna().any() else ""
        beside = "".join(f"; {row['subject']} {row['accuracy']:.1%}" for _, row in baselines.iterrows())
        return f"Accuracy at k = {model['k'].iloc[0]}, ... is {', '.join(parts)}{brackets}{beside}."


def process_by_k(study: Study) -> ProcessByK:
    """Figure 5 of a study, with CoT and no-CoT as baselines if it has them and every other model as a control."""
    rows = []
    subjects = sorted(study.subjects, key=lambda s: s.method.name not in FIGURE_5_BASELINES)
    for subject in subjects:
        written = study.answers(subject)
        baseline = subject.method.name in FIGURE_5_BASELINES and subject.role == "control"
        shown = study.task.name == ANALYSED and (subject.role == "model" or baseline)
        processes = ReasoningProcesses.of(study.problems, written)
        summary = processes.summary()
        for at, k in enumerate(written.ks):
            right, n = int(written.correct[:, at].sum()), len(study.problems)
            low, high = wilson(right, n)
            paper_accuracy, paper_shares = _published(subject.method.name, k, shown)
            setting = {
                "subject": subject.label,
                "role": "baseline" if baseline else subject.role,
                "setting": subject.label if baseline else f"k = {k}",
            }
            accuracy = {"accuracy": right / n, "accuracy_low": low, "accuracy_high": high}
            for (_, row), share in zip(summary[summary["k"] == k].iterrows(), paper_shares, strict=True):
                paper = {"paper_accuracy": paper_accuracy, "paper_share": share}
                of_class = [i for i, each in enumerate(processes.process) if each[at] == row["process"]]
                rows.append({**setting, **row, **accuracy, **paper, "problems": of_class})
    return ProcessByK(pd.DataFrame(rows))


def _draw_accuracy(grid: go.Figure, settings: pd.DataFrame) -> None:
    """Bars of the accuracy, and the paper's as points."""
    grid.add_bar(
        x=settings["setting"],
        y=settings["accuracy"],
        error_y=error_bars(settings, "accuracy", "accuracy_low", "accuracy_high", thickness=1.2),
        marker={"color": LIGHT.faint},
        name="ours (95% Wilson)",
        row=1,
        col=1,
    )
    grid.add_scatter(
        x=settings["setting"],
        y=settings["paper_accuracy"],
        mode="markers",
        marker={"symbol": "diamond-open", "size": 9, "color": LIGHT.muted},
        name="the paper's",
        row=1,
        col=1,
    )


def _draw_controls(grid: go.Figure, controls: pd.DataFrame) -> None:
    for index, (label, line) in enumerate(controls.groupby("subject", sort=False)):
        # From the fourth look on: the first three have the colours of the classes.
        grid.add_scatter(x=line["setting"], y=line["accuracy"], name=label, **style(index + 3, label), row=1, col=1)


def _draw_processes(grid: go.Figure, bars: pd.DataFrame) -> None:
    """The shares of the classes, stacked; a page can open the problems of a bar."""
    for process, (colour, hatch) in PATTERNS.items():
        here = bars[bars["process"] == process]
        grid.add_bar(
            x=here["setting"],
            y=here["share"],
            name=process,
            marker={"color": colour, "pattern": {"shape": hatch, "fgcolor": LIGHT.ink, "bgcolor": colour, "size": 5}},
            hovertemplate="%{x}: %{y:.1%}<extra>" + process + "</extra>",
            customdata=list(here["problems"]),
            row=1,
            col=2,
        )


def _draw_published_processes(grid: go.Figure, bars: pd.DataFrame) -> None:
    """The paper's shares as thin bars at the left edge of the others, in the same order."""
    bottom = 0.0
    for process, (colour, _) in PATTERNS.items():
        here = bars[bars["process"] == process]
        grid.add_bar(
            x=here["setting"],
            y=here["paper_share"],
            base=bottom,
            width=0.12,
            offset=-0.56,
            marker={"color": colour, "opacity": 0.6, "line": {"width": 0.5, "color": LIGHT.ink}},
            hovertemplate="the paper, %{x}: %{y:.1%}<extra>" + process + "</extra>",
            showlegend=False,
            row=1,
            col=2,
        )
        bottom = bottom + here["paper_share"].to_numpy()


def _published(method: str, k: int, shown: bool) -> tuple[float, list[float]]:
    """The paper's accuracy and its share of each class, in [0, 1]; NaN where there are none or they are not `shown`."""
    counts = FIGURE_5_PROCESSES.get((method, k))
    if not shown or counts is None:
        return np.nan, [np.nan] * len(PROCESSES)
    accuracy = FIGURE_5_BASELINES.get(method, FIGURE_5_ACCURACY.get(k))
    return accuracy / 100, [count / 500 for count in counts]
