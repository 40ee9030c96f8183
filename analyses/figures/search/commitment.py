"""Diversity or commitment: how many candidates the model still considers, thought by thought.

Values of the candidates after k thoughts are divided by their sum. H is the entropy of these shares in nats, and exp(H)
the effective number of candidates: 1 if the model has decided, the number of candidates if it is undecided. The
normalised entropy is H divided by the logarithm of the number of candidates. Both are defined where there are two
candidates or more. In a model that prunes, both fall with k; but a wider frontier alone raises the effective number, so
the number of candidates is given beside it. Shares of a tiny mass mean little: the mean mass of the candidates is drawn
too, and points where it is below .05 are in the table but not drawn.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.drawing.chart import LEAST_MASS, by_k, framed
from analyses.drawing.palette import LIGHT
from analyses.readings.intervals import bootstrap_mean
from analyses.readings.study import Study


@dataclass(frozen=True)
class Commitment:
    """Entropy of the candidates' shares; NaN where there are fewer than two candidates."""

    labels: tuple[str, ...]
    ks: tuple[int, ...]
    entropy: Float[np.ndarray, "subject problem k"]
    """In nats."""
    candidates: Float[np.ndarray, "problem k"]
    """How many there are."""
    mass: Float[np.ndarray, "subject problem k"]
    """Sum of their values."""

    def frame(self) -> pd.DataFrame:
        """One row for each subject and k: n, candidates, effective number, normalised entropy and mass, the last three
        with bootstrap intervals."""
        rows = []
        for subject, label in enumerate(self.labels):
            for at, k in enumerate(self.ks):
                entropy, count = self.entropy[subject, :, at], self.candidates[:, at]
                there = ~np.isnan(entropy)
                if not there.any():
                    continue
                effective, normalised = np.exp(entropy[there]), entropy[there] / np.log(count[there])
                row = {"subject": label, "k": k, "n": int(there.sum()), "candidates": count[there].mean()}
                row |= {"effective": effective.mean(), "normalised_entropy": normalised.mean()}
                row["low"], row["high"] = bootstrap_mean(effective)
                row["normalised_low"], row["normalised_high"] = bootstrap_mean(normalised)
                row["mass"] = self.mass[subject, there, at].mean()
                row["mass_low"], row["mass_high"] = bootstrap_mean(self.mass[subject, there, at])
                rows.append(row)
        columns = ["subject", "k", "n", "candidates", "effective", "normalised_entropy", "low", "high"]
        columns += ["normalised_low", "normalised_high", "mass", "mass_low", "mass_high"]
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """Effective number of candidates, normalised entropy and mass against k."""
        frame = self.frame()
        titles = ["effective number of candidates", "normalised entropy", "mass of the candidates"]
        grid = make_subplots(1, 3, column_titles=titles, horizontal_spacing=0.08)
        there = frame[frame["mass"] >= LEAST_MASS]
        subjects = list(dict.fromkeys(frame["subject"]))
        by_k(grid, there, "effective", subjects=subjects, row=1, col=1, legend=False)
        entropies = there.assign(low=there["normalised_low"], high=there["normalised_high"])
        by_k(grid, entropies, "normalised_entropy", subjects=subjects, row=1, col=2, legend=False)
        masses = frame.assign(low=frame["mass_low"], high=frame["mass_high"])
        by_k(grid, masses, "mass", subjects=subjects, row=1, col=3)
        own = frame[frame["subject"] == self.labels[0]]
        line = {"color": LIGHT.faint, "dash": "dash"}
        grid.add_scatter(x=own["k"], y=own["candidates"], mode="lines", line=line, name="all candidates", row=1, col=1)
        grid.update_xaxes(title_text="thoughts k", dtick=1)
        grid.update_yaxes(rangemode="tozero")
        for column, name in enumerate(("exp(H)", "H / log(candidates)", "raw probability"), start=1):
            grid.update_yaxes(title_text=name, title_standoff=4, row=1, col=column)
        grid.update_yaxes(range=[-0.02, 1.05], row=1, col=2)
        grid.update_yaxes(range=[-0.02, 1.05], row=1, col=3)
        counts = ", ".join(f"{n} at k = {k}" for k, n in zip(own["k"], own["n"], strict=True))
        return framed(
            grid, "Diversity or commitment", f"problems with two or more candidates: {counts}", height=460, legend=2
        )

    def caption(self) -> str:
        """The effective number after the first thoughts."""
        own = self.frame()
        own = own[own["subject"] == self.labels[0]]
        parts = [
            f"{row['effective']:.2f} of {row['candidates']:.2f} at k = {row['k']} (mass {row['mass']:.2f})"
            for _, row in own[:4].iterrows()
        ]
        return f"Effective number of candidates: {', '.join(parts)}."


def commitment(study: Study) -> Commitment:
    """Entropies of every subject of a study."""
    entropies = []
    for subject in study.subjects:
        values = study.values(subject)
        kept = np.where(values.candidates, values.value, 0.0)
        total = kept.sum(-1, keepdims=True)
        share = np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)
        entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(-1)
        entropies.append(np.where(values.candidates.sum(-1) >= 2, entropy, np.nan))
    values = study.values(study.model)
    labels = tuple(subject.label for subject in study.subjects)
    masses = np.stack([study.values(subject).candidate_mass for subject in study.subjects])
    return Commitment(labels, values.ks, np.stack(entropies), values.candidates.sum(-1).astype(float), masses)
