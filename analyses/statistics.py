"""The intervals that every number comes with."""

from math import comb
from statistics import NormalDist

import numpy as np
from jaxtyping import Float


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a share, in [0, 1]; (0, 1) where nothing was counted.

    Unlike the normal approximation it stays inside [0, 1] and is not empty at 0 or n successes.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    scale = 1 + z * z / n
    # At 0 and n successes the bound is exact; the formula leaves rounding there.
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == n else (centre + spread) / scale
    return low, high


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test for two methods on the same problems.

    The arguments count the problems that only the first and only the second method got right; under the null
    hypothesis each such problem falls to either with probability one half.
    """
    n = only_first + only_second
    tail = sum(comb(n, i) for i in range(min(only_first, only_second) + 1)) / 2**n
    return min(1.0, 2 * tail)


def bootstrap_mean(
    values: Float[np.ndarray, "sample"], confidence: float = 0.95, draws: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean; NaN values are left out. (nan, nan) where nothing is left."""
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    # Counts of how often each value is drawn, instead of the draws themselves: a matrix product gives all means.
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    means = counts @ values / len(values)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def auc(positive: Float[np.ndarray, "p"], negative: Float[np.ndarray, "n"]) -> float:
    """Probability that a positive value is above a negative one, ties counting half; NaN where one side is empty."""
    if not len(positive) or not len(negative):
        return float("nan")
    order = np.sort(negative)
    below, upto = np.searchsorted(order, positive, "left"), np.searchsorted(order, positive, "right")
    return float((below + upto).mean() / (2 * len(negative)))


def bootstrap_auc(
    positive: Float[np.ndarray, "p"],
    negative: Float[np.ndarray, "n"],
    confidence: float = 0.95,
    draws: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of `auc`, both sides drawn anew."""
    rng = np.random.default_rng(seed)
    drawn = [auc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(draws)]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
