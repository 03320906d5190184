"""Latency percentiles."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from promptceiling.errors import InputError
from promptceiling.scores import percentile_interval


@pytest.mark.parametrize("q", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [30, 72, 200, 1000])
def test_the_ranks_cover_at_least_95_percent_whatever_the_distribution(n, q):
    """Exact: the r-th and u-th order statistics hold the q-quantile with probability P(r <= Bin(n, q) < u).

    Neither side misses in more than 2.5%, and a rank further in would.
    """
    got = percentile_interval(np.arange(1, n + 1) / 1000, q)
    r = round(got.low * 1000)
    assert binom.cdf(r - 1, n, q) <= 0.025
    assert binom.cdf(r, n, q) > 0.025
    if math.isfinite(got.high):
        u = round(got.high * 1000)
        assert binom.sf(u - 1, n, q) <= 0.025
        assert binom.sf(u - 2, n, q) > 0.025


def test_simulated_coverage():
    """Log-normal latencies, 200 calls: the interval holds the true p95 in at least 94% of 1,000 draws."""
    rng = np.random.default_rng(0)
    truth = math.exp(1.6448536 * 0.5)
    draws = [percentile_interval(rng.lognormal(0, 0.5, 200)) for _ in range(1000)]
    assert np.mean([d.low <= truth <= d.high for d in draws]) > 0.94


def test_the_p95_has_an_upper_end_from_72_calls_on():
    """0.95^71 = 0.0262 is above 2.5%, 0.95^72 = 0.0249 is not."""
    assert percentile_interval([0.1] * 71).high == math.inf
    assert percentile_interval([0.1] * 72).high == 0.1


def test_the_value_is_the_smallest_latency_that_a_share_q_does_not_exceed():
    """Rank q n where that is whole, whatever its floating-point neighbours say: 0.07 * 100 is rank 7."""
    calls = [k / 100 for k in range(1, 101)]
    assert percentile_interval(calls, 0.07).value == 0.07
    assert percentile_interval(calls[::-1], 0.95).value == 0.95


def test_no_call_has_no_percentile_and_no_number_is_refused():
    """Empty gives NaN; NaN, a negative one and an impossible quantile raise."""
    assert math.isnan(percentile_interval([]).value)
    for bad in ([0.1, math.nan], [-0.1], [math.inf]):
        with pytest.raises(InputError, match="no number"):
            percentile_interval(bad)
    with pytest.raises(InputError, match="between 0 and 1"):
        percentile_interval([0.1], 95)
