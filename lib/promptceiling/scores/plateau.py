"""The plateau: certified from the history of iterations, or the missing part is named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.conditions import NO_REALISTIC_NUMBER
from promptceiling.scores.interval import Interval, share_interval
from promptceiling.scores.metrics import Floats, encode, point_metrics_of, unit_codes
from promptceiling.scores.resample import DRAWS, draw_metrics
from promptceiling.scores.units import Units

ITERATIONS, KINDS, LAST, GAIN = 5, 3, 3, 0.02
_CLEARLY_WORSE = 3.0  # standard errors
_LEVEL = 0.965  # of the critical value: at 0.95 the least favourable simulated history was certified in 5.8%, not 5%
State = Literal["confirmed", "still climbing", "too few iterations", "one kind only", "too few cases", "good enough"]


@dataclass(frozen=True, slots=True)
class Plateau:
    """Whether more prompting can be expected to help.

    Attributes
    ----------
    state: "confirmed", or the first part that is missing; "good enough" where the best is not below the threshold.
    iterations: names in order; best_so_far: the best weighted F1 up to each of them.
    kinds: different kinds of change among them.
    gain: best of all minus best before the last three; its `high` is the one-sided 95% bound. None before the fourth.
    labels_needed: about how many more cases would show a gain of the limit; None where none is needed or realistic.
    scores: each iteration's own weighted F1.
    """

    state: State
    iterations: tuple[str, ...]
    best_so_far: tuple[float, ...]
    kinds: tuple[str, ...]
    gain: Interval | None
    limit: float
    labels_needed: int | None
    scores: tuple[Interval, ...] = ()

    def at(self, threshold: float) -> Plateau:
        """The same history held against another quality threshold."""
        count, kinds = len(self.iterations), len(self.kinds)
        state, needed = _state(count, kinds, self.best_so_far, self.gain, threshold, self.limit)
        return replace(self, state=state, labels_needed=needed)


def plateau_of(
    expected: Sequence[str], iterations: Sequence[tuple[str, str, Sequence[str | None]]], labels: Sequence[str], *,
    threshold: float = 0.85, limit: float = GAIN, units: Sequence[object] | None = None, draws: int = DRAWS,
    seed: int = 0,
) -> Plateau:
    """The plateau over `iterations`: (name, kind of change, predictions) in the order in which they were first scored.

    Confirmed when there are at least 5 iterations of at least 3 kinds, the best is below the threshold, and the 95%
    upper bound of the gain of the last 3 (see `gain_bound`) is under `limit`. Raises InputError for no case, and for
    predictions of another length.
    """
    for name, _, predicted in iterations:
        if len(predicted) != len(expected):
            raise InputError(f"Iteration {name!r} has {len(predicted)} predictions for {len(expected)} cases.")
    if iterations and not len(expected):
        raise InputError("No case was answered in every iteration, so there is nothing to hold against a plateau.")
    names = tuple(name for name, _, _ in iterations)
    kinds = tuple(dict.fromkeys(kind for _, kind, _ in iterations))
    size, truth = len(labels), encode(expected, labels)
    said = [encode(predicted, labels) for _, _, predicted in iterations]
    points = np.array([point_metrics_of(truth, p, size).f1_weighted for p in said])
    best = tuple(np.maximum.accumulate(points).tolist()) if len(points) else ()
    gain, scores = None, tuple[Interval, ...]()
    unit = None if units is None else unit_codes(units)
    own = Units.of(unit, len(expected))
    if iterations:
        drawn = draw_metrics(truth, said, size, units=unit, draws=draws, seed=seed).weighted
        scores = tuple(share_interval(point, drawn[k], len(expected), own) for k, point in enumerate(points.tolist()))
    if len(iterations) > LAST:
        gains = drawn.max(axis=0) - drawn[:-LAST].max(axis=0)
        value = best[-1] - best[-1 - LAST]
        gain = Interval(
            value, min(value, float(np.percentile(gains, 2.5))),
            max(value, gain_bound(points, drawn, own)), len(expected))
    state, needed = _state(len(names), len(kinds), best, gain, threshold, limit)
    return Plateau(state, names, best, kinds, gain, limit, needed, scores)


def gain_bound(points: Floats, drawn: Floats, units: Units) -> float:
    """The one-sided 95% upper bound of "best of the last three minus best before them", at least 0.

    points: weighted F1, shape (iterations,), of at least four; drawn: of shared resamples, shape (iterations, draws);
    units: what was drawn as a whole. For one unit nothing is bounded: 1.

    The best before is likely to have been lucky, which hides a gain, and repeating the choice inside each resample does
    not bring that back: the percentile bound certifies a true gain of 2 points in up to 60% of histories (twelve equal
    iterations, then one better one). So the gain is bounded against each earlier iteration that could be the best (not
    worse than the best by 3 standard errors), all at once: the truth is under the smallest of
    max over the last j of (difference + c * its standard error), with c the 96.5% point of the largest error in these.
    For few units c is the quantile of Student's t that has c's place in the normal distribution.
    Wrong in under 5% of histories in tests/simulations/plateau.py; as sharp as the percentile bound where one earlier
    iteration is clearly the best.
    """
    if units.freedom <= 0:
        return 1.0
    error = (drawn - drawn.mean(axis=1, keepdims=True)) * math.sqrt(units.inflation)
    leader = int(points[:-LAST].argmax())
    behind = (error[:-LAST] - error[leader]).std(axis=1)
    rivals = np.flatnonzero(points[leader] - points[:-LAST] <= _CLEARLY_WORSE * behind)
    critical = 0.0
    spreads = np.array([(error[-LAST:] - error[i]).std(axis=1) for i in rivals])
    for last in range(LAST):
        standard = [(error[i] - error[last - LAST]) / s for i, s in zip(rivals, spreads[:, last], strict=True) if s > 0]
        if standard:
            critical = max(critical, float(np.quantile(np.max(standard, axis=0), _LEVEL)))
    critical = units.reach(NormalDist().cdf(critical))
    bounds = [(points[-LAST:] - points[i] + critical * spread).max() for i, spread in zip(rivals, spreads, strict=True)]
    return max(0.0, float(min(bounds)))


def _state(
    count: int, kinds: int, best: tuple[float, ...], gain: Interval | None, threshold: float, limit: float
) -> tuple[State, int | None]:
    if best and best[-1] >= threshold:
        return "good enough", None
    if count < ITERATIONS or gain is None:
        return "too few iterations", None
    if gain.value >= limit:
        return "still climbing", None
    if kinds < KINDS:
        return "one kind only", None
    if gain.high < limit:
        return "confirmed", None
    needed = gain.n * ((gain.high - gain.value) / (limit - gain.value)) ** 2 - gain.n
    return "too few cases", max(10, math.ceil(needed / 10) * 10) if needed <= NO_REALISTIC_NUMBER else None
