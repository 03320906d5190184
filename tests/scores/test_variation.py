"""Noise that is not the cases'."""

import math

import numpy as np
import pytest

from promptceiling.errors import InputError
from promptceiling.scores import compare_paired, delta_over_draws, variation_of

L = ["a", "b", "c"]


def drawn(rng, y, share, draws, spread):
    shares = share + spread * rng.normal(size=draws)
    return [np.where(rng.random(len(y)) < s, y, rng.choice(L, len(y))) for s in shares]


def test_one_draw_a_side_is_the_paired_comparison():
    """No spread to see: the cases' error alone."""
    rng = np.random.default_rng(0)
    y = rng.choice(L, 300)
    (a,), (b,) = drawn(rng, y, 0.6, 1, 0), drawn(rng, y, 0.8, 1, 0)
    got, pair = delta_over_draws(y, [a], [b], L), compare_paired(y, a, b, L).delta_f1_weighted
    assert got.mean.value == pytest.approx(pair.value, abs=1e-12)
    assert got.mean.low == pytest.approx(pair.low, abs=1e-9)
    assert (math.isnan(got.spread.value), got.draws_error) == (True, 0.0)


def test_the_interval_holds_the_truth_when_draws_differ():
    """Draws that scatter by 6 points, 120 experiments of 4 draws on 300 cases: at least 92% hold the true mean.

    The interval of the cases alone holds it in under 85%.
    """
    rng = np.random.default_rng(1)
    held = alone = 0
    for _ in range(120):
        y = rng.choice(L, 300)
        got = variation_of(y, drawn(rng, y, 0.6, 4, 0.06), L, draws=300)
        truth = 0.6 + 0.4 / 3
        held += got.mean.low <= truth <= got.mean.high
        alone += abs(got.mean.value - truth) <= 1.96 * got.cases_error
    assert held / 120 >= 0.92
    assert alone / 120 < 0.85


def test_the_spread_has_chi_squareds_interval():
    """Of five draws: 0.599 to 2.874 times their standard deviation (chi-squared with 4 degrees: 11.143 and 0.4844)."""
    rng = np.random.default_rng(2)
    y = rng.choice(L, 200)
    found = variation_of(y, drawn(rng, y, 0.6, 5, 0.06), L, draws=50)
    got = found.spread
    assert got.value == pytest.approx(np.std(found.scores, ddof=1))
    assert (got.low / got.value, got.high / got.value, got.n) == (
        pytest.approx((4 / 11.143) ** 0.5, rel=1e-3), pytest.approx((4 / 0.4844) ** 0.5, rel=1e-3), 5)


def test_what_has_no_draw_is_refused():
    """Nor predictions of another length."""
    for bad in ([], [["a"]]):
        with pytest.raises(InputError, match="at least one draw"):
            variation_of(["a", "b"], bad, L)
