"""Numbers with intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from promptceiling.scores import wilson
from promptceiling.scores.interval import difference_interval, percentile, share_interval, wilson_ends
from promptceiling.scores.units import Units


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipys(case):
    """To 1e-12, from nothing right to everything right."""
    right, n = case
    reference = binomtest(right, n).proportion_ci(method="wilson")
    ours = wilson(right, n)
    assert (ours.value, ours.n) == (right / n, n)
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_wilson_equals_statsmodels():
    """On a grid, as a second reference."""
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is a reference for tests only")
    for n in (1, 7, 100, 1225):
        for right in {0, 1, n // 3, n - 1, n}:
            low, high = proportion.proportion_confint(right, n, method="wilson")
            assert wilson(right, n).low == pytest.approx(low, abs=1e-12)
            assert wilson(right, n).high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize(("share", "first"), [(0.87, 1225), (0.88, 545), (0.90, 196), (0.92, 100)])
def test_the_cases_from_which_a_proportion_clears_the_threshold(share, first):
    """Wilson's lower bound for an observed share passes 0.85 at these n, found by bisection in statistics.md.

    The quoted n are rounded; the crossing lies within 2% of each.
    """
    crossing = next(n for n in range(50, 2000) if wilson_ends(share, n)[0] > 0.85)
    assert crossing == pytest.approx(first, rel=0.02)


def test_ends_are_where_the_share_is_so_many_standard_errors_off():
    """Wilson's equation itself: share = end - reach * sqrt(end (1 - end) / n), for reaches of either sign."""
    for reach in ((-1.96, 1.96), (-3.0, -0.5), (0.4, 2.0)):
        for end, r in zip(wilson_ends(0.83, 150.5, reach), reach, strict=True):
            off = (end - 0.83) / math.sqrt(end * (1 - end) / 150.5)
            assert off == pytest.approx(r, abs=1e-9)


def test_nothing_has_no_interval():
    """n = 0 gives NaN throughout."""
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(share_interval(math.nan, np.ones(3), 0).low)
    assert math.isnan(difference_interval(math.nan, 0.1, 0).low)


def test_an_accuracys_bootstrap_gives_wilsons_interval():
    """Binomial draws are worth n cases, so the effective number of cases is n."""
    draws = np.random.default_rng(0).binomial(200, 0.83, size=40_000) / 200
    ours, reference = share_interval(0.83, draws, 200), wilson(166, 200)
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=0.002)


def test_all_right_leaves_room_below():
    """A resample of right answers is always right; the interval is Wilson's nevertheless, for the number of units."""
    assert share_interval(1.0, np.ones(50), 100).low == pytest.approx(wilson(100, 100).low)
    assert share_interval(1.0, np.ones(50), 100, Units(20, 20.0)).low == pytest.approx(wilson(20, 20).low)


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(-0.2, 0.2), st.integers(1, 10_000))
def test_an_interval_contains_its_value_and_stays_in_range(value, spread, shift, n):
    """Whatever bias and spread the draws have."""
    draws = np.clip(value + shift + spread * np.array([-1.0, 0.0, 1.0]), 0, 1)
    got = share_interval(value, draws, n)
    assert 0 <= got.low <= value <= got.high <= 1


def test_a_difference_without_discordance_keeps_a_width():
    """Identical answers on 50 cases leave 2.01 / 50 (Student's t of 49 degrees) either side, not certainty."""
    got = difference_interval(0.0, 0.0, 50)
    assert (got.low, got.high) == pytest.approx((-2.0096 / 50, 2.0096 / 50), abs=1e-5)


def test_units_of_equal_size_count_as_they_are_and_unequal_ones_as_fewer():
    """Kish: n^2 / sum of size^2. Ten of four cases are ten; one of 31 and nine of one are 40^2 / 970."""
    assert Units.of(np.repeat(np.arange(10), 4), 40) == Units(10, 10.0)
    assert Units.of(np.array([0] * 31 + list(range(1, 10))), 40).effective == pytest.approx(1600 / 970)
    assert Units.of(None, 40) == Units.of(np.arange(40), 40) == Units(40, 40.0)


def test_a_mean_over_equal_units_has_the_interval_of_students_t():
    """14 customers of 28 cases: the difference's interval is the textbook's over the 14 customer means.

    The bootstrap's variance is sum (d - mean)^2 / 14^2, so times 14/13 it is the standard error's square; 1/392 beside
    it is what is added for cells that came out empty. Half a case a customer instead, 1/14, would hide 14 points.
    """
    from scipy.stats import t

    d = np.random.default_rng(0).normal(0.1, 0.05, 14)
    drawn = d[np.random.default_rng(1).integers(0, 14, (200_000, 14))].mean(axis=1)
    got = difference_interval(float(d.mean()), float(drawn.std()), 392, Units(14, 14.0))
    half = t.ppf(0.975, 13) * math.hypot(d.std(ddof=1) / 14**0.5, 1 / 392)
    assert (got.high - got.low) / 2 == pytest.approx(half, rel=0.005)
    assert half < 0.04 < t.ppf(0.975, 13) / 14


def test_one_unit_says_nothing_about_others():
    """Every case from one customer: the whole range, whatever was answered."""
    one = Units.of(np.zeros(50, dtype=np.intp), 50)
    share, difference = share_interval(0.8, np.full(9, 0.8), 50, one), difference_interval(0.1, 0.0, 50, one)
    assert (share.low, share.high, difference.low, difference.high) == (0.0, 1.0, -1.0, 1.0)


def test_the_percentile_interval_is_the_draws_percentiles():
    """2.5 and 97.5."""
    got = percentile(0.5, np.linspace(0, 1, 1001), 10)
    assert (got.low, got.high) == pytest.approx((0.025, 0.975))
