"""Learning curves: the score against the number of labels, and a forecast that can refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.interval import Interval
from promptceiling.scores.metrics import Floats

DRAWS_A_SIZE, SIZES, FARTHEST, MISS, WIDEST = 5, 4, 4, 0.03, 0.10
_EXPONENTS = np.concatenate([np.linspace(0.02, 1.0, 50), np.linspace(1.05, 2.0, 20)])


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Scores at one number of labels: their mean with a 95% interval (Student's t over draws), spread and draws."""

    labels: int
    score: Interval
    spread: float
    draws: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected score at a number of labels. `refused` says why there is none; `score` is NaN then."""

    labels: int
    score: Interval
    refused: str | None


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Observed points and what they allow to forecast.

    Attributes
    ----------
    points: in the order of labels.
    fit: (a, b, c) of a - b * labels^-c, with a <= 1; None where there are too few points.
    missed_by: how far a fit without the last point misses it (observed minus forecast); NaN without a fit.
    forecasts: the next doublings, up to 4 times the labels at hand, each with a score or a refusal.
    refused: why the whole curve is not continued; None where it is.
    """

    points: tuple[CurvePoint, ...]
    fit: tuple[float, float, float] | None
    missed_by: float
    forecasts: tuple[Forecast, ...]
    refused: str | None

    def at(self, labels: float) -> float:
        """The fitted score at a number of labels; NaN without a fit. A description, not a forecast."""
        return math.nan if self.fit is None else self.fit[0] - self.fit[1] * labels ** -self.fit[2]


def learning_curve(scores: Mapping[int, Sequence[float]], *, draws: int = 500, seed: int = 0) -> LearningCurve:
    """The learning curve of `scores`: number of labels -> one score for each draw of that many labels.

    It refuses with fewer than 4 sizes, fewer than 5 draws of one, or where the last point is missed by more than 3
    points when it is left out of the fit; and any forecast beyond 4 times the labels or with an interval wider than 10
    points. A forecast's interval has the scatter of the draws (each size's scores drawn again) and the miss. Raises
    InputError for a size under 1, or a score that is none.

    >>> learning_curve({k: [0.9 - k ** -0.5] * 5 for k in (25, 50, 100, 200)}).forecasts[0].score.value.__round__(3)
    0.85
    """
    sizes = sorted(scores)
    values = [np.asarray(scores[k], dtype=np.float64) for k in sizes]
    for size, drawn in zip(sizes, values, strict=True):
        if size < 1 or not len(drawn) or not np.isfinite(drawn).all():
            raise InputError(f"The scores at {size} labels are {list(scores[size])}; expected numbers, from 1 label.")
    points = tuple(_point(size, drawn) for size, drawn in zip(sizes, values, strict=True))
    if len(points) < SIZES:
        return LearningCurve(points, None, math.nan, (), f"{len(points)} sizes were tried; a forecast needs {SIZES}.")
    means, k = np.array([p.score.value for p in points]), np.array(sizes, dtype=np.float64)
    fit = _fit(k, means[None])[0]
    missed = float(means[-1] - _at(_fit(k[:-1], means[None, :-1]), k[-1])[0])
    fewest = min(p.draws for p in points)
    refused = None
    if fewest < DRAWS_A_SIZE:
        refused = f"A size has {fewest} draws; a forecast needs {DRAWS_A_SIZE} of each."
    elif abs(missed) > MISS:
        refused = f"The curve without its last point misses it by {abs(missed) * 100:.1f} points (at most 3)."
    drawn_fits = _fit(k, _drawn_means(values, np.random.default_rng(seed), draws))
    forecasts = tuple(_forecast(2**step * sizes[-1], fit, drawn_fits, missed, sizes[-1], refused) for step in (1, 2, 3))
    return LearningCurve(points, (float(fit[0]), float(fit[1]), float(fit[2])), missed, forecasts, refused)


def _point(size: int, scores: Floats) -> CurvePoint:
    from scipy.stats import t  # imported late: pages that only read need not wait for it

    n, mean = len(scores), float(scores.mean())
    spread = float(scores.std(ddof=1)) if n > 1 else math.nan
    half = float(t.ppf(0.975, n - 1)) * spread / math.sqrt(n) if n > 1 else math.nan
    return CurvePoint(size, Interval(mean, mean - half, mean + half, n), spread, n)


def _fit(k: Floats, means: Floats) -> Floats:
    """(a, b, c) for each row of means by least squares: c on a grid, a and b in closed form, with a <= 1 and b >= 0."""
    best = np.full((len(means), 3), math.nan)
    error = np.full(len(means), math.inf)
    for c in _EXPONENTS:
        x = k**-c
        centred = x - x.mean()
        b = np.maximum(0.0, -(means @ centred) / (centred @ centred))
        a = means.mean(axis=1) + b * x.mean()
        high = a > 1.0
        b = np.where(high, np.maximum(0.0, ((1.0 - means) @ x) / (x @ x)), b)
        a = np.where(high, 1.0, a)
        squares = ((means - a[:, None] + b[:, None] * x) ** 2).sum(axis=1)
        better = squares < error - 1e-15
        best[better] = np.column_stack([a, b, np.full(len(a), c)])[better]
        error[better] = squares[better]
    return best


def _at(fits: Floats, k: float) -> Floats:
    return np.asarray(fits[:, 0] - fits[:, 1] * k ** -fits[:, 2])


def _drawn_means(values: Sequence[Floats], rng: np.random.Generator, draws: int) -> Floats:
    """Means of each size's scores drawn again; widened, since few draws resampled spread too little by (n - 1) / n."""
    columns = []
    for scores in values:
        n = len(scores)
        again = scores[rng.integers(0, n, size=(draws, n))].mean(axis=1)
        columns.append(scores.mean() + (again - scores.mean()) * math.sqrt(n / (n - 1) if n > 1 else 1.0))
    return np.column_stack(columns)


def _forecast(labels: int, fit: Floats, drawn: Floats, missed: float, last: int, refused: str | None) -> Forecast:
    nothing = Interval(math.nan, math.nan, math.nan, last)
    if refused is not None:
        return Forecast(labels, nothing, refused)
    if labels > FARTHEST * last:
        return Forecast(labels, nothing, f"{labels} labels are more than {FARTHEST} times the {last} that were tried.")
    value = float(_at(fit[None], labels)[0])
    low, high = np.percentile(_at(drawn, labels), [2.5, 97.5])
    low = value - math.hypot(value - min(low, value), missed)
    high = value + math.hypot(max(high, value) - value, missed)
    if high - low > WIDEST:
        return Forecast(labels, nothing, f"The interval would be {(high - low) * 100:.0f} points wide (at most 10).")
    return Forecast(labels, Interval(value, float(low), min(1.0, float(high)), last), None)
