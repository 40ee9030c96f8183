"""Is what can be read from a thought also what is used of it? Read, replace, rewrite.

Read is how well a probe tells the frontier's nodes from others by what is fed into slot k (AUC on problems that it was
not fitted on, `readings/representation/probes.py`). "Left" is the same once the frontier's subspace has been taken out
of it: its mean stands there. Then pairs of problems that differ in one fact are thought about with slot k changed in
four ways, whole, rewritten, in one branch, and removed, each beside a placebo that moves as far
(`readings/representation/rewriting.py`). Counted are the pairs whose answer becomes the donor's; of removal, those
whose answer is no longer right. Where a subspace is read and rewriting it turns no more answers than the placebo, what
is decodable is not what is used.

In a symbolic model of two layers the frontier was read with an AUC of .998, the thought was needed, and editing one
branch of it did nothing (star2vec, "Read, Replace, Never Rewrite").
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import STYLES, error_bars, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import wilson
from analyses.readings.representation.probes import asked_of, fit_probe
from analyses.readings.representation.rewriting import CHANGES, Rewriting
from analyses.readings.study import Study, Subject
from coconut_core.errors import InputError

SIDES = ("change", "placebo")
TITLES = {
    "read": "frontier, read",
    "whole": "whole vector",
    "rewrite": "frontier rewritten",
    "branch": "one branch",
    "remove": "frontier removed",
}


@dataclass(frozen=True)
class ReadAndRewrite:
    """What a probe reads of each thought, and what becomes of answers when what it reads is changed."""

    label: str
    table: pd.DataFrame
    """One row a thought, what ("read" or a change) and side ("change", "placebo"; of "read" the control is what is left
    without the subspace): n problems or pairs, value (AUC, or the share of answers that change) and its interval:
    bootstrap over problems of the AUC, Wilson's of shares."""

    def frame(self) -> pd.DataFrame:
        return self.table

    def figure(self) -> go.Figure:
        """A panel for the reading and one for each change: both sides by thought."""
        kinds = list(TITLES)
        grid = make_subplots(
            1, len(kinds), column_titles=list(TITLES.values()), shared_yaxes=True, horizontal_spacing=0.02
        )
        for col, kind in enumerate(kinds, start=1):
            for index, side in enumerate(SIDES):
                line = self.table[(self.table["what"] == kind) & (self.table["side"] == side)]
                colour, dash, symbol = STYLES[index]
                grid.add_scatter(
                    x=line["thought"],
                    y=line["value"],
                    error_y=error_bars(line, "value", width=3, thickness=1.2),
                    mode="lines+markers",
                    line={"color": colour, "dash": dash},
                    marker={"color": colour, "symbol": symbol, "size": 8},
                    name={"change": "as named", "placebo": "placebo, as far; of read: without the subspace"}[side],
                    legendgroup=side,
                    showlegend=col == 1,
                    row=1,
                    col=col,
                )
        grid.update_yaxes(range=[-0.02, 1.03], tickformat=".1f")
        grid.update_yaxes(title_text="AUC; share of changed answers", col=1)
        grid.update_xaxes(title_text="thought", dtick=1)
        grid.add_hline(0.5, line={"color": LIGHT.faint, "width": 1}, row=1, col=1)
        n = int(self.table[self.table["what"] == "whole"]["n"].max())
        subtitle = f"{self.label}: slot k changed on n = {n} pairs; 95% bootstrap (AUC) and Wilson (shares)"
        return framed(grid, "Read, replace, rewrite", subtitle, height=430, legend=1, left=80)

    def caption(self) -> str:
        """The thought whose whole exchange does most: what is read of it, and each change beside its placebo."""
        cells = self.table.set_index(["thought", "what", "side"])["value"]
        whole = self.table[(self.table["what"] == "whole") & (self.table["side"] == "change")]
        best = int(whole.loc[whole["value"].idxmax(), "thought"])
        parts = [
            f"{kind} {cells[best, kind, 'change']:.0%} (placebo {cells[best, kind, 'placebo']:.0%})"
            for kind in CHANGES
            if (best, kind, "change") in cells
        ]
        read = ""
        if (best, "read", "change") in cells:
            auc = cells[best, "read", "change"], cells[best, "read", "placebo"]
            read = f" The frontier is read from it with an AUC of {auc[0]:.2f}, without its subspace {auc[1]:.2f}."
        return f"Of {self.label}, thought {best} exchanged alone changes most answers: {', '.join(parts)}.{read}"


def read_and_rewrite(study: Study) -> ReadAndRewrite:
    """Every thought of the model under study."""
    (subject, *_) = study.with_slots()
    rewriting, rows = Rewriting.of(study, subject), []
    for k in range(1, subject.max_thoughts + 1):
        study.progress(f"thoughts of {subject.name} rewritten", (k - 1) / subject.max_thoughts)
        if (basis := rewriting.basis(k)) is None:
            continue
        rows += _read(study, subject, basis, k)
        for change in CHANGES:
            if rewriting.tested(change, k):
                for side in SIDES:
                    rows.append(_row(change, side, rewriting.changed(change, k, side == "placebo"), k))
    if not rows:
        raise InputError("What is fed into slots does not depend on the frontier; study a model that feeds thoughts.")
    return ReadAndRewrite(subject.label, pd.DataFrame(rows))


def _read(study: Study, subject: Subject, basis: Float[np.ndarray, "d_model rank"], k: int) -> list[dict]:
    """AUC of the probe on thought k, and on what is left of it without the subspace."""
    asked = asked_of(subject.model, study.problems, "frontier", k)
    thought = study.all_thoughts(subject)[:, k - 1].double().numpy()
    left = thought - (thought - thought.mean(0)) @ basis @ basis.T
    rows = []
    for side, vectors in (("change", thought), ("placebo", left)):
        if (probe := fit_probe(subject.model, vectors, asked)) is not None:
            low, high = probe.interval
            found = {"n": probe.problems, "value": probe.auc, "low": low, "high": high}
            rows.append({"thought": k, "what": "read", "side": side, **found})
    return rows


def _row(change: str, side: str, changed: np.ndarray, k: int) -> dict:
    low, high = wilson(int(changed.sum()), len(changed))
    found = {"n": len(changed), "value": changed.mean(), "low": low, "high": high}
    return {"thought": k, "what": change, "side": side, **found}
