"""Diversity or commitment: entropy of the candidates and the effective number of them, thought by thought.

Values of the candidates after k thoughts are divided by their sum; H is the entropy of these shares in nats, exp(H) the
effective number of candidates (1: decided; the number of candidates: undecided), and H divided by the logarithm of the
number of candidates the normalised entropy, defined where there are two or more. A model that prunes has both fall with
k; a wider frontier raises the effective number by itself, so the number of candidates is given beside it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float
from plotly.subplots import make_subplots

from analyses.chart import by_k, framed
from analyses.palette import LIGHT
from analyses.statistics import bootstrap_mean
from analyses.study import Study


@dataclass(frozen=True)
class Commitment:
    """Entropy of the candidates' shares; NaN where there are fewer than two candidates."""

    labels: tuple[str, ...]
    ks: tuple[int, ...]
    entropy: Float[np.ndarray, "subject problem k"]
    """In nats."""
    candidates: Float[np.ndarray, "problem k"]
    """How many there are."""

    def frame(self) -> pd.DataFrame:
        """One row a subject and k: n, effective number and normalised entropy with bootstrap intervals, candidates."""
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
                rows.append(row)
        columns = ["subject", "k", "n", "candidates", "effective", "normalised_entropy", "low", "high"]
        return pd.DataFrame(rows, columns=[*columns, "normalised_low", "normalised_high"])

    def figure(self) -> go.Figure:
        """Effective number of candidates and normalised entropy against k."""
        frame = self.frame()
        titles = ["effective number of candidates", "normalised entropy"]
        grid = make_subplots(1, 2, column_titles=titles, horizontal_spacing=0.1)
        by_k(grid, frame, "effective", row=1, col=1)
        entropies = frame.assign(low=frame["normalised_low"], high=frame["normalised_high"])
        by_k(grid, entropies, "normalised_entropy", row=1, col=2, legend=False)
        own = frame[frame["subject"] == self.labels[0]]
        line = {"color": LIGHT.faint, "dash": "dash"}
        grid.add_scatter(x=own["k"], y=own["candidates"], mode="lines", line=line, name="all candidates", row=1, col=1)
        grid.update_xaxes(title_text="thoughts k", dtick=1)
        grid.update_yaxes(rangemode="tozero")
        counts = ", ".join(f"{n} at k = {k}" for k, n in zip(own["k"], own["n"], strict=True))
        return framed(
            grid, "Diversity or commitment", f"problems with two or more candidates: {counts}", height=460, legend=2
        )

    def caption(self) -> str:
        """The effective number after the first thoughts."""
        own = self.frame()
        own = own[own["subject"] == self.labels[0]]
        parts = [
            f"{row['effective']:.2f} of {row['candidates']:.2f} at k = {row['k']}" for _, row in own[:4].iterrows()
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
    return Commitment(labels, values.ks, np.stack(entropies), values.candidates.sum(-1).astype(float))


if __name__ == "__main__":
    from analyses.command_line import run_figure

    run_figure("commitment")
