"""A number with its 95% interval and its n."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from promptceiling.scores.units import Units

Z = NormalDist().inv_cdf(0.975)  # half-width of a two-sided 95% interval in standard errors


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


NOTHING = Interval(math.nan, math.nan, math.nan, 0)


def wilson(successes: int, n: int) -> Interval:
    """A proportion with Wilson's score interval (Wilson 1927); NaN where n is 0.

    Written out, because SciPy's computes an exact test on the way (equal to it in the tests).

    >>> round(wilson(87, 100).low, 3)
    0.79
    """
    if n == 0:
        return NOTHING
    low, high = wilson_ends(successes / n, n)
    return Interval(successes / n, low, high, n)


def wilson_ends(share: float, n: float, reach: tuple[float, float] = (-Z, Z)) -> tuple[float, float]:
    """The ends of Wilson's interval for a share of n > 0 cases, where n need not be whole.

    reach: how many standard errors the ends are above the share; negative: below it.
    """
    low, high = (
        (share + r * r / n / 2 + math.copysign(math.sqrt(r * r / n * (share * (1 - share) + r * r / n / 4)), r))
        / (1 + r * r / n) for r in reach)
    return (0.0 if share == 0 else max(0.0, low)), (1.0 if share == 1 else min(1.0, high))


def percentile(value: float, draws: NDArray[np.floating], n: int) -> Interval:
    """The percentile bootstrap interval: the 2.5th and 97.5th percentile of `draws`."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(float(value), float(low), float(high), n)


def share_interval(value: float, draws: NDArray[np.floating], n: int, units: Units | None = None) -> Interval:
    """A metric in [0, 1] with Wilson's interval for as many cases as its bootstrap spread is worth.

    value: the metric of the sample; draws: of its resamples; n: cases; units: what was drawn as a
    whole, by default each case.

    The percentile interval of a weighted F1 covers 88 to 93% instead of 95% where labels have few cases (77 labels at
    n = 100, 300 and 1,000) and near 1: F1 is then biased, and resampling repeats the bias instead of undoing it. This
    one takes the bootstrap's bias off the centre and puts Wilson's interval around it, with the effective number of
    cases value (1 - value) / variance, as surveys do (Korn and Graubard 1998). It covers 94 to 97.4% in the
    settings of tests/simulations/coverage.py, and does not shrink to nothing where every answer is right. For an
    accuracy without units it is nearly Wilson's own. It always contains the value.

    Few units are known too little about: resampling them shows too small a variance, and one that is itself uncertain.
    As Korn and Graubard do, the effective number is divided by (t of the units / t of n cases)^2; so is it by the two
    `Units.inflation`. Both follow Kish's effective number of units, which holds where sizes differ. It is at most n.
    At an F1 of 0.82 with 8 to 100 units this covers 93 to 98.5% (tests/simulations/clusters.py); the plain spread
    covers down to 86%. Where answers of a unit are much alike and nearly all right (0.95, correlation 0.2) it covers
    about 92%: the few bad units are then often not in the sample at all.

    Where every answer is right nothing tells how alike those of one unit are, so each unit counts as one case. That is
    right where they are wholly alike and wide where they are not:

    >>> alike = share_interval(1.0, np.ones(1000), 400, Units(8, 8.0))
    >>> round(alike.low, 3), round(wilson(400, 400).low, 3)  # 8 units of 50 cases, and 400 cases for themselves
    (0.676, 0.99)
    """
    if n == 0 or math.isnan(value):
        return NOTHING
    return share_of_spread(value, float(np.mean(draws)) - value, float(np.std(draws)), n, units or Units(n, float(n)))


def share_of_spread(
    value: float, bias: float, spread: float, n: int, units: Units, reach: tuple[float, float] = (-Z, Z)
) -> Interval:
    """`share_interval` from the bias and standard deviation of what was drawn, or would have been; n > 0.

    reach: standard errors from the value to the ends, as for `wilson_ends`; the value is inside where it spans 0.
    """
    value, cases, centre = float(value), float(units.count), float(value)
    if 0 < value < 1 and units.freedom <= 0:
        return Interval(value, 0.0, 1.0, n)
    if 0 < value < 1 and spread > 0:
        alone = Units(n, float(n))
        cases = value * (1 - value) / spread**2 * (
            alone.inflation / units.inflation * (alone.reach() / units.reach()) ** 2)
        centre = min(1.0, max(0.0, value - bias))
    low, high = wilson_ends(centre, min(float(n), cases), reach)
    return Interval(value, low if reach[0] > 0 else min(low, value), high if reach[1] < 0 else max(high, value), n)


