"""A number with its 95% interval and its n."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the 95% interval around it.

    Attributes
    ----------
    value: the estimate; NaN where there is nothing to estimate from.
    low, high: ends of the interval; NaN where it cannot be had.
    n: the number of cases (or calls) that it rests on.
    """

    value: float
    low: float
    high: float
    n: int


def wilson(successes: int, n: int) -> Interval:
    """A proportion with Wilson's score interval (Wilson 1927); NaN where n is 0.

    >>> round(wilson(87, 100).low, 3)
    0.79
    """
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    from scipy.stats import binomtest  # imported late: pages that only read need not wait for it

    low, high = binomtest(successes, n).proportion_ci(method="wilson")
    return Interval(successes / n, float(low), float(high), n)


def percentile(value: float, draws: ArrayLike, n: int) -> Interval:
    """The percentile bootstrap interval: the 2.5th and 97.5th percentile of `draws`."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(float(value), float(low), float(high), n)
