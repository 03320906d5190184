"""Three-valued conditions: met, not met, or undecidable by this much evidence; and how much more would decide."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal

from promptceiling.scores.interval import Interval, Z

Status = Literal["met", "not met", "undecidable", "not measured"]
NO_REALISTIC_NUMBER = 20_000


def status_of(interval: Interval | None, threshold: float, *, above: bool = True) -> Status:
    """Whether a figure is above (or, with `above=False`, below) a threshold: its whole interval must be on one side.

    >>> status_of(Interval(0.88, 0.86, 0.90, 900), 0.85)
    'met'
    >>> status_of(Interval(0.88, 0.84, 0.91, 300), 0.85)
    'undecidable'
    """
    if interval is None or math.isnan(interval.value):
        return "not measured"
    if interval.low > threshold:
        return "met" if above else "not met"
    if interval.high < threshold:
        return "not met" if above else "met"
    return "undecidable"


def labels_to_decide(interval: Interval, threshold: float, *, chance: float = 0.5) -> int | None:
    """About how many more labels make an undecidable figure decidable, rounded up to ten; None for no realistic number.

    With standard error s at n cases and distance d to the threshold, n (1.96 s / d)^2 cases are needed in all; 1.96 s
    is the interval's reach towards the threshold, which near 1 is longer downwards than upwards. With so many the
    interval's end falls on the threshold if the figure stays where it is, so they decide it in about half of all draws;
    a `chance` of 0.8 asks for n ((1.96 + 0.84) s / d)^2 instead. None too where the interval is the whole range, as
    for cases of one unit: nothing is known of the spread then.

    >>> labels_to_decide(Interval(0.87, 0.83, 0.91, 400), 0.85)
    1200
    >>> labels_to_decide(Interval(0.87, 0.83, 0.91, 400), 0.85, chance=0.8)
    2870
    """
    distance = abs(interval.value - threshold)
    reach = interval.value - interval.low if interval.value > threshold else interval.high - interval.value
    if not distance > 0 or not math.isfinite(reach) or (interval.low, interval.high) == (0.0, 1.0):
        return None
    needed = interval.n * (reach * (1 + NormalDist().inv_cdf(chance) / Z) / distance) ** 2
    if needed > NO_REALISTIC_NUMBER:
        return None
    more = max(0.0, needed - interval.n)
    return math.ceil(round(more / 10, 6)) * 10
