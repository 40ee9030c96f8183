"""What are thoughts made of? Features of a sparse dictionary, each named by an exact label, then taken out and swapped.

Every thought is written as a sum of a few of many learned directions (`readings/representation/dictionary.py`). Each
concept and name gets one feature, by the last two fifths of the problems; read are the others
(`readings/representation/features.py`). Above: how well the activations of these features tell nodes of a concept
from others (AUC), thought by thought, beside

    random directions   as many that were not learned, named the same way
    shuffled labels     the same features, named by labels that were dealt to other nodes
    untrained           a small dictionary of a model with random weights

Below: pairs that differ in one fact, with thought k alone, or all, moved by features. Counted are bases whose answer
is no longer right, which of swapped features is the donor's. A move as far in a random direction, or by as many other
features, is the control: only what changes more answers than both is done by what the features stand for.

With `coconut dictionary MODEL` the dictionary is one of some 100,000 thoughts of fresh problems; without one a small
dictionary is learned from the study's own thoughts, in seconds, and finds less. Sparse dictionaries of thoughts have
been learned before (SAE-Coconut-Qwen3); here the labels are exact.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, drawn_from, error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import auc, bootstrap_auc, wilson
from analyses.readings.representation.dictionary_learning import small_dictionary
from analyses.readings.representation.features import (
    CHANGES,
    SIDES,
    FeatureChanges,
    Features,
    Thoughts,
    asked_about,
    dictionary_of,
    fed,
    parted,
)
from analyses.readings.representation.probes import CONCEPTS, Asked
from analyses.readings.study import Study

RANDOM, SHUFFLED = "random directions", "shuffled labels"
EVERY = "all"
SEED = 31
READ = {
    "frontier": "frontier: k steps away",
    "reachable": "reachable: at most k steps",
    "depth": "depth: k steps, not fewer",
    "target": "target, not the other",
}
CHANGED = {
    "rebuilt": "rebuilt by the dictionary",
    "removed": "features of the reached removed",
    "swapped": "features of the search swapped",
}


@dataclass(frozen=True)
class ThoughtFeatures:
    """What features tell, and what becomes of answers when they are changed."""

    label: str
    made_of: str
    """Which dictionary it is, in words."""
    table: pd.DataFrame
    """One row a concept ("frontier", ...) or change ("rebuilt", ...), thought (a number or "all") and source or side: n
    pairs, or problems with nodes that have the concept and others, value (AUC, or share of answers no longer right) and
    its interval (bootstrap over problems, or Wilson's)."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Above, a panel a concept; below, a panel a change."""
        grid = make_subplots(
            2,
            12,
            specs=[[{"colspan": 3}, None, None] * 4, [{"colspan": 4}, None, None, None] * 3],
            subplot_titles=[*READ.values(), *CHANGED.values()],
            row_heights=[0.5, 0.5],
            horizontal_spacing=0.025,
            vertical_spacing=0.2,
        )
        sources = list(dict.fromkeys(self.table[self.table["what"].isin(READ)]["side"]))
        for index, what in enumerate(READ):
            for at, source in enumerate(sources):
                self._draw(grid, what, source, style(at, source), (1, 1 + 3 * index), at == 0, index == 0)
            grid.add_hline(0.5, line={"color": LIGHT.faint, "width": 1}, row=1, col=1 + 3 * index)
        for index, what in enumerate(CHANGED):
            for at, side in enumerate(SIDES):
                colour, dash, symbol = STYLES[at]
                look = {
                    "line": {"color": colour, "dash": dash},
                    "marker": {"color": colour, "symbol": symbol, "size": 8},
                }
                look = {"mode": "lines+markers", "legend": "legend2", **look}
                self._draw(grid, what, side, look, (2, 1 + 4 * index), True, index == 1)
        grid.update_yaxes(range=[0.3, 1.03], showticklabels=False, row=1)
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".0%", showticklabels=False, row=2)
        grid.update_yaxes(title_text="AUC", showticklabels=True, row=1, col=1)
        grid.update_yaxes(title_text="answers changed", showticklabels=True, row=2, col=1)
        grid.update_xaxes(type="category", title_text="thought")
        grid.update_xaxes(title_text="thought moved", row=2)
        n = int(self.table[self.table["what"].isin(CHANGED)]["n"].max())
        subtitle = (
            f"{self.label}, {self.made_of}. Below, each move beside controls as far, n = {n} pairs; 95% intervals"
        )
        framed(grid, "What thoughts are made of", subtitle, height=680, left=80, bottom=100, legend=1)
        below = {"y": -0.16, "yref": "paper", "yanchor": "top"}
        grid.update_layout(legend2={**grid.layout.legend.to_plotly_json(), **below})
        return grid

    def _draw(
        self, grid: go.Figure, what: str, side: str, look: dict, place: tuple[int, int], bars: bool, listed: bool
    ) -> None:
        line = self.drawn[(self.drawn["what"] == what) & (self.drawn["side"] == side)]
        alone, together = line[line["thought"] != EVERY], line[line["thought"] == EVERY]
        for part, mode in ((alone, "lines+markers"), (together, "markers")):
            grid.add_scatter(
                x=part["thought"],
                y=part["value"],
                error_y=error_bars(part, "value", width=3, thickness=1.2) if bars else None,
                name=side,
                legendgroup=f"{place[0]} {side}",
                showlegend=listed and mode != "markers",
                row=place[0],
                col=place[1],
                **{**look, "mode": mode},
            )

    @property
    def drawn(self) -> pd.DataFrame:
        """The rows of enough problems to be drawn."""
        return self.table[self.table["n"] >= drawn_from(int(self.table["n"].max()))]

    def caption(self) -> str:
        """Of each concept, the thought where features exceed their best control most; of each change, all thoughts."""
        parts = []
        for what in CONCEPTS:
            table = self.drawn[self.drawn["what"] == what].pivot(index="thought", columns="side", values="value")
            if len(table):
                others = table.drop(columns=self.label)
                best = (table[self.label] - others.max(axis=1)).idxmax()
                beside = others.loc[best].idxmax()
                parts.append(
                    f"{what} {table.loc[best, self.label]:.2f} from thought {best} ({beside} "
                    f"{others.loc[best, beside]:.2f})"
                )
        cells = self.table.set_index(["what", "thought", "side"])["value"]
        done = []
        for what in CHANGES:
            beside = ", ".join(
                f"{side} {cells[what, EVERY, side]:.0%}" for side in SIDES[1:] if (what, EVERY, side) in cells
            )
            done.append(f"{what} {cells[what, EVERY, SIDES[0]]:.0%} ({beside})")
        return (
            f"AUC of one feature a name in {self.label}, {self.made_of}, each where it exceeds its best control most: "
            f"{'; '.join(parts)}. Answers that are no longer right with all thoughts moved: {'; '.join(done)}."
        )


