"""Means over seeds and problems at once, where both are samples of what could have been.

Accuracy of a method varies with the training (its seed) and with the problems that happen to be asked. Every training
answers the same problems, so the two are crossed: right or wrong = mean + seed + problem + both together. The variance
of the mean is estimated from the mean squares of this two-way layout, as readers and cases are in diagnostic studies
with several readers (Dorfman, Berbaum and Metz, Investigative Radiology 27, 1992, with the degrees of freedom of
Hillis, Statistics in Medicine 26, 2007). Where problems make no difference it is the t interval over seeds, where seeds
make none the usual one over problems. An interval over problems alone says nothing of another training, and one over
few seeds is wide, as it should be.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import t


@dataclass(frozen=True)
class CrossedMean:
    """A mean over seeds and problems, with its 95% interval and the two-sided p of its being zero."""

    mean: float
    low: float
    high: float
    p: float
    between_seeds: float
    """Standard deviation of the seeds' own means."""


def crossed_mean(values: Float[np.ndarray, "seed problem"], confidence: float = 0.95) -> CrossedMean:
    """The mean of `values`; of differences between two methods it tests whether they are equally good.

    At least two seeds and two problems. Where nothing varies at all the interval is the mean alone.

    >>> found = crossed_mean(np.array([[1.0, 0, 1, 1], [1, 0, 1, 0], [1, 1, 1, 1]]))
    >>> f"{found.mean:.2f}, {found.low:.2f} to {found.high:.2f}"
    '0.75, 0.29 to 1.21'
    """
    seeds, problems = values.shape
    mean, by_seed, by_problem = values.mean(), values.mean(1), values.mean(0)
    both = values - by_seed[:, None] - by_problem + mean
    of_seeds = problems * by_seed.var(ddof=1)
    of_problems = seeds * by_problem.var(ddof=1)
    of_both = (both**2).sum() / ((seeds - 1) * (problems - 1))
    variance = of_seeds + max(of_problems - of_both, 0.0)
    spread = float(np.sqrt(variance / values.size))
    if spread == 0:
        return CrossedMean(float(mean), float(mean), float(mean), float(mean == 0), 0.0)
    # Without variance between seeds the problems alone decide.
    freedom = variance**2 / (of_seeds**2 / (seeds - 1)) if of_seeds else problems - 1
    half = float(t.ppf((1 + confidence) / 2, freedom)) * spread
    p = float(2 * t.sf(abs(mean) / spread, freedom))
    return CrossedMean(float(mean), float(mean - half), float(mean + half), p, float(by_seed.std(ddof=1)))
