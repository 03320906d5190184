"""Many variants on the same cases: ranks, ties, and a figure for the winner that is corrected for having picked it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.compare import failures_forbid
from promptceiling.scores.interval import Interval, difference_interval, share_interval
from promptceiling.scores.metrics import encode, point_metrics_of, unit_codes
from promptceiling.scores.pairs import Pair, pairs_of
from promptceiling.scores.resample import DRAWS, draw_metrics
from promptceiling.scores.selection import selection_corrected
from promptceiling.scores.units import Units


@dataclass(frozen=True, slots=True)
class Standing:
    """One variant: its weighted F1, how it differs from the best, and the share of resamples in which it is the best.

    `tied` means not distinguishable from the best: p-value of the paired difference above 0.05 after Holm's correction
    over all pairs. Where a resample has several best ones, each gets its part. `failed`: share of cases that failed.
    """

    name: str
    f1_weighted: Interval
    delta_to_best: Interval
    tied: bool
    best_share: float
    failed: float = math.nan


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Variants, best first.

    Attributes
    ----------
    n: cases that every variant answered; the others are left out of this comparison.
    selection_corrected: the weighted F1 to expect of the winner on new cases, see `selection_corrected`. For one
        variant it is that variant's own.
    pairs: every pair of variants, best first within each.
    withheld: why ranks are not to be taken as a verdict (too many failures, or unequal ones); None where they may be.
    """

    n: int
    standings: tuple[Standing, ...]
    selection_corrected: Interval
    pairs: tuple[Pair, ...] = ()
    withheld: str | None = None


def leaderboard_of(
    expected: Sequence[str], predictions: Mapping[str, Sequence[str | None]], labels: Sequence[str], *,
    failed: Sequence[bool] | None = None, failures: Mapping[str, Sequence[bool]] | None = None,
    units: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Leaderboard:
    """The leaderboard of `predictions` (variant name -> one prediction a case), with one set of resamples for all.

    `failed` marks cases that any variant failed on; `failures` says which variant failed on which. Raises
    InputError for no variant, no case, or lengths that differ.

    >>> leaderboard_of(["a", "b"] * 9, {"x": ["a"] * 18, "y": ["a", "b"] * 9}, ["a", "b"]).standings[0].name
    'y'
    """
    names = list(predictions)
    for name in names:
        if len(predictions[name]) != len(expected):
            raise InputError(f"Variant {name!r} has {len(predictions[name])} predictions for {len(expected)} cases.")
    down = {name: np.asarray(marks, dtype=bool) for name, marks in (failures or {}).items()}
    keep = np.ones(len(expected), bool) if failed is None else ~np.asarray(failed, dtype=bool)
    for marks in down.values():
        keep &= ~marks
    if not names or not keep.any():
        raise InputError("A leaderboard needs at least one variant and one case that all of them answered.")
    size, y = len(labels), encode(expected, labels)[keep]
    coded = [encode(predictions[name], labels)[keep] for name in names]
    n, unit = len(y), None if units is None else unit_codes(unit_codes(units)[keep])
    own = Units.of(unit, n)
    drawn = draw_metrics(y, coded, size, units=unit, draws=draws, seed=seed).weighted
    points = np.array([point_metrics_of(y, p, size).f1_weighted for p in coded])
    order = sorted(range(len(names)), key=lambda k: (-points[k], names[k]))
    best = order[0]
    is_best = drawn == drawn.max(axis=0)
    best_share = (is_best / is_best.sum(axis=0)).mean(axis=1)
    pairs = pairs_of([names[k] for k in order], points[order], drawn[order], n, own)
    apart = {pair.b for pair in pairs if pair.a == names[best] and pair.p_holm <= 0.05}
    rates = [float(down[name].mean()) if name in down else math.nan for name in names]
    standings = tuple(
        Standing(
            names[k], share_interval(points[k], drawn[k], n, own),
            difference_interval(points[k] - points[best], float((drawn[k] - drawn[best]).std()), n, own)
            if k != best else Interval(0.0, 0.0, 0.0, n),
            names[k] not in apart, float(best_share[k]), rates[k])
        for k in order)
    corrected = standings[0].f1_weighted if len(names) == 1 else selection_corrected(
        points[order], drawn[order], n, own)
    return Leaderboard(n, standings, corrected, pairs, failures_forbid(float((~keep).mean()), rates))
