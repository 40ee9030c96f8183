"""How many candidates a model keeps: values of the best one, two and three (paper figure 8 of v2; figure 6 from v3 on).

After k thoughts the values of the candidates, nodes at a distance of exactly max(k, 1), are sorted; "top 1 to n" is the
sum of the n largest, raw. Each of the three is sorted on its own over the problems and drawn against the percentile, as
in the paper: the three curves of one percentile need not be of the same problem. A gap between them is where several
candidates are kept; it closes where the model decides, and also where probability leaves the candidates altogether.
The mass off the candidates is drawn for that reason, and the table has the sums as shares of the candidates' mass too.
With fewer than two or three candidates the sums are the whole mass.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.chart import framed
from analyses.palette import LIGHT
from analyses.paper import FIGURE_8, FIGURE_8_MEANS
from analyses.statistics import bootstrap_mean
from analyses.study import Study

TOPS = ("top 1", "top 1 to 2", "top 1 to 3")
DRAWN_FROM = 10
"""Problems with a candidate below which a curve of percentiles is not drawn."""


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

    def frame(self) -> pd.DataFrame:
        """One row a subject, k and quantity: n, mean with its bootstrap interval, percentiles, the paper's."""
        rows = []
        for subject, label in enumerate(self.labels):
            for at, k in enumerate(self.ks):
                raw, mass = self.top[subject, :, at], self.mass[subject, :, at]
                share = np.divide(raw, mass[:, None], out=np.full_like(raw, np.nan), where=mass[:, None] > 0)
                quantities = {name: raw[:, i] for i, name in enumerate(TOPS)}
                quantities |= {f"{name}, share of candidates": share[:, i] for i, name in enumerate(TOPS)}
                quantities |= {"off the candidates": 1 - mass}
                for name, values in quantities.items():
                    there = values[~np.isnan(values)]
                    if not len(there):
                        continue
                    low, high = bootstrap_mean(there)
                    row = {"subject": label, "k": k, "quantity": name, "n": len(there), "mean": there.mean()}
                    row |= {"low": low, "high": high}
                    published = FIGURE_8.get(k, {}).get(name, {}) if subject == 0 else {}
                    for percentile in (1, 5, *range(10, 100, 10)):
                        row[f"p{percentile}"] = np.percentile(there, percentile)
                        row[f"paper_p{percentile}"] = published.get(percentile, np.nan)
                    rows.append(row)
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """A row a subject, a column a k: three nested areas against the percentile, and the mass off the candidates."""
        count = {k: int((~np.isnan(self.mass[0, :, at])).sum()) for at, k in enumerate(self.ks)}
        # With few problems in all, few are enough.
        enough = min(DRAWN_FROM, max(count.values()))
        ks = [k for k in self.ks if count[k] >= enough]
        grid = make_subplots(
            len(self.labels),
            len(ks),
            shared_xaxes=True,
            shared_yaxes=True,
            row_titles=[label.replace(", ", ",<br>") for label in self.labels],
            column_titles=[f"k = {k}, n = {count[k]}" for k in ks],
            horizontal_spacing=0.02,
            vertical_spacing=0.03,
        )
        shades = (LIGHT.scale[3], LIGHT.scale[2], LIGHT.scale[0])
        for subject in range(len(self.labels)):
            for column, k in enumerate(ks):
                place = {"row": subject + 1, "col": column + 1}
                first = subject == 0 and column == 0
                at = self.ks.index(k)
                # The widest area first, so that the narrower ones are drawn over it.
                for index in (2, 1, 0):
                    x, y = _sorted(self.top[subject, :, at, index])
                    grid.add_scatter(
                        x=x,
                        y=y,
                        fill="tozeroy",
                        mode="lines",
                        line={"color": LIGHT.ink, "width": 0.7},
                        fillcolor=shades[index],
                        name=TOPS[index],
                        showlegend=first,
                        **place,
                    )
                x, y = _sorted(1 - self.mass[subject, :, at])
                line = {"color": LIGHT.distractor, "width": 1.5, "dash": "dot"}
                off = {"name": "off the candidates", "line": line, "showlegend": first}
                grid.add_scatter(x=x, y=y, mode="lines", **off, **place)
                if subject == 0:
                    for name, symbol in zip(TOPS, ("circle-open", "square-open", "diamond-open"), strict=True):
                        points = FIGURE_8.get(k, {}).get(name, {})
                        grid.add_scatter(
                            x=[percentile / 100 for percentile in points],
                            y=list(points.values()),
                            mode="markers",
                            marker={"symbol": symbol, "size": 5, "color": LIGHT.ink},
                            name=f"the paper's {name}",
                            showlegend=k == 1,
                            **place,
                        )
        grid.update_yaxes(range=[0, 1.02], tickvals=[0, 0.5, 1])
        grid.update_xaxes(range=[0, 1], tickvals=[0, 0.5, 1])
        grid.update_xaxes(title_text="percentile of problems", row=len(self.labels))
        return framed(
            grid,
            "Parallelism: the value of the best one, two and three candidates",
            "raw probability, each curve sorted on its own · candidates: nodes at a distance of exactly max(k, 1)",
            height=190 + 130 * len(self.labels),
            legend=2,
        )

    def caption(self) -> str:
        """What this model shows, against its control without thoughts and the paper."""
        gap = {k: self._mean(0, k, 2) - self._mean(0, k, 0) for k in (0, 1, 2) if k in self.ks}
        parts = [f"{value:.2f} after {k}" for k, value in gap.items()]
        off = {k: 1 - np.nanmean(self.mass[0, :, self.ks.index(k)]) for k in gap}
        published = ", ".join(f"{three - one:.2f}" for one, three in FIGURE_8_MEANS.values())
        return (
            f"The gap between the best candidate and the best three is on average {', '.join(parts)} thoughts, while "
            f"{', '.join(f'{value:.2f}' for value in off.values())} of the probability lies off the candidates; "
            f"the paper's gaps after 1 and 2 thoughts are {published}."
        )

    def _mean(self, subject: int, k: int, top: int) -> float:
        return float(np.nanmean(self.top[subject, :, self.ks.index(k), top]))


def parallelism(study: Study) -> Parallelism:
    """Sums of the largest candidates' values of every subject of a study."""
    top, mass = [], []
    for subject in study.subjects:
        values = study.values(subject)
        candidates = np.where(values.candidates, values.value, np.nan)
        nothing = ~values.candidates.any(-1)
        largest = -np.sort(-np.nan_to_num(candidates), axis=-1)[..., :3].cumsum(-1)
        top.append(np.where(nothing[..., None], np.nan, largest))
        mass.append(np.where(nothing, np.nan, values.candidate_mass))
    labels = tuple(subject.label for subject in study.subjects)
    return Parallelism(labels, study.values(study.model).ks, np.stack(top), np.stack(mass))


def _sorted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.sort(values[~np.isnan(values)])
    return (np.arange(len(there)) + 0.5) / max(len(there), 1), there


if __name__ == "__main__":
    from analyses.command_line import run_figure

    run_figure("figure_8")
