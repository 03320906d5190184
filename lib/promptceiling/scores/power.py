"""How many cases show a difference, and how small a difference a number of cases shows."""

from __future__ import annotations

import math
from statistics import NormalDist

from promptceiling.errors import InputError
from promptceiling.scores.interval import Z

_POWER = NormalDist().inv_cdf(0.8)


def cases_to_show(delta: float, discordance: float) -> int:
    """Cases that show a paired difference of `delta` at 80% power and two-sided 5%, rounded up.

    discordance: share of cases on which exactly one of the two variants is right; at least |delta|, at most 1.
    Formula: n = (z sqrt(psi) + z_power sqrt(psi - delta^2))^2 / delta^2 (Connor 1987, Biometrics 43:207).
    Raises InputError outside these ranges, and for a delta of 0, which no number of cases shows.

    >>> cases_to_show(0.05, 0.15), cases_to_show(0.08, 0.15)
    (469, 182)
    """
    if not 0 < abs(delta) <= discordance <= 1:
        raise InputError(
            f"A difference of {delta} with discordance {discordance}: expected 0 < |delta| <= discordance <= 1.")
    return math.ceil(_cases(abs(delta), discordance) - 1e-9)


def minimum_detectable_delta(n: int, discordance: float) -> float:
    """The smallest paired difference that `n` cases show at 80% power; NaN where not even the largest one is shown.

    >>> round(minimum_detectable_delta(100, 0.15), 3)
    0.107
    """
    from scipy.optimize import brentq  # imported late: pages that only read need not wait for it

    if n < 1 or not 0 < discordance <= 1:
        raise InputError(f"{n} cases with discordance {discordance}: expected n >= 1 and 0 < discordance <= 1.")
    if _cases(discordance, discordance) > n:
        return math.nan
    return float(brentq(lambda delta: _cases(delta, discordance) - n, 1e-9, discordance))


def _cases(delta: float, discordance: float) -> float:
    spread = Z * math.sqrt(discordance) + _POWER * math.sqrt(max(0.0, discordance - delta**2))
    return (spread / delta) ** 2
