"""What the graphs are like (the paper's Table 2), beside the official data.

Means over the problems; "official" are the released ProsQA files, "paper" the printed Table 2.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.chart import framed
from analyses.palette import LIGHT
from analyses.paper import TABLE_2
from analyses.study import Study
from coconut_core.problems.validation import Statistics, statistics


@dataclass(frozen=True)
class GraphStatistics:
    """Statistics of a set of problems."""

    measured: Statistics

    def frame(self) -> pd.DataFrame:
        """One row a statistic: measured, official, paper."""
        frame = self.measured.frame().drop(columns="agrees")
        hops = sum(length * share for length, share in self.measured.hops.items())
        official = sum(
            float(row["official"]) * int(row["statistic"].split()[2])
            for _, row in frame.iterrows()
            if row["statistic"].endswith("hops")
        )
        path = pd.DataFrame([{"statistic": "shortest path", "measured": hops, "official": official}])
        frame = pd.concat([path, frame], ignore_index=True)
        frame["paper"] = [TABLE_2.get(name, np.nan) for name in frame["statistic"]]
        return frame.assign(n=self.measured.problems)

    def figure(self) -> go.Figure:
        """The same as a picture of a table."""
        frame = self.frame()
        cells = [[("" if np.isnan(x) else f"{x:.3g}") for x in frame[c]] for c in ("measured", "official", "paper")]
        figure = go.Figure(
            go.Table(
                columnwidth=[240, 100, 100, 100],
                header={
                    "values": ["<b>mean over the problems</b>", "<b>these</b>", "<b>official data</b>", "<b>paper</b>"],
                    "align": "left",
                    "fill": {"color": LIGHT.fainter},
                },
                cells={"values": [frame["statistic"], *cells], "align": "left", "fill": {"color": LIGHT.paper}},
            )
        )
        n = self.measured.problems
        return framed(figure, "The graphs (Table 2)", f"n = {n}", height=130 + 22 * len(frame), left=14, bottom=10)

    def caption(self) -> str:
        """Chance levels that other figures are read against."""
        correct, lower = self.measured.correct_root_children, self.measured.lower_degree
        return (
            f"{correct:.0%} of the root's children reach the target, which is the chance of a first choice; guessing "
            f"the candidate with fewer parents is right in {lower:.0%}."
        )


def graph_statistics(study: Study) -> GraphStatistics:
    """Statistics of the study's problems."""
    return GraphStatistics(statistics(study.problems))


if __name__ == "__main__":
    from analyses.command_line import run_figure

    run_figure("table_2")
