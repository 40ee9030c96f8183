"""Does a part of a thought decide the answer? What another problem has there is put in its place.

Interchange interventions (Geiger et al. 2021) with an oracle. A base and its donor differ in one fact, so that the
other candidate is right (`readings/pairs.py`). What the donor has at one place replaces what the base has there, and
counted is how often the answer becomes the donor's. Places:

    fed      what is fed into the slots
    state    the residual stream after a layer, at the slots
    values   what later columns take over from the slots, in all layers

each at one thought, and at all. On the same axes stands, as the control of every row, the column "fact": the question's
own columns of the exchanged fact, where the information enters. Three panels: thoughts after the change are rerolled;
they are frozen, fed as they were without it; and, as a control, the donor is that of another pair, rerolled, which
moves the state as far. Where a change only destroys what a thought held, the answer is a guess, and about half of the
pairs turn: a part decides the answer as far as its own donor turns more than an unrelated one does. The last panel
splits the fed thoughts by the step of the exchanged fact: a model that searches a step a thought shows a triangle,
since its thoughts t do not know of facts beyond step t (Cheng and Zhang 2026).

A learned subspace (distributed alignment search) is not fitted; an edit takes any basis (`coconut_core/edits`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.pairs import Pairs, pairs_of
from analyses.readings.study import Study
from coconut_core.edits.record import Edit

PANELS = {"rerolled": "later thoughts rerolled", "frozen": "later thoughts frozen", "unrelated": "an unrelated donor"}
FACT = "fact"
EVERY = "all"


@dataclass(frozen=True)
class Interchange:
    """How often the answer becomes the donor's."""

    label: str
    thoughts: int
    asked: int
    """Pairs that were looked at, with those whose base the model does not answer right."""
    donors_right: float
    """Share of the donors that the model itself answers right: as much as can be expected of any cell."""
    table: pd.DataFrame
    """One row a panel, place, layer (0 for none), thought ("all", "fact") and step of the exchanged fact (0 for all):
    n, turned, share and its Wilson interval, and the mean mass of the two candidates."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Three heat maps of place and thought, and one of step and thought."""
        n = int(self.table[self.table["step"] == 0]["n"].max())
        titles = [*PANELS.values(), "fed, by step of the fact"]
        grid = make_subplots(
            1, 4, column_titles=titles, column_widths=[0.27, 0.27, 0.27, 0.19], horizontal_spacing=0.02
        )
        columns = [*map(str, range(1, self.thoughts + 1)), EVERY, FACT]
        whole = self.table[self.table["step"] == 0]
        rows = list(dict.fromkeys(zip(whole["place"], whole["layer"], strict=True)))
        for at, panel in enumerate(PANELS, start=1):
            own = whole[whole["panel"] == panel].set_index(["place", "layer", "thought"])
            self._draw(
                grid, at, columns, [_row_name(*row) for row in rows], [[(*r, c) for c in columns] for r in rows], own
            )
        by_step = self.table[self.table["step"] > 0].set_index(["step", "thought"])
        steps = sorted(set(by_step.index.get_level_values(0)))
        names = [f"step {step}, n = {int(by_step.loc[(step, EVERY), 'n'])}" for step in steps]
        self._draw(grid, 4, columns[:-1], names, [[(step, c) for c in columns[:-1]] for step in steps], by_step)
        grid.update_xaxes(title_text="thought", showgrid=False, type="category")
        grid.update_yaxes(showgrid=False, autorange="reversed")
        for at in (2, 3):
            grid.update_yaxes(showticklabels=False, col=at)
        grid.update_yaxes(side="right", col=4)
        return framed(
            grid,
            "Whose answer is given when a donor's part of a thought is put in?",
            f"{self.label}: share of pairs whose answer becomes the donor's, n = {n} of {self.asked} pairs; the donor "
            f"itself is answered right in {self.donors_right:.0%}",
            height=230 + 30 * len(rows),
            left=110,
            right=120,
        )

    def _draw(self, grid: go.Figure, col: int, columns: list, names: list, cells: list, own: pd.DataFrame) -> None:
        shares = [[own["share"].get(cell, np.nan) for cell in row] for row in cells]
        grid.add_heatmap(
            x=columns,
            y=names,
            z=shares,
            text=[["" if share != share else f"{100 * share:.0f}" for share in row] for row in shares],
            customdata=[
                [f"{own['low'].get(c, np.nan):.0%} to {own['high'].get(c, np.nan):.0%}" for c in row] for row in cells
            ],
            texttemplate="%{text}",
            hovertemplate="%{y}, thought %{x}: %{z:.0%} (%{customdata})<extra></extra>",
            colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[3])],
            zmin=0,
            zmax=1,
            showscale=False,
            hoverongaps=False,
            xgap=2,
            ygap=2,
            row=1,
            col=col,
        )

    def caption(self) -> str:
        """The whole thoughts, the last thought alone, and the two controls of each."""
        whole = self.table[self.table["step"] == 0].set_index(["panel", "place", "layer", "thought"])

        def share(*cell: object) -> str:
            row = whole.loc[cell]
            return f"{row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%})"

        n, fed = int(whole["n"].max()), {panel: share(panel, "fed", 0, EVERY) for panel in PANELS}
        last, fact = share("rerolled", "fed", 0, str(self.thoughts)), share("rerolled", "state", 1, FACT)
        return (
            f"With the donor's thoughts fed into all slots the answer becomes the donor's in {fed['rerolled']} of "
            f"{n} pairs, with an unrelated donor's in {fed['unrelated']}; with its last thought alone "
            f"in {last}; with the exchanged fact's columns after layer 1 in {fact}. The donors themselves are answered "
            f"right in {self.donors_right:.0%}."
        )


