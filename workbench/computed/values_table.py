"""Tables of one problem's values: on the page those of one k, in the download those of all."""

from typing import TYPE_CHECKING

import pandas as pd

from analyses.readings.masses import ValuesAt
from coconut_core.problems.problem import GraphProblem

if TYPE_CHECKING:
    from analyses.readings.problem_readings import ProblemReadings


def table_at(readings: "ProblemReadings", k: int, opening: str) -> pd.DataFrame:
    """One row a node, candidates first and each group by value; `no_thought` is the control's value."""
    at, control = readings.at(k, opening), readings.at(0, opening)
    frame = readings.values.frame()
    nodes = frame[frame.k == k].drop(columns=["problem", "k", "opening", "rank", "value"])
    nodes = nodes.assign(value=at.value, no_thought=control.value)
    nodes["rank_among_candidates"] = _rank(nodes.value.where(nodes.candidate))
    nodes = nodes.sort_values(["candidate", "value"], ascending=False, kind="stable")
    columns = ["name", "value", "no_thought", "rank_among_candidates", "candidate", "reaches_target"]
    columns += ["on_shortest_path", "depth", "height_shortest", "height_longest", "node"]
    return nodes[columns].reset_index(drop=True)


def differences(before: ValuesAt, after: ValuesAt, old: GraphProblem, new: GraphProblem) -> pd.DataFrame:
    """One row a node: its value before and after, and the change, the largest first; nodes are known by name."""
    values = pd.DataFrame(
        {
            "before": pd.Series(before.value, index=list(old.names)),
            "after": pd.Series(after.value, index=list(new.names)),
        }
    )
    values["change"] = values["after"] - values["before"]
    order = values["change"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    return values.loc[order].rename_axis("node").reset_index()


def table_of_all(readings: "ProblemReadings", model: str, problem: str) -> pd.DataFrame:
    """One row a k, opening and node, with the model's and the problem's name and the mass off the graph; `rank` is that
    among all nodes."""
    frames = []
    for read in (readings.values, *readings.other_openings.values()):
        off_graph = pd.Series(read.off_graph[0], index=list(read.ks))
        frame = read.frame()
        among = _rank(frame.value.where(frame.candidate).groupby(frame.k))
        frames.append(frame.assign(problem=problem, rank_among_candidates=among, off_graph=frame.k.map(off_graph)))
    frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "model", model)
    return frame


def _rank(values: "pd.Series | pd.core.groupby.SeriesGroupBy") -> pd.Series:
    return values.rank(ascending=False, method="min").astype("Int64")
