"""Where the probability of the next name lies. Plain arrays: nothing here imports torch, so that pages open at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float


@dataclass(frozen=True)
class ValuesAt:
    """Raw values of one problem's nodes after one number of thoughts; the three masses sum to 1."""

    value: Float[np.ndarray, " node"]
    candidate_mass: float
    other_mass: float
    off_graph: float


@dataclass(frozen=True)
class Masses:
    """Where the probability of the next name lies; the three sum to one where there are candidates."""

    ks: tuple[int, ...]
    candidate: Float[np.ndarray, "problem k"]
    """NaN for a problem without a node at that distance."""
    other: Float[np.ndarray, "problem k"]
    off_graph: Float[np.ndarray, "problem k"]

    @classmethod
    def joined(cls, parts: Sequence["Masses"]) -> "Masses":
        """Those of one set of problems, from those of its parts in order."""
        masses = [(part.candidate, part.other, part.off_graph) for part in parts]
        return cls(parts[0].ks, *(np.concatenate(mass) for mass in zip(*masses, strict=True)))

    def summary(self) -> pd.DataFrame:
        """One row a k: n problems, how many of them have candidates, median and mean of the candidate mass of those;
        the means of the other two masses, of all."""
        candidate = pd.DataFrame(self.candidate, columns=self.ks)
        return pd.DataFrame(
            {
                "k": self.ks,
                "n": len(candidate),
                "with_candidates": candidate.count().to_numpy(),
                "candidate_mass_median": candidate.median().to_numpy(),
                "candidate_mass": candidate.mean().to_numpy(),
                "other_mass": self.other.mean(0),
                "off_graph": self.off_graph.mean(0),
            }
        )