def macro_interval(
    value: float, draws: NDArray[np.floating], unseen: float, n: int, units: Units | None = None
) -> Interval:
    """`share_interval` of a macro F1, whose ends allow for labels with few cases or none; n > 0.

    unseen: share of labels without a case here: their F1, counted as 0, may be anything, which the upper end allows.

    A label with one case is missing from 37% of resamples and counts as 0 there, while new samples rarely miss so many.
    So the bias that resampling shows is too large where many labels are rare; the lower end does not count on it. With
    it the interval covered 91% at 77 labels, 1,000 cases and an accuracy of 0.95; without, it covers 94 to 100% in the
    settings of tests/simulations/coverage.py (400 draws each), and is up to half as wide again.
    """
    own = units or Units(n, float(n))
    found, plain = share_interval(value, draws, n, own), share_of_spread(value, 0.0, float(np.std(draws)), n, own)
    return replace(found, low=min(found.low, plain.low), high=min(1.0, found.high + unseen))


def difference_interval(value: float, spread: float, n: int, units: Units | None = None) -> Interval:
    """A paired difference with Student's interval from its bootstrap spread, kept off zero width.

    spread: standard deviation of the resampled differences; units: what was drawn as a whole (default: cases). The
    interval is value +- t `difference_error`, with `Units.freedom` degrees of freedom. From n = 1,000 units of one case
    it agrees with the percentile interval within 0.001; at n = 100 that covers 93 to 95% and this one 95 to 97%.

    With 8 to 100 units of unequal size it covers 94.5 to 97.5% at accuracies around 0.8, whatever the answers of one
    unit have in common (tests/simulations/clusters.py). With 1.96 in place of t, or G - 1 degrees of freedom for G
    units of unequal size, it covers less; see `share_interval` for accuracies near 1.
    """
    if n == 0 or math.isnan(value):
        return NOTHING
    own = units or Units(n, float(n))
    half = own.reach() * difference_error(spread, n, own) if own.freedom > 0 else math.inf
    return Interval(float(value), max(-1.0, float(value) - half), min(1.0, float(value) + half), n)


def difference_error(spread: float, n: int, units: Units) -> float:
    """The standard error of a paired difference: its resampled spread for so many units, and 1 / n beside it.

    1 / n^2 of variance is what adding half a case to each cell of the paired table does to an accuracy's (Agresti and
    Min 2005, Stat Med 24:729). It is in cases, whatever units they come in: it stands for cells that came out empty.
    """
    return math.hypot(spread * math.sqrt(units.inflation), 1 / n)


def share_among(right: NDArray[np.bool_], among: NDArray[np.bool_], unit: NDArray[np.intp] | None) -> Interval:
    """The share of right answers among some cases: Wilson's interval, or `share_interval`'s where cases come in units.

    unit: of every case, by number. The spread that resampled units would show is that of their sums of (right - share),
    to the first order. NaN where there is no case.
    """
    n, hits = int(among.sum()), int((right & among).sum())
    if unit is None or n == 0:
        return wilson(hits, n)
    inside, share = unit[among], hits / n
    off = np.bincount(inside, weights=right[among] - share)
    return share_of_spread(share, 0.0, float(np.sqrt((off**2).sum())) / n, n, Units.of(inside, n))


def mean_interval(values: NDArray[np.number], unit: NDArray[np.intp] | None = None) -> Interval:
    """The mean of numbers with Student's interval, over units where cases come in such; NaN where there is none.

    As for a difference, 1 / n beside the standard error keeps it off zero width where all are equal.
    """
    n = len(values)
    if n == 0:
        return NOTHING
    own, value = Units.of(unit, n), float(values.mean())
    off = values - value if unit is None else np.bincount(unit, weights=values - value)
    half = (own.reach() * difference_error(float(np.sqrt((off**2).sum())) / n, n, own)
            if own.freedom > 0 else math.inf)
    return Interval(value, value - half, value + half, n)
