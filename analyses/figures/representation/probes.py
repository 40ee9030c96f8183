"""What can a linear probe read of the search from each thought, layer by layer?

A probe is asked of single nodes: which are the thought's frontier, which are within its reach, which of these it
reached last, and which candidate is right (`readings/representation/probes.py`). It is fitted on half of the problems
and read on the others; counted is the AUC, the probability that a node of the concept scores above another. Read are
the thought itself and, of the model under study, the residual stream after each layer where the thought is computed.
Controls, asked of the same nodes:

    k = 0             the first thought, which the question alone gives, asked for what later ones should hold
    question          the mean over the question's columns after the last layer
    untrained         the same thought of a model with random weights
    shuffled labels   fitted on labels dealt to other nodes

Only where a thought exceeds all of them does it hold something that was not there before (Larson, arXiv 2609.03090,
found untrained states better than trained ones). What can be read need not be used: `read_and_rewrite` looks at that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.drawing.chart import error_bars, framed, style
from analyses.drawing.palette import LIGHT
from analyses.readings.representation.probes import CONCEPTS, Probe, asked_of, fit_probe
from analyses.readings.representation.residual_stream import ResidualStream, residual_stream
from analyses.readings.study import Study, Subject
from coconut_core.errors import InputError

SHUFFLES = 5
"""Probes on shuffled labels of each thought."""
FIRST, QUESTION, SHUFFLED = "k = 0", "question", "shuffled labels"
TITLES = {
    "frontier": "frontier: k steps away",
    "reachable": "reachable: at most k steps",
    "depth": "depth: k steps, not fewer",
    "target": "target, not the other",
}


@dataclass(frozen=True)
class Probes:
    """AUC of every probe."""

    label: str
    """Of the model under study."""
    table: pd.DataFrame
    """One row a concept, thought, and where it is read: subject or control, and layer (0: the thought itself). n held
    out problems, rows asked of them, AUC and its interval: bootstrap over problems; of shuffled labels mean and range
    of all draws."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """Above, thoughts beside their controls, a panel a concept; below, the layers of the model under study."""
        grid = make_subplots(
            2,
            len(CONCEPTS),
            column_titles=list(TITLES.values()),
            row_heights=[0.62, 0.38],
            shared_xaxes=True,
            horizontal_spacing=0.03,
            vertical_spacing=0.06,
        )
        of_thoughts = self.table[self.table["layer"] == 0]
        sources = list(dict.fromkeys(self.table["source"]))
        for col, concept in enumerate(CONCEPTS, start=1):
            for index, source in enumerate(sources):
                line = of_thoughts[(of_thoughts["concept"] == concept) & (of_thoughts["source"] == source)]
                bars = error_bars(line, "auc", width=3, thickness=1.2) if index == 0 else None
                look = {"name": source, "legendgroup": source, "showlegend": col == 1, **style(index, source)}
                grid.add_scatter(x=line["thought"], y=line["auc"], error_y=bars, **look, row=1, col=col)
            grid.add_hline(0.5, line={"color": LIGHT.faint, "width": 1}, row=1, col=col)
            self._draw_layers(grid, concept, col)
        grid.update_yaxes(range=[0.3, 1.03], row=1)
        for col in range(2, len(CONCEPTS) + 1):
            grid.update_yaxes(showticklabels=False, col=col)
        grid.update_yaxes(title_text="AUC", row=1, col=1)
        grid.update_xaxes(dtick=1, row=1)
        grid.update_xaxes(title_text="thought", dtick=1, showgrid=False, row=2)
        n = sorted(set(self.table["n"]))
        subtitle = (
            f"{self.label}: fitted on half of the problems, read on the others, n = {n[0]} to {n[-1]}; "
            "95% bootstrap; 0.5 is chance"
        )
        return framed(grid, "What a probe reads of each thought", subtitle, height=600, left=80, legend=2)

    def _draw_layers(self, grid: go.Figure, concept: str, col: int) -> None:
        own = self.table[(self.table["source"] == self.label) & (self.table["concept"] == concept)]
        table = own.pivot(index="layer", columns="thought", values="auc")
        table = table.loc[[*sorted(layer for layer in table.index if layer), *([0] if 0 in table.index else [])]]
        grid.add_heatmap(
            x=list(table.columns),
            y=["thought" if layer == 0 else f"layer {layer}" for layer in table.index],
            z=table.to_numpy(),
            texttemplate="%{z:.2f}",
            textfont={"size": 10},
            hovertemplate="%{y}, thought %{x}: %{z:.3f}<extra></extra>",
            colorscale=[(0, LIGHT.paper), (1, LIGHT.scale[3])],
            zmin=0.5,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            row=2,
            col=col,
        )

    def caption(self) -> str:
        """Of each concept, the thought that exceeds the best of its controls most, and that control."""
        parts = []
        for concept in CONCEPTS:
            own = self.table[(self.table["concept"] == concept) & (self.table["layer"] == 0)]
            table = own.pivot(index="thought", columns="source", values="auc")
            if self.label not in table:
                continue
            controls = table[[name for name in table if name in own[own["role"] != "control"]["source"].to_numpy()]]
            controls = controls.drop(columns=self.label)
            best = (table[self.label] - controls.max(axis=1)).idxmax()
            beside, most = controls.loc[best].idxmax(), controls.loc[best].max()
            parts.append(f"{concept} {table.loc[best, self.label]:.2f} from thought {best} ({beside} {most:.2f})")
        return f"AUC of probes on {self.label}, each where it exceeds its best control most: {'; '.join(parts)}."


def probes(study: Study) -> Probes:
    """Every concept and thought of every subject with slots, with the layers of the model under study."""
    (own, *_) = subjects = study.with_slots()
    stream = study.cache(
        ("residual stream", own.name),
        lambda: residual_stream(own.model, study.problems, own.max_thoughts),
    )
    rows, thoughts = [], {subject.name: study.all_thoughts(subject).double().numpy() for subject in subjects}
    cells = [(concept, k) for concept in CONCEPTS for k in range(1, own.max_thoughts + 1)]
    for done, (concept, k) in enumerate(cells):
        study.progress(f"probes of {own.name}", done / len(cells))
        asked = asked_of(own.model, study.problems, concept, k)
        for source, role, subject, layer, vectors in _read(subjects, stream, thoughts, k):
            fitted = fit_probe(subject.model, vectors, asked, shuffles=SHUFFLES * (source == own.label and layer == 0))
            if fitted is None:
                break
            where = {"concept": concept, "thought": k, "source": source, "role": role, "layer": layer}
            rows.append(_row(where, fitted))
            if len(fitted.shuffled):
                rows.append(_of_shuffled({**where, "source": SHUFFLED, "role": "none"}, fitted))
    if not rows:
        raise InputError("Probes are fitted on some problems and read on others; give more problems.")
    return Probes(own.label, pd.DataFrame(rows))


def _read(
    subjects: tuple[Subject, ...], stream: ResidualStream, thoughts: dict[str, np.ndarray], k: int
) -> Iterator[tuple[str, str, Subject, int, np.ndarray]]:
    """Source, role, model, layer and vectors of all that thought k is compared with, the thought itself first."""
    (own, *others) = subjects
    yield own.label, "model", own, 0, thoughts[own.name][:, k - 1]
    yield FIRST, "none", own, 0, thoughts[own.name][:, 0]
    yield QUESTION, "none", own, 0, stream.question
    for subject in others:
        if k <= thoughts[subject.name].shape[1]:
            yield subject.label, subject.role, subject, 0, thoughts[subject.name][:, k - 1]
    for layer in range(stream.thoughts.shape[2]):
        yield own.label, "model", own, layer + 1, stream.thoughts[:, k - 1, layer]


def _row(where: dict, probe: Probe) -> dict:
    low, high = probe.interval
    return {**where, "n": probe.problems, "rows": len(probe.score), "auc": probe.auc, "low": low, "high": high}


def _of_shuffled(where: dict, probe: Probe) -> dict:
    draws = {"auc": probe.shuffled.mean(), "low": probe.shuffled.min(), "high": probe.shuffled.max()}
    return {**where, "n": probe.problems, "rows": len(probe.score), **draws}
