"""Latency percentiles with intervals from order statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.interval import NOTHING, Interval


def percentile_interval(seconds: Sequence[float], q: float = 0.95) -> Interval:
    """The q-quantile of latencies, in seconds, with a distribution-free 95% interval.

    The ends are order statistics whose ranks follow from the binomial distribution (Hahn and Meeker 1991, section 5.2).
    Where there are too few calls for an upper end, `high` is infinite, and where there are too few for a lower end it
    is 0, see `calls_for_ends`. No call gives NaN. Raises InputError for a latency that is negative or no
    number, and for q outside (0, 1).

    >>> percentile_interval([k / 100 for k in range(1, 101)], 0.5)
    Interval(value=0.5, low=0.4, high=0.61, n=100)
    """
    from scipy.stats import binom  # imported late: pages that only read need not wait for it

    if not 0 < q < 1:
        raise InputError(f"The quantile is {q}; expected a number between 0 and 1, such as 0.95.")
    ordered = np.sort(np.asarray(seconds, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return NOTHING
    if not (np.isfinite(ordered).all() and ordered[0] >= 0):
        raise InputError("A latency is negative or no number; expected seconds from 0. Leave out calls without one.")
    value = ordered[math.ceil(round(q * n, 9)) - 1]
    lower = int(binom.ppf(0.025, n, q))  # P(fewer than `lower` at or below the quantile) <= 0.025
    upper = int(binom.ppf(0.975, n, q)) + 1
    low = ordered[lower - 1] if lower >= 1 else 0.0
    high = ordered[upper - 1] if upper <= n else math.inf
    return Interval(float(value), float(low), float(high), n)


def calls_for_ends(q: float) -> tuple[int, int]:
    """The fewest calls of which the interval of the q-quantile has a lower end, and those of which it has an upper one:
    all of them lie on one side of the quantile with a probability of 2.5% at most.

    >>> calls_for_ends(0.5), calls_for_ends(0.95), calls_for_ends(0.99)
    ((6, 6), (2, 72), (1, 368))
    """
    return math.ceil(math.log(0.025) / math.log(1 - q)), math.ceil(math.log(0.025) / math.log(q))
