"""Accuracy and reasoning process by the number of thoughts (paper figure 5 of v2; figure 3 from v3 on).

Left, the share of right final answers after k = 0..6 thoughts, each time followed by language, with CoT and no-CoT
beside; right, how the model got there, in the six classes of `reasoning_process.py`. The classes judge the chain and
the accuracy judges the answer behind it, so a chain with an invented edge can end in a right answer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import FIGURE_5_ACCURACY, FIGURE_5_BASELINES, FIGURE_5_PROCESSES
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
"""Right ways are blue and wrong ones orange; the darker, the more was written; hatched is an answer alone."""


@dataclass(frozen=True)
class ProcessByK:
    """Accuracy and classes of the baselines, of every subject and number of thoughts."""

    table: pd.DataFrame
    """One row a subject, k and class: n, count, share and interval, accuracy and interval, the paper's numbers; and
    the problems of the class."""

    def frame(self) -> pd.DataFrame:
        """The table without the problems: a row a subject, k and class."""
        return self.table.drop(columns="problems")

    def figure(self) -> go.Figure:
        """The paper's two panels for the model under study and its baselines, and its controls' accuracy."""
        table = self.table
        bars = table[table["role"].isin(("model", "baseline"))]
        grid = make_subplots(
            1,
            2,
            column_titles=["final answer is right", "reasoning process, share of problems"],
            horizontal_spacing=0.09,
        )
        one = bars.drop_duplicates(["subject", "k"])
        grid.add_bar(
            x=one["setting"],
            y=one["accuracy"],
            error_y={
                "array": one["accuracy_high"] - one["accuracy"],
                "arrayminus": one["accuracy"] - one["accuracy_low"],
                "thickness": 1.2,
            },
            marker={"color": LIGHT.faint},
            name="ours (95% Wilson)",
            row=1,
            col=1,
        )
        grid.add_scatter(
            x=one["setting"],
            y=one["paper_accuracy"],
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": LIGHT.muted},
            name="the paper's",
            row=1,
            col=1,
        )
        controls = table[table["role"].isin(("control", "untrained"))].drop_duplicates(["subject", "k"])
        for index, (label, line) in enumerate(controls.groupby("subject", sort=False)):
            grid.add_scatter(
                x=line["setting"],
                y=line["accuracy"],
                mode="lines+markers",
                line={"width": 1, "color": LIGHT.control},
                marker={"symbol": index + 1, "size": 6},
                name=label,
                row=1,
                col=1,
            )
        for process, (colour, hatch) in PATTERNS.items():
            here = bars[bars["process"] == process]
            marker = {"color": colour, "pattern": {"shape": hatch, "fgcolor": LIGHT.ink, "bgcolor": colour, "size": 5}}
            hover = "%{x}: %{y:.1%}<extra>" + process + "</extra>"
            told = {"name": process, "marker": marker, "hovertemplate": hover, "customdata": list(here["problems"])}
            grid.add_bar(x=here["setting"], y=here["share"], **told, row=1, col=2)
        # The paper's shares as thin bars at the left edge of ours, in the same order.
        published, bottom = one[one["paper_accuracy"].notna()]["setting"], 0.0
        for process, (colour, _) in PATTERNS.items():
            here = bars[(bars["process"] == process) & bars["setting"].isin(published)]
            thin = {"color": colour, "opacity": 0.6, "line": {"width": 0.5, "color": LIGHT.ink}}
            look = {"base": bottom, "width": 0.12, "offset": -0.56, "marker": thin, "showlegend": False}
            hover = "the paper, %{x}: %{y:.1%}<extra>" + process + "</extra>"
            grid.add_bar(x=here["setting"], y=here["paper_share"], hovertemplate=hover, **look, row=1, col=2)
            bottom = bottom + here["paper_share"].to_numpy()
        grid.update_layout(barmode="stack")
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%")
        grid.update_yaxes(title_text="share of problems", row=1, col=1)
        grid.update_xaxes(title_text="method, or number of thoughts k before language", type="category")
        n, own = int(table["n"].iloc[0]), one.loc[one["role"] == "model", "subject"].iloc[0]
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
        beside = "".join(f"; {row['subject']} {row['accuracy']:.1%}" for _, row in baselines.iterrows())
        return (
            f"Accuracy at k = {model['k'].iloc[0]}, ... is {', '.join(parts)}, in brackets the difference from the "
            f"paper's analysis model in points{beside}."
        )


def process_by_k(study: Study) -> ProcessByK:
    """Figure 5 for a study: CoT and no-CoT as baselines where the study has them, every other model as a control."""
    rows = []
    subjects = sorted(study.subjects, key=lambda s: s.model.method.name not in FIGURE_5_BASELINES)
    for subject in subjects:
        told, method = study.answers(subject), subject.model.method.name
        baseline = method in FIGURE_5_BASELINES and subject.role == "control"
        processes = ReasoningProcesses.of(study.problems, told)
        summary = processes.summary()
        for at, k in enumerate(told.ks):
            right, n = int(told.correct[:, at].sum()), len(study.problems)
            low, high = wilson(right, n)
            published = _published(method, k, subject.role == "model" or baseline)
            for (_, row), paper in zip(summary[summary["k"] == k].iterrows(), published[1], strict=True):
                rows.append(
                    {
                        "subject": subject.label,
                        "role": "baseline" if baseline else subject.role,
                        "setting": subject.label if baseline else f"k = {k}",
                        **row,
                        "accuracy": right / n,
                        "accuracy_low": low,
                        "accuracy_high": high,
                        "paper_accuracy": published[0],
                        "paper_share": paper,
                        "problems": [i for i, each in enumerate(processes.process) if each[at] == row["process"]],
                    }
                )
    return ProcessByK(pd.DataFrame(rows))


def _published(method: str, k: int, shown: bool) -> tuple[float, list[float]]:
    counts = FIGURE_5_PROCESSES.get((method, k))
    if not shown or counts is None:
        return np.nan, [np.nan] * len(PROCESSES)
    accuracy = FIGURE_5_BASELINES.get(method, FIGURE_5_ACCURACY.get(k))
    return accuracy / 100, [count / 500 for count in counts]