def features(study: Study) -> ThoughtFeatures:
    """Of the model under study."""
    (own, *_), at = study.with_slots(), parted(study.problems)
    thoughts = fed(own.model, study.all_thoughts(own))
    dictionary, is_large = dictionary_of(own, thoughts[at:])
    learned = f"a dictionary of {len(dictionary.decoder):,} features"
    learned += " of fresh problems" if is_large else " of the study's own thoughts"
    naming = asked_about(own.model, study.problems[at:], own.max_thoughts)
    reading = asked_about(own.model, study.problems[:at], own.max_thoughts)
    named, rows = Features.of(dictionary, thoughts[at:], naming), []
    sources = [
        (own.label, named, thoughts),
        (RANDOM, Features.of(dictionary.random(SEED), thoughts[at:], naming), thoughts),
        (SHUFFLED, Features.of(dictionary, thoughts[at:], naming, dealt=SEED), thoughts),
        _untrained(study, naming, at),
    ]
    for what, k in reading:
        study.progress(f"features of {own.name}", (k - 1) / own.max_thoughts)
        asked = reading[what, k]
        for source, each, vectors in sources:
            score = each.scores(vectors[:at], asked, what, k)
            if asked.label.any() and not asked.label.all():
                rows.append({"what": what, "thought": str(k), "side": source, **_read(score, asked)})
    changes = FeatureChanges.of(study, own, named)
    cells = [(change, side, cell) for change in CHANGES for side in SIDES for cell in _cells(changes.pairs.k)]
    for done, (change, side, (name, numbers)) in enumerate(cells):
        study.progress(f"features of {own.name} changed", done / len(cells))
        if (change, side) == (CHANGES[0], SIDES[2]):
            continue  # the error of a dictionary has no features
        wrong = changes.changed(change, side, numbers)
        low, high = wilson(int(wrong.sum()), len(wrong))
        found = {"n": len(wrong), "value": wrong.mean(), "low": low, "high": high}
        rows.append({"what": change, "thought": name, "side": side, **found})
    return ThoughtFeatures(own.label, learned, pd.DataFrame(rows))


def _untrained(study: Study, naming: dict[tuple[str, int], Asked], at: int) -> tuple[str, Features, Thoughts]:
    """The untrained model with a small dictionary of its own."""
    subject = study.subjects[-1]
    if subject.role != "untrained":
        raise InputError("Features are told from those of an untrained model, which is left out; take it in again.")
    thoughts = fed(subject.model, study.all_thoughts(subject))
    return subject.label, Features.of(small_dictionary(thoughts[at:].flatten(0, 1)), thoughts[at:], naming), thoughts


def _read(score: Float[np.ndarray, "row"], asked: Asked) -> dict:
    label, problem = asked.label, asked.problem
    low, high = bootstrap_auc(score[label], score[~label], (problem[label], problem[~label]))
    both = set(problem[label]) & set(problem[~label])
    return {"n": len(both), "value": auc(score[label], score[~label]), "low": low, "high": high}


def _cells(thoughts: int) -> list[tuple[str, tuple[int, ...]]]:
    """Each thought alone, and all."""
    every = tuple(range(1, thoughts + 1))
    return [*((str(k), (k,)) for k in every), (EVERY, every)]
