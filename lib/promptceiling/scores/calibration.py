"""Whether a stated confidence means what it says: reliability, ECE, Brier, and risk against coverage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.interval import Interval, mean_interval, percentile, share_among
from promptceiling.scores.metrics import Codes, Floats, unit_codes

BINS = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Cases of similar confidence: the mean confidence stated, and the share that was right, see `share_among`."""

    confidence: float
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well a stated confidence fits.

    Attributes
    ----------
    n: cases with a confidence; `without`: those with none (absent, text, NaN, outside [0, 1]), counted and left out.
    bins: equal-mass bins from least to most confident; equal confidences stay together, so there can be fewer.
    ece: expected calibration error, the mean distance of bins from the diagonal weighted by cases, in [0, 1]. It is
        above 0 even for a perfect confidence; `ece_by_chance` is what that would show here on average.
    brier: mean of (confidence - right)^2, in [0, 1]; lower is better.
    overconfidence: mean confidence minus accuracy; positive where confidence is too high.
    coverage, risk: answering only the most confident share `coverage` leaves the error rate `risk`; one point for each
        distinct confidence.
    risks: (coverage, error rate with its interval, see `share_among`) at about each tenth of the cases.
    """

    n: int
    without: int
    bins: tuple[ReliabilityBin, ...]
    ece: Interval
    ece_by_chance: float
    brier: Interval
    overconfidence: Interval
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    risks: tuple[tuple[float, Interval], ...] = ()


def usable_confidence(values: Sequence[object]) -> Floats:
    """Each confidence as a number in [0, 1], or NaN where it is none: absent, text, true/false, or out of range.

    >>> usable_confidence([0.9, None, "high", 1.2]).tolist()
    [0.9, nan, nan, nan]
    """
    numbers = [float(v) if isinstance(v, int | float | np.number) and not isinstance(v, bool) else math.nan
               for v in values]
    found = np.asarray(numbers, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((found >= 0) & (found <= 1), found, math.nan)


def calibration_of(
    right: Sequence[bool], confidence: Sequence[object], *, units: Sequence[object] | None = None, bins: int = BINS,
    draws: int = 2000, seed: int = 0,
) -> Calibration:
    """The calibration of `confidence` against whether the answers were `right`, position by position.

    `units` (one an answer) names answers that belong together, see `score_predictions`; they are then drawn together.
    No usable confidence gives n = 0 and NaN. Raises InputError where lengths differ. ECE with equal-mass bins follows
    Nixon et al. 2019 (Measuring calibration in deep learning).
    """
    if len(right) != len(confidence):
        raise InputError(f"{len(right)} answers but {len(confidence)} confidences; expected one for each answer.")
    stated = usable_confidence(confidence)
    has = ~np.isnan(stated)
    order = np.argsort(-stated[has], kind="stable")
    c, r = stated[has][order], np.asarray(right, dtype=np.float64)[has][order]
    n = len(c)
    if n == 0:
        nothing = Interval(math.nan, math.nan, math.nan, 0)
        return Calibration(0, int((~has).sum()), (), nothing, math.nan, nothing, nothing, (), ())
    rng = np.random.default_rng(seed)
    edges = _edges(c, bins)
    unit = None if units is None else unit_codes(units)[has][order]
    drawn_ece = np.array([_ece(c[i], r[i], bins) for i in _resampled(n, unit, rng, draws)])
    honest = np.array([_ece(c, (rng.random(n) < c).astype(np.float64), bins) for _ in range(200)])
    last = np.flatnonzero(np.append(c[1:] != c[:-1], True))
    wrong = np.cumsum(1 - r)
    tenths = last[np.searchsorted(last + 1, np.ceil(n * np.arange(1, 11) / 10 - 1e-9))] + 1
    return Calibration(
        n, int((~has).sum()),
        tuple(ReliabilityBin(float(c[a:b].mean()), share_among(
            r == 1, (np.arange(n) >= a) & (np.arange(n) < b), unit)) for a, b in reversed(list(pairwise(edges)))),
        percentile(_ece(c, r, bins), drawn_ece, n), float(honest.mean()),
        _within(mean_interval((c - r) ** 2, unit), 0.0), _within(mean_interval(c - r, unit), -1.0),
        tuple(((last + 1) / n).tolist()), tuple((wrong[last] / (last + 1)).tolist()),
        tuple((m / n, share_among(r == 0, np.arange(n) < m, unit)) for m in dict.fromkeys(tenths.tolist())))


def _resampled(n: int, unit: Codes | None, rng: np.random.Generator, draws: int) -> Iterator[Codes]:
    """Sorted positions of each resample: n cases, or as many units as there are, each with all its cases."""
    if unit is None:
        yield from (np.sort(rng.integers(0, n, size=n)) for _ in range(draws))
        return
    by_unit = np.split(np.argsort(unit, kind="stable"), np.flatnonzero(np.diff(np.sort(unit))) + 1)
    for _ in range(draws):
        yield np.sort(np.concatenate([by_unit[k] for k in rng.integers(0, len(by_unit), size=len(by_unit))]))


def _within(interval: Interval, lowest: float) -> Interval:
    return replace(interval, low=max(lowest, interval.low), high=min(1.0, interval.high))


def _edges(ordered: Floats, bins: int) -> list[int]:
    """Where equal-mass bins of sorted confidences begin and end; a bin never parts equal confidences."""
    n = len(ordered)
    wanted = np.unique(np.round(np.linspace(0, n, min(bins, n) + 1)).astype(int))
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    inner = starts[np.searchsorted(starts, wanted[1:-1], side="right") - 1] if len(wanted) > 2 else starts[:0]
    return [int(edge) for edge in np.unique(np.concatenate([[0], inner, [n]]))]


def _ece(ordered: Floats, right: Floats, bins: int) -> float:
    edges = _edges(ordered, bins)
    gaps = np.add.reduceat(ordered - right, edges[:-1])
    return float(np.abs(gaps).sum() / len(ordered))
