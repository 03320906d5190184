"""Two variants on the same cases: the paired difference, with a verdict against margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.conditions import NO_REALISTIC_NUMBER
from promptceiling.scores.interval import NOTHING, Interval, Z, difference_interval
from promptceiling.scores.metrics import Codes, Floats, encode, point_metrics_of, unit_codes
from promptceiling.scores.paired import mcnemar_exact, sign_flip_exact, tango
from promptceiling.scores.power import minimum_detectable_delta
from promptceiling.scores.resample import DRAWS, draw_metrics
from promptceiling.scores.score import MAX_FAILED
from promptceiling.scores.units import Units

MARGINS = (0.05, 0.08)
MAX_FAILED_APART = 0.02  # where failure rates differ by more than this no verdict is given
Worth = Literal["worth it", "not worth it", "borderline", "undecidable"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A on the same cases; a positive delta means that B is better.

    Attributes
    ----------
    n: cases in the comparison; `left_out` had a failure on either side.
    delta_f1_weighted: paired bootstrap, see `difference_interval`; delta_accuracy: Tango's score interval, or the
        paired bootstrap where cases come in units.
    only_a, only_b: cases that only A, or only B, got right (the discordant counts).
    mcnemar_p: exact two-sided p-value of McNemar's test, or of `sign_flip_exact` where cases come in units.
    share_at_least: (margin, share of resamples with a delta of at least it).
    worth: against the margins (low, high): "worth it" where the whole interval is above the high margin, "not worth it"
        where it is under the low one, "borderline" where it lies within, else "undecidable".
    labels_needed: about how many more cases would decide it; None where decided, or where no realistic number would.
    failed_a, failed_b: share of cases that A, and B, failed on; NaN where only "either side" is known.
    withheld: why no verdict is given (`worth` is "undecidable" then); None where one is.
    delta_failed_wrong: the weighted-F1 delta where every failure counts as wrong: the other reading; NaN as above.
    detectable: the smallest accuracy difference that these cases show at 80% power; NaN without discordant cases, and
        where not even the largest one would be shown.
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
    failed_a: float = math.nan
    failed_b: float = math.nan
    withheld: str | None = None
    delta_failed_wrong: Interval = NOTHING
    detectable: float = math.nan


def compare_paired(
    expected: Sequence[str], a: Sequence[str | None], b: Sequence[str | None], labels: Sequence[str], *,
    failed: Sequence[bool] | None = None, failed_a: Sequence[bool] | None = None,
    failed_b: Sequence[bool] | None = None, units: Sequence[object] | None = None,
    margins: tuple[float, float] = MARGINS, draws: int = DRAWS, seed: int = 0,
) -> Comparison:
    """The paired comparison of two arrays of predictions for the same cases, position by position.

    Failures are named by side (`failed_a`, `failed_b`), or together (`failed`: either side), which hides from the
    verdict whether the sides failed alike. Raises InputError where lengths differ, nothing is left to compare, or
    margins are not 0 < low <= high <= 1.

    >>> compare_paired(["a", "b"] * 50, ["a", "a"] * 50, ["a", "b"] * 50, ["a", "b"]).worth
    'worth it'
    """
    if not len(expected) == len(a) == len(b):
        raise InputError(
            f"Paired predictions must cover the same cases: {len(expected)} expected, {len(a)} and {len(b)}.")
    low_margin, high_margin = margins
    if not 0 < low_margin <= high_margin <= 1:
        raise InputError(f"Margins are {margins}; expected two shares with 0 < low <= high <= 1, such as 0.05 0.08 for "
                         "5 and 8 points.")
    size, by_side = len(labels), failed_a is not None or failed_b is not None
    either, down_a, down_b = (
        np.zeros(len(expected), bool) if f is None else np.asarray(f, dtype=bool) for f in (failed, failed_a, failed_b))
    keep = ~(either | down_a | down_b)
    if not keep.any():
        raise InputError("No case has an answer from both sides, so there is nothing to compare.")
    every, said_a, said_b = encode(expected, labels), encode(a, labels), encode(b, labels)
    y, pa, pb = every[keep], said_a[keep], said_b[keep]
    of_all = None if units is None else unit_codes(units)
    unit = None if of_all is None else unit_codes(of_all[keep])
    n, own = len(y), Units.of(unit, len(y))
    drawn = draw_metrics(y, [pa, pb], size, units=unit, draws=draws, seed=seed)
    moved = drawn.weighted[1] - drawn.weighted[0]
    delta = _delta(y, pa, pb, moved, size, own)
    right_a, right_b = pa == y, pb == y
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    accuracy = tango(only_b, only_a, n) if unit is None else difference_interval(
        (only_b - only_a) / n, float((drawn.accuracy[1] - drawn.accuracy[0]).std()), n, own)
    rates = (float(down_a.mean()), float(down_b.mean())) if by_side else (math.nan, math.nan)
    withheld = failures_forbid(float((~keep).mean()), rates)
    worth = worth_of(delta, margins) if withheld is None else "undecidable"
    wrong = delta
    if either.any():
        wrong = NOTHING
    elif not keep.all():
        wrong_a, wrong_b = np.where(down_a, size, said_a), np.where(down_b, size, said_b)
        again = draw_metrics(every, [wrong_a, wrong_b], size, units=of_all, draws=draws, seed=seed).weighted
        wrong = _delta(every, wrong_a, wrong_b, again[1] - again[0], size, Units.of(of_all, len(every)))
    return Comparison(
        n=n, left_out=int((~keep).sum()), delta_f1_weighted=delta,
        delta_accuracy=accuracy,
        only_a=only_a, only_b=only_b, mcnemar_p=mcnemar_exact(only_b, only_a) if unit is None else sign_flip_exact(
            np.bincount(unit, right_b * 1.0 - right_a).astype(np.int64)), margins=margins,
        share_at_least=tuple((m, float((moved >= m - 1e-12).mean())) for m in margins),
        worth=worth,
        labels_needed=_labels_needed(delta, margins) if worth == "undecidable" and withheld is None else None,
        failed_a=rates[0], failed_b=rates[1], withheld=withheld,
        delta_failed_wrong=wrong,
        detectable=_detectable(n, only_a, only_b, None if unit is None else accuracy),
    )


def _delta(truth: Codes, a: Codes, b: Codes, moved: Floats, labels: int, units: Units) -> Interval:
    """B's weighted F1 minus A's; `moved` has it of each resample."""
    value = point_metrics_of(truth, b, labels).f1_weighted - point_metrics_of(truth, a, labels).f1_weighted
    return difference_interval(value, float(moved.std()), len(truth), units)


def _detectable(n: int, only_a: int, only_b: int, by_unit: Interval | None) -> float:
    """The smallest difference shown at 80% power; in units, n counts as the cases that its interval is worth."""
    discordance = (only_a + only_b) / n
    if not discordance:
        return math.nan
    if by_unit is not None:
        error = (by_unit.high - by_unit.low) / (2 * Z)
        n = max(1, min(n, round((discordance - by_unit.value**2) / error**2)))
    return minimum_detectable_delta(n, discordance)


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


def failures_forbid(left_out: float, failed: Sequence[float]) -> str | None:
    """Why failures forbid a verdict: above 5% of a variant's completions, or rates more than 2 points apart; else None.

    left_out: share of cases that any variant failed on, used where the variants' own rates are unknown (NaN).
    """
    known = [rate for rate in failed if not math.isnan(rate)]
    worst = max(known) if known else left_out
    if worst > MAX_FAILED:
        return f"{worst:.1%} of the completions failed (at most {MAX_FAILED:.0%} may); run the failed ones again."
    if known and max(known) - min(known) > MAX_FAILED_APART + 1e-12:
        return (f"Between {min(known):.1%} and {max(known):.1%} of the completions failed (at most "
                f"{MAX_FAILED_APART * 100:.0f} points apart may); run the failed ones again.")
    return None


def _labels_needed(delta: Interval, margins: tuple[float, float]) -> int | None:
    """More cases until the interval is as narrow as its distance to the nearest margin asks."""
    low, high = margins
    half_width = (delta.high - delta.low) / 2
    room = min(abs(delta.value - low), abs(delta.value - high))
    if room == 0 or (delta.low, delta.high) == (-1.0, 1.0):  # the whole range: nothing is known of the spread
        return None
    needed = delta.n * (half_width / room) ** 2
    if needed > NO_REALISTIC_NUMBER:
        return None
    return max(10, math.ceil(round((needed - delta.n) / 10, 6)) * 10)
