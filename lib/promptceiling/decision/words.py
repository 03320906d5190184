"""Numbers as text; the only place where a figure is rounded."""

from __future__ import annotations

import math

from promptceiling.scores import Interval


def figure(interval: Interval) -> str:
    """A score with its interval.

    >>> figure(Interval(0.834, 0.8, 0.862, 360))
    '0.83 [0.80, 0.86]'
    """
    return f"{_two(interval.value)} [{_two(interval.low)}, {_two(interval.high)}]"


def points(difference: float) -> str:
    """A difference of scores in percentage points.

    >>> points(-0.0213)
    '-2.1 pp'
    """
    return "unknown" if math.isnan(difference) else f"{round(100 * difference, 1) + 0.0:+.1f} pp"


def milliseconds(interval: Interval) -> str:
    """A latency; an end that too few calls leave open is said.

    >>> milliseconds(Interval(6.21, 5.9, math.inf, 40))
    '6.2 ms [5.9, open]'
    """
    high = "open" if math.isinf(interval.high) else _short(interval.high)
    return f"{_short(interval.value)} ms [{_short(interval.low)}, {high}]"


def dollars(interval: Interval) -> str:
    """An amount in USD with three significant digits.

    >>> dollars(Interval(0.01234, 0.012, 0.0127, 400))
    '$0.0123 [0.0120, 0.0127]'
    """
    return f"${_three(interval.value)} [{_three(interval.low)}, {_three(interval.high)}]"


def _two(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.2f}"


def _short(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _three(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    if value == 0 or math.isinf(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"
