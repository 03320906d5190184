"""Noise that is not the cases': other shots, another order, another training seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.interval import NOTHING, Interval, difference_error
from promptceiling.scores.metrics import encode, point_metrics_of, unit_codes
from promptceiling.scores.resample import DRAWS, draw_metrics
from promptceiling.scores.units import Units


@dataclass(frozen=True, slots=True)
class Variation:
    """One variant drawn several times (other shots, another order or seed) and scored on the same cases.

    Attributes
    ----------
    scores: weighted F1 of each draw.
    mean: with a 95% interval for new cases and new draws both.
    spread: standard deviation between draws, with chi-squared's interval, as if they scattered normally; n is their
        number. NaN for one draw.
    cases_error, draws_error: the standard error of the mean that comes from the cases, and from the draws.
    """

    scores: tuple[float, ...]
    mean: Interval
    spread: Interval
    cases_error: float
    draws_error: float


def variation_of(
    expected: Sequence[str], draws_of: Sequence[Sequence[str | None]], labels: Sequence[str], *,
    units: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Variation:
    """The mean weighted F1 over draws of one variant, with both sources of noise in its interval.

    draws_of: predictions of each draw, case by case. See `delta_over_draws`.
    """
    return _variation(expected, [list(p) for p in draws_of], [], labels, units, draws, seed)


def delta_over_draws(
    expected: Sequence[str], a: Sequence[Sequence[str | None]], b: Sequence[Sequence[str | None]],
    labels: Sequence[str], *, units: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Variation:
    """B's mean weighted F1 minus A's, each over several draws; `scores` are B's minus A's mean.

    The variance is that of the means under resampled cases (corrected for few units, see `Units`), plus spread^2 /
    draws of each side; Student's t with the degrees of freedom of Welch and Satterthwaite. With one draw a side there
    is no spread to see and the interval is the cases' alone. Raises InputError for no draws, or lengths that differ.
    """
    return _variation(expected, [list(p) for p in b], [list(p) for p in a], labels, units, draws, seed)


def _variation(
    expected: Sequence[str], plus: list[list[str | None]], minus: list[list[str | None]], labels: Sequence[str],
    units: Sequence[object] | None, draws: int, seed: int,
) -> Variation:
    from scipy.stats import chi2, t  # imported late: pages that only read need not wait for it

    if not plus or not len(expected) or any(len(p) != len(expected) for p in [*plus, *minus]):
        raise InputError(f"Expected at least one draw with one prediction for each of {len(expected)} cases.")
    size, truth = len(labels), encode(expected, labels)
    codes = [encode(p, labels) for p in [*minus, *plus]]  # as a comparison takes A and B, so that both draw alike
    first = len(minus)
    unit = None if units is None else unit_codes(units)
    drawn = draw_metrics(truth, codes, size, units=unit, draws=draws, seed=seed).weighted
    points = np.array([point_metrics_of(truth, p, size).f1_weighted for p in codes])
    sides = [points[first:]] + ([points[:first]] if minus else [])
    means = drawn[first:].mean(axis=0) - (drawn[:first].mean(axis=0) if minus else 0.0)
    parts = [float(side.var(ddof=1)) / len(side) if len(side) > 1 else 0.0 for side in sides]
    own = Units.of(unit, len(truth))
    spread_of_means = float(means.std())
    cases_error = (math.inf if own.freedom <= 0 else difference_error(spread_of_means, len(truth), own) if minus
                   else spread_of_means * math.sqrt(own.inflation))
    cases_variance = cases_error**2
    draws_variance = sum(parts)
    known = cases_variance**2 / own.freedom if own.freedom > 0 else math.inf
    known += sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True) if part > 0)
    total = cases_variance + draws_variance
    freedom = total**2 / known if known > 0 and math.isfinite(total) else math.inf
    value = float(sides[0].mean() - (sides[1].mean() if minus else 0.0))
    half = float(t.ppf(0.975, freedom)) * math.sqrt(total)
    scores = sides[0] - (sides[1].mean() if minus else 0.0)
    spread = NOTHING
    if len(plus) > 1:
        among = float(sides[0].std(ddof=1))
        low, high = among * np.sqrt((len(plus) - 1) / chi2.ppf([0.975, 0.025], len(plus) - 1))
        spread = Interval(among, float(low), float(high), len(plus))
    return Variation(
        tuple(scores.tolist()),
        Interval(value, max(-1.0 if minus else 0.0, value - half), min(1.0, value + half), len(truth)), spread,
        cases_error, math.sqrt(draws_variance))
