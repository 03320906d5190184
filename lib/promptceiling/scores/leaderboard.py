"""Many variants on the same cases: ranks, ties, and a figure for the winner that is corrected for having picked it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.interval import Interval, percentile
from promptceiling.scores.metrics import encode, point_metrics
from promptceiling.scores.resample import DRAWS, cells_of, resampled_cells, resampled_f1, unit_weights

_SELECTION_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """One variant: its weighted F1, how it differs from the best, and the share of resamples in which it is the best.

    `tied` means not distinguishable from the best: p-value of the paired difference above 0.05 after Holm's correction.
    """

    name: str
    f1_weighted: Interval
    delta_to_best: Interval
    tied: bool
    best_share: float


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Variants, best first.

    Attributes
    ----------
    n: cases that every variant answered; the others are left out of this comparison.
    selection_corrected: the weighted F1 to expect of the winner on new cases: chosen inside each resample, scored on
        the cases left out. Its interval is the percentile one of those scores.
    """

    n: int
    standings: tuple[Standing, ...]
    selection_corrected: Interval


def leaderboard_of(
    expected: Sequence[str], predictions: Mapping[str, Sequence[str | None]], labels: Sequence[str], *,
    failed: Sequence[bool] | None = None, units: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Leaderboard:
    """The leaderboard of `predictions` (variant name -> one prediction a case), with one set of resamples for all.

    `failed` marks cases that any variant failed on. Raises InputError for no variant or no case.
    """
    keep = np.ones(len(expected), bool) if failed is None else ~np.asarray(failed, dtype=bool)
    if not predictions or not keep.any():
        raise InputError("A leaderboard needs at least one variant and one case that all of them answered.")
    y = np.asarray(expected, dtype=object)[keep]
    names = list(predictions)
    coded = {name: encode(np.asarray(predictions[name], dtype=object)[keep], labels) for name in names}
    codes, cell = cells_of(encode(y, labels), *coded.values())
    drawn_units = None if units is None else np.asarray(units, dtype=object)[keep]
    rng = np.random.default_rng(seed)
    counts = resampled_cells(cell, drawn_units, rng, draws)
    size = len(labels)
    drawn = np.array([resampled_f1(counts, codes[:, 0], codes[:, k + 1], size)[0] for k in range(len(names))])
    points = np.array([
        point_metrics(y, np.asarray(predictions[name], dtype=object)[keep], labels).f1_weighted for name in names])
    order = sorted(range(len(names)), key=lambda k: (-points[k], names[k]))
    best = order[0]
    tied = _tied(drawn[best] - drawn, best)
    best_share = np.bincount(drawn.argmax(axis=0), minlength=len(names)) / draws
    standings = tuple(
        Standing(
            names[k], percentile(points[k], drawn[k], len(y)),
            percentile(points[k] - points[best], drawn[k] - drawn[best], len(y)), bool(tied[k]), float(best_share[k]))
        for k in order)
    return Leaderboard(len(y), standings, _selection_corrected(cell, codes, drawn_units, rng, size))


def _tied(ahead: np.ndarray, best: int) -> np.ndarray:
    """Which variants are not distinguishable from the best, given how far it is ahead in each resample: (variants,)."""
    p = np.minimum(1.0, 2 * ((ahead <= 0).sum(axis=1) + 1) / (ahead.shape[1] + 1))
    p[best] = 1.0
    others = [k for k in np.argsort(p) if k != best]
    tied = np.ones(len(p), dtype=bool)
    for rank, k in enumerate(others):  # Holm (1979): stop at the first that cannot be told apart
        if p[k] * (len(others) - rank) > 0.05:
            break
        tied[k] = False
    return tied


def _selection_corrected(
    cell: np.ndarray, codes: np.ndarray, units: np.ndarray | None, rng: np.random.Generator, size: int
) -> Interval:
    each = np.arange(len(cell)) if units is None else units
    weights, table = unit_weights(cell, each, rng, _SELECTION_DRAWS)
    inside, outside = weights @ table, (weights == 0) @ table
    variants = codes.shape[1] - 1
    with np.errstate(invalid="ignore"):
        chosen = np.array(
            [resampled_f1(inside, codes[:, 0], codes[:, k + 1], size)[0] for k in range(variants)]).argmax(axis=0)
        left_out = np.array([resampled_f1(outside, codes[:, 0], codes[:, k + 1], size)[0] for k in range(variants)])
    scores = left_out[chosen, np.arange(_SELECTION_DRAWS)]
    scores = scores[np.isfinite(scores)]
    return percentile(scores.mean(), scores, len(cell)) if len(scores) else Interval(np.nan, np.nan, np.nan, len(cell))
