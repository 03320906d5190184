"""Paired right and wrong answers: McNemar's exact test, also for units of cases, and Tango's interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.scores.interval import NOTHING, Interval, Z, difference_interval
from promptceiling.scores.units import Units


def mcnemar_exact(b: int, c: int) -> float:
    """The exact two-sided p-value for the discordant counts b and c; 1.0 where there are none.

    >>> mcnemar_exact(0, 6)
    0.03125
    """
    from scipy.stats import binomtest  # imported late: pages that only read need not wait for it

    return float(binomtest(b, b + c).pvalue) if b + c else 1.0


def sign_flip_exact(sums: NDArray[np.integer]) -> float:
    """The exact two-sided p-value of no difference, where cases come in units: McNemar's test for units.

    sums: for each unit, the cases that B alone got right minus those that A alone did. If neither is better, each
    unit's sum is as likely to have the other sign; p is the share of all flips whose total is as far from 0 as this
    one. With units of one case it is McNemar's exact test. It costs about the square of the discordant cases.

    >>> round(sign_flip_exact(np.array([1] * 6)), 5), mcnemar_exact(0, 6)
    (0.03125, 0.03125)
    """
    from scipy.stats import binom  # imported late: pages that only read need not wait for it

    sizes, counts = np.unique(np.abs(sums[sums != 0]), return_counts=True)
    chances = np.ones(1)  # of each total of all flips, from the most negative to the most positive
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        spread = np.zeros(2 * size * count + 1)
        spread[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, spread)
    totals = np.arange(len(chances)) - len(chances) // 2
    return min(1.0, float(chances[np.abs(totals) >= abs(int(sums.sum()))].sum()))


def tango(b: int, c: int, n: int) -> Interval:
    """The difference (b - c) / n of two paired proportions with Tango's score interval (Tango 1998, Stat Med 17:891).

    b, c: the discordant counts. NaN where n is 0.

    >>> tango(1, 7, 21).low.__round__(3)
    -0.517
    """
    if n == 0:
        return NOTHING
    from scipy.optimize import brentq  # imported late: pages that only read need not wait for it

    def z(delta: float) -> float:
        half = 2 * n
        linear = -b - c + (half - b + c) * delta
        constant = -c * delta * (1 - delta)
        q = (math.sqrt(max(0.0, linear**2 - 4 * half * constant)) - linear) / (2 * half)
        variance = n * (2 * q + delta * (1 - delta))
        distance = b - c - n * delta
        if distance == 0:
            return 0.0
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    point = (b - c) / n
    edge = 1 - 1e-12
    low = -1.0 if point <= -edge else brentq(lambda d: min(z(d), 1e6) - Z, -edge, point)
    high = 1.0 if point >= edge else brentq(lambda d: max(z(d), -1e6) + Z, point, edge)
    return Interval(point, float(low), float(high), n)


def share_difference(a: NDArray[np.bool_], b: NDArray[np.bool_], units: NDArray[Any]) -> Interval:
    """The paired difference of two shares, b minus a: Tango's interval; from the units' spread where cases share one.

    >>> share_difference(np.array([True, False] * 50), np.array([True, True] * 50), np.arange(100)).value
    0.5
    """
    n, (_, place) = len(a), np.unique(units, return_inverse=True)
    own = Units.of(place, n)
    if own.count == n:
        return tango(int((b & ~a).sum()), int((a & ~b).sum()), n)
    moved = b.astype(float) - a.astype(float)
    sums = np.bincount(place, moved) - np.bincount(place) * moved.mean()
    return difference_interval(float(moved.mean()), float(np.sqrt((sums**2).sum())) / n, n, own)
