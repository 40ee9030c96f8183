"""What the graphs are like (the paper's Table 2), beside the official data.

All are means over the problems, except the fewest and the most nodes; shares are between 0 and 1. "Official" is
measured on the released files of the task, "paper" is the printed Table 2. Graphs that are smaller than the official
ones are easier to search, which matters wherever numbers stand beside published ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import ANALYSED, TABLE_2
from analyses.readings.study import Study
from coconut_core.problems.task import Statistics

IN_CAPTION = ("nodes", "edges", "shortest path")
"""Statistics that the caption gives, where the task measures them."""


@dataclass(frozen=True)
class GraphStatistics:
    """Statistics of a set of problems."""

    measured: Statistics
    published: Mapping[str, float] = field(default_factory=dict)
    """The printed means, by statistic."""

    def frame(self) -> pd.DataFrame:
        """One row for each statistic: measured, official, paper, n."""
        frame = self.measured.frame().drop(columns="agrees")
        frame["paper"] = [self.published.get(name, np.nan) for name in frame["statistic"]]
        return frame.assign(n=self.measured.problems)

    def figure(self) -> go.Figure:
        """The frame as a drawn table."""
        frame = self.frame()
        cells = [[("" if np.isnan(x) else f"{x:.3g}") for x in frame[c]] for c in ("measured", "official", "paper")]
        figure = go.Figure(
            go.Table(
                columnwidth=[240, 100, 100, 100],
                header={
                    "values": ["<b>statistic</b>", "<b>these</b>", "<b>official data</b>", "<b>paper</b>"],
                    "align": "left",
                    "fill": {"color": LIGHT.fainter},
                },
                cells={
                    "values": [frame["statistic"], *cells],
                    "align": "left",
                    "fill": {"color": LIGHT.paper},
                    "height": 26,
                },
            )
        )
        n = self.measured.problems
        return framed(figure, "The graphs (Table 2)", f"n = {n}", height=150 + 26 * len(frame), left=14, bottom=10)

    def caption(self) -> str:
        """The size of the graphs beside the paper's, and the chance levels that other figures are read against."""
        measured = self.frame().set_index("statistic")["measured"]
        means = []
        for name in IN_CAPTION:
            if name in measured:
                paper = f" (paper {self.published[name]:g})" if name in self.published else ""
                means.append(f"{name} {measured[name]:.1f}{paper}")
        sizes = f"Means over the graphs: {', '.join(means)}. " if means else ""
        return sizes + self.measured.chance_levels()


def graph_statistics(study: Study) -> GraphStatistics:
    """Statistics of the study's problems; `InputError` where their task has none."""
    published = TABLE_2 if study.task.name == ANALYSED else {}
    return GraphStatistics(study.task.statistics(study.problems), published)
