"""What the graphs are like (the paper's Table 2), beside the official data.

Means over the problems, but for the fewest and the most nodes; those that are shares run from 0 to 1. "Official" are
the released ProsQA files, "paper" the printed Table 2. The world of the problems is stated with them: smaller graphs
than the official ones are easier to search, and numbers beside published ones have to be read so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.drawing.chart import framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import TABLE_2
from analyses.readings.study import Study
from coconut_core.encoding import Problem
from coconut_core.problems.graph import depths
from coconut_core.problems.prosqa.statistics import Statistics, statistics
from coconut_core.problems.questions import task_of


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
        """Chance levels that other figures are read against."""
        correct, lower = self.measured.correct_root_children, self.measured.lower_degree
        hops = sum(length * share for length, share in self.measured.hops.items())
        compared = f"{self.measured.nodes:.1f} nodes, {self.measured.edges:.1f} edges and a shortest path of {hops:.1f}"
        return (
            f"The graphs have {compared} on average (the paper's {TABLE_2['nodes']:g}, {TABLE_2['edges']:g} and "
            f"{TABLE_2['shortest path']:g}). {correct:.0%} of the root's children reach the target, which is the "
            f"chance of a first choice; guessing the candidate with fewer parents is right in {lower:.0%} (an "
            "equal number counted as one half)."
        )


def world_of(problems: Sequence[Problem]) -> str:
    """What problems are like in a few words: the range of their nodes and hops, or of their steps without graphs."""
    if task_of(problems) != "prosqa":
        return f"questions of {_range([len(problem.steps) for problem in problems])} steps"
    told = f"{_range([len(problem.names) for problem in problems])} nodes"
    hops = [depths(problem.graph, problem.root).get(problem.target) for problem in problems]
    within_reach = [each for each in hops if each is not None]
    return f"{told}, {_range(within_reach)} hops" if within_reach else told


def _range(counts: Sequence[int]) -> str:
    few, many = min(counts), max(counts)
    return str(few) if few == many else f"{few} to {many}"


def graph_statistics(study: Study) -> GraphStatistics:
    """Statistics of the study's problems."""
    return GraphStatistics(statistics(study.problems))