def interchange(study: Study) -> Interchange:
    """Every place, thought and panel of the model under study."""
    (subject, *_) = study.with_slots()
    pairs, rows = pairs_of(study, subject), []
    cells = list(_cells(subject.model.lm.config.num_hidden_layers, pairs.k))
    for done, (panel, place, layer, thought, edit) in enumerate(cells):
        study.progress(f"interchange in {subject.name}", done / len(cells))
        written = pairs.answers([edit], pairs.unrelated if panel == "unrelated" else None)
        turned, mass = ~written.right, written.mass
        where = {"panel": panel, "place": place, "layer": layer, "thought": thought}
        rows.append(_row(where, 0, turned, mass))
        if (panel, place) == ("rerolled", "fed"):
            rows += [_row(where, step, turned[own], mass[own]) for step, own in _by_step(pairs)]
    return Interchange(subject.label, pairs.k, pairs.asked, pairs.donors_right, pd.DataFrame(rows))


def _cells(layers: int, thoughts: int) -> Iterator[tuple[str, str, int, str, Edit]]:
    """Panel, place, layer, thought and the edit of every cell; a fact's columns of an unrelated donor do not exist."""
    every = tuple(range(1, layers + 1))
    for panel in PANELS:
        later = "frozen" if panel == "frozen" else "rerolled"
        for place, layer in [("fed", 0), *(("state", layer) for layer in every), ("values", 0)]:
            within = () if place == "fed" else every if place == "values" else (layer,)
            common = {"layers": within, "later_thoughts": later}
            for thought in range(1, thoughts + 1):
                yield panel, place, layer, str(thought), Edit(place, "swap", thoughts=(thought,), **common)
            yield panel, place, layer, EVERY, Edit(place, "swap", thoughts=tuple(range(1, thoughts + 1)), **common)
            if place != "fed" and panel != "unrelated":
                yield panel, place, layer, FACT, Edit(place, "swap", facts="differing", **common)


def _by_step(pairs: Pairs) -> list[tuple[int, np.ndarray]]:
    return [(int(step), pairs.steps == step) for step in np.unique(pairs.steps)]


def _row(where: dict, step: int, turned: np.ndarray, mass: np.ndarray) -> dict:
    low, high = wilson(int(turned.sum()), len(turned))
    found = {"n": len(turned), "turned": int(turned.sum()), "share": turned.mean(), "low": low, "high": high}
    return {**where, "step": step, **found, "mass": mass.mean()}


def _row_name(place: str, layer: int) -> str:
    return f"state, layer {layer}" if layer else place
