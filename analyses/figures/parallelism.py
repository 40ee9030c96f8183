"""How many candidates a model keeps: values of the best one, two and three (paper figure 8 of v2; figure 6 from v3 on).

After k thoughts the values of the candidates, nodes at a distance of exactly max(k, 1), are sorted; "top 1 to n" is the
sum of the n largest, raw. Each of the three sums is sorted on its own over the problems and drawn against the
percentile, as in the paper, so the three curves at one percentile need not be of the same problem. A gap between the
curves means that several candidates are kept. It closes where the model decides, but also where probability leaves the
candidates altogether; so the mass off the candidates is drawn too and, for the model under study, the sums as shares of
the candidates' mass. The table has both for every subject, and divides the mass off the candidates between other nodes
and words that are not nodes. With fewer than three candidates the larger sums are the whole mass. A subject without
slots takes no thoughts: for it, k only chooses the words that open the step whose next word is read.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import drawn_from, framed
from analyses.drawing.palette import LIGHT
from analyses.figures.published import ANALYSED, FIGURE_8, FIGURE_8_MEANS
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import Study

TOPS = ("top 1", "top 1 to 2", "top 1 to 3")


@dataclass(frozen=True)
class Parallelism:
    """Sums of the largest values of the candidates; NaN where a problem has no candidate at that k."""

    labels: tuple[str, ...]
    """Subjects, the model under study first."""
    ks: tuple[int, ...]
    top: Float[np.ndarray, "subject problem k 3"]
    """Sum of the 1, 2, 3 largest values, in [0, 1]."""
    mass: Float[np.ndarray, "subject problem k"]
    """Sum of all candidates' values."""
    other: Float[np.ndarray, "subject problem k"]
    """Sum of the values of all other nodes."""
    published: bool = True
    """Whether the problems are of the task that the paper's figure is of."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject, k and quantity: n, mean with its bootstrap interval, percentiles, the paper's."""
        rows = []
        for subject, label in enumerate(self.labels):
            for at, k in enumerate(self.ks):
                for name, values in self._quantities(subject, at).items():
                    there = values[~np.isnan(values)]
                    if not len(there):
                        continue
                    low, high = bootstrap_mean(there)
                    row = {"subject": label, "k": k, "quantity": name, "n": len(there), "mean": there.mean()}
                    row |= {"low": low, "high": high}
                    own = self.published and subject == 0
                    published = FIGURE_8.get(k, {}).get(name, {}) if own else {}
                    means = dict(zip((TOPS[0], TOPS[2]), FIGURE_8_MEANS.get(k, ()), strict=False))
                    row["paper_mean"] = means.get(name, np.nan) if own else np.nan
                    for percentile in (1, 5, *range(10, 100, 10)):
                        row[f"p{percentile}"] = np.percentile(there, percentile)
                        row[f"paper_p{percentile}"] = published.get(percentile, np.nan)
                    rows.append(row)
        return pd.DataFrame(rows)

    def _quantities(self, subject: int, at: int) -> dict[str, Float[np.ndarray, "problem"]]:
        """What the table has of every problem: the sums, their shares of the mass, and the mass elsewhere."""
        raw, shares = self.top[subject, :, at], self._shares(subject, at)
        mass, other = self.mass[subject, :, at], self.other[subject, :, at]
        quantities = {name: raw[:, i] for i, name in enumerate(TOPS)}
        quantities |= {f"{name}, share of candidates": shares[:, i] for i, name in enumerate(TOPS)}
        return quantities | {"off the candidates": 1 - mass, "other nodes": other, "off the graph": 1 - mass - other}

    def _shares(self, subject: int, at: int) -> Float[np.ndarray, "problem 3"]:
        """The sums as shares of the candidates' mass."""
        raw, mass = self.top[subject, :, at], self.mass[subject, :, at, None]
        return np.divide(raw, mass, out=np.full_like(raw, np.nan), where=mass > 0)

    def figure(self) -> go.Figure:
        """A row for each subject, a column for each k: nested areas against the percentile, and the mass off the
        candidates. Below the first row, of the model under study, are its sums as shares of the candidates' mass."""
        count = {k: int((~np.isnan(self.mass[0, :, at])).sum()) for at, k in enumerate(self.ks)}
        enough = drawn_from(max(count.values()))
        ks = [k for k in self.ks if count[k] >= enough]
        rows = [(0, False), (0, True), *((subject, False) for subject in range(1, len(self.labels)))]
        names = [label.replace(", ", ",<br>") for label in self.labels]
        grid = make_subplots(
            len(rows),
            len(ks),
            shared_xaxes=True,
            shared_yaxes=True,
            row_titles=[names[0], f"{names[0]},<br>shares", *names[1:]],
            column_titles=[f"k = {k}, n = {count[k]}" for k in ks],
            horizontal_spacing=0.02,
            vertical_spacing=0.03,
        )
        for row, (subject, shares) in enumerate(rows, start=1):
            for column, k in enumerate(ks, start=1):
                place, legend = {"row": row, "col": column}, row == column == 1
                self._draw_tops(grid, subject, k, shares=shares, showlegend=legend, **place)
                if not shares:
                    self._draw_mass_elsewhere(grid, subject, k, legend=legend, **place)
                if row == 1 and self.published:
                    _draw_published(grid, k, **place)
        grid.update_yaxes(range=[0, 1.02], tickvals=[0, 0.5, 1])
        grid.update_yaxes(title_text="sum of values", title_standoff=4, col=1)
        grid.update_yaxes(title_text="of their mass", title_standoff=4, row=2, col=1)
        grid.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1], ticktext=["0", ".5", "1"])
        grid.update_xaxes(title_text="percentile of problems", row=len(rows))
        left_out = [f"k = {k} (n = {n})" for k, n in count.items() if k not in ks]
        omitted = f" · too few for a curve: {', '.join(left_out)}" if left_out else ""
        return framed(
            grid,
            "Parallelism: the value of the best one, two and three candidates",
            f"raw probability 0 to 1, each curve sorted on its own · candidates: distance exactly max(k, 1){omitted}",
            height=190 + 130 * len(rows),
            legend=2,
        )

    def _draw_tops(self, grid: go.Figure, subject: int, k: int, *, shares: bool, **place: Any) -> None:
        """The three sums, raw or as shares, as areas; a page can open the problem of a point."""
        at = self.ks.index(k)
        tops = self._shares(subject, at) if shares else self.top[subject, :, at]
        # The widest area first, so that the narrower ones are drawn over it.
        for index in (2, 1, 0):
            x, y, problems = _sorted(tops[:, index])
            grid.add_scatter(
                x=x,
                y=y,
                fill="tozeroy",
                mode="lines+markers" if subject == 0 else "lines",
                marker={"size": 5, "color": "rgba(0,0,0,0)"},
                customdata=problems.tolist() if subject == 0 else None,
                line={"color": LIGHT.ink, "width": 0.7},
                fillcolor=(LIGHT.scale[3], LIGHT.scale[2], LIGHT.scale[0])[index],
                name=TOPS[index],
                **place,
            )

    def _draw_mass_elsewhere(self, grid: go.Figure, subject: int, k: int, *, legend: bool, **place: int) -> None:
        x, y, _ = _sorted(1 - self.mass[subject, :, self.ks.index(k)])
        # White below orange, so that it is seen on the dark area too.
        for colour, width, showlegend in ((LIGHT.paper, 4.5, False), (LIGHT.distractor, 2, legend)):
            look = {"name": "off the candidates", "line": {"color": colour, "width": width}, "showlegend": showlegend}
            grid.add_scatter(x=x, y=y, mode="lines", **look, **place)

    def caption(self) -> str:
        """The gap between the best candidate and the best three after 0, 1 and 2 thoughts, beside the paper's."""
        parts = []
        for k in (0, 1, 2):
            at = self.ks.index(k)
            if np.isnan(self.mass[0, :, at]).all():
                continue
            gap, shares = self._mean(0, k, 2) - self._mean(0, k, 0), self._shares(0, at)
            renormalised = np.nanmean(shares[:, 2]) - np.nanmean(shares[:, 0])
            part = f"{gap:.2f} after {k} ({renormalised:.2f} as shares, {1 - np.nanmean(self.mass[0, :, at]):.2f} off"
            if self.published and k in FIGURE_8_MEANS:
                one, three = FIGURE_8_MEANS[k]
                part += f"; the paper's {three - one:.2f}, ours {gap - (three - one):+.2f}"
            parts.append(part + ")")
        return (
            "The gap between the best candidate and the best three, with what of the probability lies off the "
            f"candidates: {', '.join(parts) or 'there are none'}. It narrows with k in the paper; k = 0 is the control."
        )

    def _mean(self, subject: int, k: int, top: int) -> float:
        return float(np.nanmean(self.top[subject, :, self.ks.index(k), top]))


