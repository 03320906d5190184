"""Paired right and wrong answers: McNemar's exact test and Tango's interval."""

from __future__ import annotations

import math

from promptceiling.scores.interval import NOTHING, Interval, Z


def mcnemar_exact(b: int, c: int) -> float:
    """The exact two-sided p-value for the discordant counts b and c; 1.0 where there are none.

    >>> mcnemar_exact(0, 6)
    0.03125
    """
    from scipy.stats import binomtest  # imported late: pages that only read need not wait for it

    return float(binomtest(b, b + c).pvalue) if b + c else 1.0


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
