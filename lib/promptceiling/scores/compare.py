"""Two variants on the same cases: the paired difference, with a verdict against margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.conditions import NO_REALISTIC_NUMBER
from promptceiling.scores.interval import Interval, percentile
from promptceiling.scores.metrics import encode, point_metrics
from promptceiling.scores.resample import DRAWS, cells_of, resampled_cells, resampled_f1

MARGINS = (0.05, 0.08)
_Z = 1.959963984540054
Worth = Literal["worth it", "not worth it", "borderline", "undecidable"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A on the same cases; a positive delta means that B is better.

    Attributes
    ----------
    n: cases in the comparison; `left_out` had a failure on either side.
    delta_f1_weighted: paired bootstrap; delta_accuracy: Tango's score interval.
    only_a, only_b: cases that only A, or only B, got right (the discordant counts).
    mcnemar_p: exact two-sided p-value of McNemar's test.
    share_at_least: (margin, share of resamples with a delta of at least it).
    worth: against the margins (low, high): "worth it" where the whole interval is above the high margin, "not worth it"
        where it is under the low one, "borderline" where it lies within, else "undecidable".
    labels_needed: about how many more cases would decide it; None where decided, or where no realistic number would.
    """

    n: int
    left_out: int
    delta_f1_weighted: Interval
    delta_accuracy: Interval
    only_a: int
    only_b: int
    mcnemar_p: float
    margins: tuple[float, float]
    share_at_least: tuple[tuple[float, float], ...]
    worth: Worth
    labels_needed: int | None


def compare_paired(
    expected: Sequence[str], a: Sequence[str | None], b: Sequence[str | None], labels: Sequence[str], *,
    failed: Sequence[bool] | None = None, units: Sequence[object] | None = None,
    margins: tuple[float, float] = MARGINS, draws: int = DRAWS, seed: int = 0,
) -> Comparison:
    """The paired comparison of two arrays of predictions for the same cases, position by position.

    Raises InputError where lengths differ, nothing is left to compare, or margins are not 0 < low <= high.
    """
    from scipy.stats import binomtest  # imported late: pages that only read need not wait for it

    if not len(expected) == len(a) == len(b):
        raise InputError(f"Paired predictions must cover the same cases: {len(expected)} expected, {len(a)} and {len(b)}.")
    low_margin, high_margin = margins
    if not 0 < low_margin <= high_margin:
        raise InputError(f"Margins are {margins}; expected two numbers with 0 < low <= high, such as 0.05 0.08.")
    keep = np.ones(len(expected), bool) if failed is None else ~np.asarray(failed, dtype=bool)
    if not keep.any():
        raise InputError("No case has an answer from both sides, so there is nothing to compare.")
    y, pa, pb = (np.asarray(v, dtype=object)[keep] for v in (expected, a, b))
    codes, cell = cells_of(encode(y, labels), encode(pa, labels), encode(pb, labels))
    drawn_units = None if units is None else np.asarray(units, dtype=object)[keep]
    counts = resampled_cells(cell, drawn_units, np.random.default_rng(seed), draws)
    drawn_a = resampled_f1(counts, codes[:, 0], codes[:, 1], len(labels))[0]
    drawn_b = resampled_f1(counts, codes[:, 0], codes[:, 2], len(labels))[0]
    point = point_metrics(y, pb, labels).f1_weighted - point_metrics(y, pa, labels).f1_weighted
    delta = percentile(point, drawn_b - drawn_a, len(y))
    right_a, right_b = pa == y, pb == y
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    worth = worth_of(delta, margins)
    return Comparison(
        n=len(y), left_out=int((~keep).sum()), delta_f1_weighted=delta,
        delta_accuracy=tango(only_b, only_a, len(y)), only_a=only_a, only_b=only_b,
        mcnemar_p=float(binomtest(only_b, only_a + only_b).pvalue) if only_a + only_b else 1.0,
        margins=margins,
        share_at_least=tuple((m, float((drawn_b - drawn_a >= m).mean())) for m in margins),
        worth=worth, labels_needed=_labels_needed(delta, margins) if worth == "undecidable" else None,
    )


def worth_of(delta: Interval, margins: tuple[float, float] = MARGINS) -> Worth:
    """The verdict of a difference's interval against the margins.

    >>> worth_of(Interval(0.06, 0.052, 0.078, 4000))
    'borderline'
    """
    low, high = margins
    if delta.low > high:
        return "worth it"
    if delta.high < low:
        return "not worth it"
    if delta.low >= low and delta.high <= high:
        return "borderline"
    return "undecidable"


def tango(b: int, c: int, n: int) -> Interval:
    """The difference (b - c) / n of two paired proportions with Tango's score interval (Tango 1998, Stat Med 17:891).

    b, c: the discordant counts. NaN where n is 0.
    """
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0)

    from scipy.optimize import brentq  # imported late: pages that only read need not wait for it

    def z(delta: float) -> float:
        half = 2 * n
        linear = -b - c + (half - b + c) * delta
        constant = -c * delta * (1 - delta)
        q = (math.sqrt(max(0.0, linear**2 - 4 * half * constant)) - linear) / (2 * half)
        variance = n * (2 * q + delta * (1 - delta))
        distance = b - c - n * delta
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    point = (b - c) / n
    edge = 1 - 1e-12
    low = -1.0 if point <= -edge else brentq(lambda d: min(z(d), 1e6) - _Z, -edge, point)
    high = 1.0 if point >= edge else brentq(lambda d: max(z(d), -1e6) + _Z, point, edge)
    return Interval(point, float(low), float(high), n)


def _labels_needed(delta: Interval, margins: tuple[float, float]) -> int | None:
    """More cases until the interval is as narrow as its distance to the nearest margin asks."""
    low, high = margins
    half_width = (delta.high - delta.low) / 2
    room = min(abs(delta.value - low), abs(delta.value - high))
    if room == 0:
        return None
    needed = delta.n * (half_width / room) ** 2
    if needed > NO_REALISTIC_NUMBER:
        return None
    return max(10, math.ceil(round((needed - delta.n) / 10, 6)) * 10)