def parallelism(study: Study) -> Parallelism:
    """Sums of the largest candidates' values of every subject of a study.

    >>> from analyses import Study
    >>> from coconut_core import load_model, load_problems
    >>> problems = load_problems("laptop")[:20]
    >>> result = parallelism(Study([("laptop", load_model("prosqa_laptop"))], problems))
    >>> result.top.shape
    (2, 20, 7, 3)
    """
    top, mass, other = [], [], []
    for subject in study.subjects:
        values = study.values(subject)
        candidates = np.where(values.candidates, values.value, np.nan)
        nothing = ~values.candidates.any(-1)
        largest = -np.sort(-np.nan_to_num(candidates), axis=-1)[..., :3].cumsum(-1)
        top.append(np.where(nothing[..., None], np.nan, largest))
        mass.append(np.where(nothing, np.nan, values.candidate_mass))
        other.append(np.where(nothing, np.nan, values.other_mass))
    labels, own = tuple(subject.label for subject in study.subjects), study.task.name == ANALYSED
    sums = (np.stack(part) for part in (top, mass, other))
    return Parallelism(labels, study.values(study.model).ks, *sums, published=own)


def _draw_published(grid: go.Figure, k: int, **place: int) -> None:
    """The percentiles of the paper's figure."""
    for name, symbol in zip(TOPS, ("circle", "square", "diamond"), strict=True):
        points = FIGURE_8.get(k, {}).get(name, {})
        line = {"color": LIGHT.ink, "width": 1}
        grid.add_scatter(
            x=[percentile / 100 for percentile in points],
            y=list(points.values()),
            mode="markers",
            marker={"symbol": symbol, "size": 6, "color": LIGHT.paper, "line": line},
            name=f"the paper's {name}",
            showlegend=k == 1,
            **place,
        )


def _sorted(values: Float[np.ndarray, "problem"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Percentiles, values in ascending order, and which problem each is of; NaN is left out."""
    order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
    return (np.arange(len(order)) + 0.5) / max(len(order), 1), values[order], order
