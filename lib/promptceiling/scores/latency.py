"""Latency percentiles with intervals from order statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from promptceiling.scores.interval import Interval


def percentile_interval(seconds: Sequence[float], q: float = 0.95) -> Interval:
    """The q-quantile of latencies, in seconds, with a distribution-free 95% interval.

    The ends are order statistics whose ranks follow from the binomial distribution (Hahn and Meeker 1991, section 5.2).
    Where there are too few calls for an upper end, `high` is infinite; for p95 fewer than 73 calls are too few.

    >>> percentile_interval([k / 100 for k in range(1, 101)], 0.5).value
    0.5
    """
    from scipy.stats import binom  # imported late: pages that only read need not wait for it

    ordered = np.sort(np.asarray(seconds, dtype=float))
    n = len(ordered)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    value = ordered[math.ceil(q * n) - 1]
    lower = int(binom.ppf(0.025, n, q))  # P(fewer than `lower` below the quantile) <= 0.025
    upper = int(binom.ppf(0.975, n, q)) + 1
    low = ordered[lower - 1] if lower >= 1 else -math.inf
    high = ordered[upper - 1] if upper <= n else math.inf
    return Interval(float(value), float(max(low, 0.0)), float(high), n)
