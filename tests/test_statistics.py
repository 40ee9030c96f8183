"""Intervals and tests of significance against slow or published computations."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.readings.intervals import (
    auc,
    auc_within,
    bootstrap_auc,
    bootstrap_mean,
    mcnemar,
    paired_difference,
    wilson,
)


def test_wilson_is_the_published_interval():
    # 97% of 500: about 95.1 to 98.2 percent.
    assert wilson(485, 500) == pytest.approx((0.9511, 0.9817), abs=2e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(counts):
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1


def test_mcnemar_counts_coin_flips():
    # 1 of 6: 2 * (1 + 6) / 64.
    assert mcnemar(1, 5) == pytest.approx(14 / 64)
    assert mcnemar(5, 1) == mcnemar(1, 5)
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1.0
    # Mixed Coconut with and without its thoughts in a published replication: 96.0 against 91.8% of 500.
    assert mcnemar(31, 10) == pytest.approx(0.0015, abs=2e-4)


@given(st.lists(st.integers(0, 5), max_size=8), st.lists(st.integers(0, 5), max_size=8))
def test_auc_is_the_share_of_pairs(positive, negative):
    found = auc(np.array(positive, float), np.array(negative, float))
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    if pairs:
        assert found == pytest.approx(sum(pairs) / len(pairs))
    else:
        assert math.isnan(found)


def test_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    values = np.random.default_rng(1).normal(3, 1, 400)
    low, high = bootstrap_mean(np.append(values, np.nan))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)
    assert all(map(math.isnan, bootstrap_mean(np.array([np.nan]))))


def test_bootstrap_of_auc_holds_the_estimate_and_narrows():
    rng = np.random.default_rng(0)
    few = rng.normal(1, 1, 20), rng.normal(0, 1, 20)
    many = rng.normal(1, 1, 500), rng.normal(0, 1, 500)
    widths = []
    for positive, negative in (few, many):
        groups = np.arange(len(positive)), np.arange(len(negative))
        low, high = bootstrap_auc(positive, negative, groups)
        assert low < auc(positive, negative) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_a_paired_difference_is_held_by_its_interval():
    difference, low, high = paired_difference(30, 10, 500)
    assert difference == -0.04 and low < -0.04 < high < 0
    # By hand: (10.5 - 30.5) / 502 and 1.96 sqrt(41 - 20^2 / 502) / 502.
    assert (low + high) / 2 == pytest.approx(-20 / 502) and (high - low) / 2 == pytest.approx(0.02476, abs=1e-4)
    assert paired_difference(5, 5, 100)[0] == 0


def test_pairs_within_a_group_are_not_mixed_with_others():
    values, positive = np.array([0.9, 0.1, 0.2, 0.05]), np.array([True, False, True, False])
    groups = np.array([0, 0, 1, 1])
    assert auc_within(values, positive, groups) == 1
    assert auc_within(np.array([0.1, 0.9, 0.95, 0.92]), positive, groups) == 0.5
    assert math.isnan(auc_within(values, positive, np.arange(4)))
