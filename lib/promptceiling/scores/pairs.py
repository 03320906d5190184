"""All pairs of variants on shared resamples, with corrections for looking at many pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.scores.interval import Interval, difference_error, difference_interval
from promptceiling.scores.metrics import Floats
from promptceiling.scores.several import benjamini_hochberg, holm
from promptceiling.scores.units import Units


@dataclass(frozen=True, slots=True)
class Pair:
    """B against A: the weighted-F1 difference (positive where B is better) and its two-sided p-values.

    p: Student's t of the paired bootstrap's spread, see `difference_interval`; p_holm: for claims; p_screening:
    Benjamini-Hochberg, for a first look. Both are adjusted over all pairs, because which two are looked at depends on
    the same figures.
    """

    a: str
    b: str
    delta: Interval
    p: float
    p_holm: float
    p_screening: float


def pairs_of(
    names: Sequence[str], points: Floats, drawn: Floats, n: int, units: Units | None = None
) -> tuple[Pair, ...]:
    """Every pair of variants once, in the order of the names.

    points: weighted F1, shape (variants,); drawn: of the shared resamples, shape (variants, draws).
    """
    from scipy.special import stdtr  # imported late: pages that only read need not wait for it

    first, second = np.triu_indices(len(names), 1)
    if not len(first):
        return ()
    together = np.cov(drawn)
    spread = np.sqrt(np.maximum(0.0, together[first, first] + together[second, second] - 2 * together[first, second]))
    delta = points[second] - points[first]
    own = units or Units(n, float(n))
    error = np.array([difference_error(s, n, own) for s in spread.tolist()])
    p = 2 * stdtr(own.freedom, -np.abs(delta) / error) if own.freedom > 0 else np.ones(len(delta))
    adjusted, screened = holm(p), benjamini_hochberg(p)
    return tuple(
        Pair(names[i], names[j], difference_interval(delta[k], spread[k], n, own), float(p[k]), float(adjusted[k]),
             float(screened[k]))
        for k, (i, j) in enumerate(zip(first.tolist(), second.tolist(), strict=True)))
