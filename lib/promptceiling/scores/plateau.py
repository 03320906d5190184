"""The plateau: certified from the history of iterations, or the missing part is named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptceiling.scores.conditions import NO_REALISTIC_NUMBER
from promptceiling.scores.interval import Interval
from promptceiling.scores.metrics import encode, point_metrics
from promptceiling.scores.resample import DRAWS, cells_of, resampled_cells, resampled_f1

ITERATIONS, KINDS, LAST, GAIN = 5, 3, 3, 0.02
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
    labels_needed: about how many more cases would show a gain of the limit; None where no number is needed or realistic.
    """

    state: State
    iterations: tuple[str, ...]
    best_so_far: tuple[float, ...]
    kinds: tuple[str, ...]
    gain: Interval | None
    limit: float
    labels_needed: int | None


def plateau_of(
    expected: Sequence[str], iterations: Sequence[tuple[str, str, Sequence[str | None]]], labels: Sequence[str], *,
    threshold: float = 0.85, limit: float = GAIN, units: Sequence[object] | None = None, draws: int = DRAWS,
    seed: int = 0,
) -> Plateau:
    """The plateau over `iterations`: (name, kind of change, predictions) in the order in which they were first scored.

    Confirmed when there are at least 5 iterations of at least 3 kinds, the best is below the threshold, and the 95%
    upper bound of "best of all minus best before the last 3" is under `limit`; the choice of the best is repeated inside
    each resample.
    """
    names = tuple(name for name, _, _ in iterations)
    kinds = tuple(dict.fromkeys(kind for _, kind, _ in iterations))
    points = [point_metrics(expected, p, labels).f1_weighted for _, _, p in iterations]
    best = tuple(np.maximum.accumulate(points).tolist()) if points else ()
    gain = None
    if len(iterations) > LAST:
        codes, cell = cells_of(encode(expected, labels), *(encode(p, labels) for _, _, p in iterations))
        counts = resampled_cells(cell, units, np.random.default_rng(seed), draws)
        drawn = np.array([
            resampled_f1(counts, codes[:, 0], codes[:, k + 1], len(labels))[0] for k in range(len(iterations))])
        gains = drawn.max(axis=0) - drawn[:-LAST].max(axis=0)
        low, high = np.percentile(gains, [2.5, 95])
        gain = Interval(best[-1] - best[-1 - LAST], float(low), float(high), len(expected))
    state, needed = _state(len(names), len(kinds), best, gain, threshold, limit)
    return Plateau(state, names, best, kinds, gain, limit, needed)


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
    return "too few cases", math.ceil(needed / 10) * 10 if needed <= NO_REALISTIC_NUMBER else None
