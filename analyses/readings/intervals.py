"""Intervals and tests for the numbers of figures and tables: shares, paired differences, means and AUC."""

from math import comb
from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Float, Int


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a share, in [0, 1]; (0, 1) where nothing was counted.

    Unlike the normal approximation it stays inside [0, 1] and has a positive width at 0 and n successes.

    >>> low, high = wilson(97, 100)
    >>> f"{low:.3f} to {high:.3f}"
    '0.915 to 0.990'
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

    The arguments count the problems that only the first and only the second method got right. Under the null
    hypothesis each of these problems is as likely to be of one kind as of the other.
    """
    n = only_first + only_second
    tail = sum(comb(n, i) for i in range(min(only_first, only_second) + 1)) / 2**n
    return min(1.0, 2 * tail)


def paired_difference(
    only_first: int, only_second: int, n: int, confidence: float = 0.95
) -> tuple[float, float, float]:
    """(difference, low, high) of the second method's accuracy minus the first's, on the same `n` problems.

    The counts are of problems that only the first and only the second method got right; the interval is that of Agresti
    and Min.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    first, second, total = only_first + 0.5, only_second + 0.5, n + 2
    centre = (second - first) / total
    half = z * (first + second - (second - first) ** 2 / total) ** 0.5 / total
    return (only_second - only_first) / n, max(centre - half, -1.0), min(centre + half, 1.0)


def bootstrap_mean(
    values: Float[np.ndarray, "sample"], confidence: float = 0.95, draws: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean without the NaN values; (nan, nan) where nothing is left."""
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    # How often each value is drawn, instead of the draws themselves, so that one matrix product gives all means.
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    means = counts @ values / len(values)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def auc(positive: Float[np.ndarray, "p"], negative: Float[np.ndarray, "n"]) -> float:
    """Probability that a positive value is above a negative one, where equal values count half; NaN if there are no
    positive or no negative values."""
    if not len(positive) or not len(negative):
        return float("nan")
    order = np.sort(negative)
    below, upto = np.searchsorted(order, positive, "left"), np.searchsorted(order, positive, "right")
    return float((below + upto).mean() / (2 * len(negative)))


def bootstrap_auc(
    positive: Float[np.ndarray, "p"],
    negative: Float[np.ndarray, "n"],
    groups: tuple[Int[np.ndarray, "p"], Int[np.ndarray, "n"]],
    confidence: float = 0.95,
    draws: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of `auc`; (nan, nan) where no draw has both kinds of values.

    `groups` are the groups of the positive and the negative values, such as problems. Whole groups are drawn, since
    values of one group are not independent.
    """
    names, of = np.unique(np.concatenate(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    first, second = counts[:, of[: len(positive)]], counts[:, of[len(positive) :]]
    above = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    pairs = first.sum(1) * second.sum(1)
    wins = ((first @ above) * second).sum(1)[pairs > 0] / pairs[pairs > 0]
    if not len(wins):
        return float("nan"), float("nan")
    low, high = np.quantile(wins, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def auc_within(values: Float[np.ndarray, "v"], positive: Bool[np.ndarray, "v"], groups: Int[np.ndarray, "v"]) -> float:
    """`auc` over only the pairs within a group; NaN where no group has both kinds of values."""
    same = groups[positive][:, None] == groups[~positive]
    one, other = values[positive][:, None], values[~positive]
    above = (one > other) + 0.5 * (one == other)
    return float(above[same].mean()) if same.any() else float("nan")
