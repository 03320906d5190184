"""A race on growing shares of the same cases: which variants can no longer win, and how many a budget can follow."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptceiling.scores.metrics import encode, point_metrics_of, unit_codes
from promptceiling.scores.resample import draw_metrics
from promptceiling.scores.units import Units

ALPHA = 0.05
_FIRST = 20  # cases of the first look, at least
_DRAWS = 1_000


def in_order(units: Sequence[str], seed: int, looks: int = 4) -> tuple[NDArray[np.intp], tuple[int, ...]]:
    """The order in which cases are asked, and how many of them have been asked at each look.

    units: the unit (customer, thread, cluster of near-duplicates) of each case. The last look adds about half of the
    cases, of units that no earlier look saw; the looks before it double, each a random draw of cases from the others,
    so that even the first sees many units. Where too few units part the cases so, they are parted without regard to
    them. Fewer looks where the first would have under 20 cases.

    >>> in_order([str(k) for k in range(400)], 0)[1], in_order(["a"] * 30, 0)[1]
    ((50, 100, 200, 400), (30,))
    """
    n = len(units)
    digest = {u: hashlib.sha256(f"{seed}\0{u}".encode()).digest() for u in dict.fromkeys(units)}
    own = [hashlib.sha256(f"{seed}\0{u}\0{k}".encode()).digest() for k, u in enumerate(units)]
    by_unit = sorted(range(n), key=lambda k: (digest[units[k]], own[k]))
    cuts = [k for k in range(1, n) if units[by_unit[k]] != units[by_unit[k - 1]]]
    early = min(cuts, key=lambda k: abs(k - n / 2), default=0)
    if not n / 3 <= early <= 2 * n / 3:
        by_unit, early = sorted(range(n), key=own.__getitem__), n // 2
    sizes = [n]
    while len(sizes) < looks and (smaller := early if len(sizes) == 1 else sizes[0] // 2) >= _FIRST:
        sizes.insert(0, smaller)
    order = [*sorted(by_unit[:early], key=own.__getitem__), *sorted(by_unit[early:], key=own.__getitem__)]
    return np.array(order, dtype=np.intp), tuple(sizes)


def beaten(
    expected: Sequence[str], predictions: Sequence[Sequence[str | None]], labels: Sequence[str], *, level: float,
    units: Sequence[object] | None = None, seed: int = 0,
) -> dict[int, int]:
    """The variants that can no longer win, each with the rival that beats it most clearly: position -> position.

    A variant is beaten where a rival's weighted F1 on the same cases is higher by more than t standard errors, t being
    the one-sided quantile of `level` for so many units. The standard error is that of `difference_interval`: the paired
    bootstrap over units, kept off zero.

    With m variants in all and k looks before the last, `level` = alpha / (k (m - 1)) keeps the chance that the truly
    best one is ever beaten at alpha or less: it meets at most m - 1 rivals at each of k looks (Bonferroni; the looks
    may stop early). tests/simulations/race.py measures it.

    >>> beaten(["a", "b"] * 40, [["a", "a"] * 40, ["a", "b"] * 40], ["a", "b"], level=0.01)
    {0: 1}
    """
    y, coded, size = encode(expected, labels), [encode(p, labels) for p in predictions], len(labels)
    unit = None if units is None else unit_codes(units)
    known = Units.of(unit, len(y))
    if len(coded) < 2 or known.freedom <= 0:
        return {}
    points = np.array([point_metrics_of(y, p, size).f1_weighted for p in coded])
    drawn = draw_metrics(y, coded, size, units=unit, draws=_DRAWS, seed=seed).weighted
    covariance = np.cov(drawn)
    variance = np.diag(covariance)
    spread = np.maximum(0.0, variance[:, None] + variance[None, :] - 2 * covariance)
    error = np.sqrt(spread * known.inflation + 1 / len(y) ** 2)  # as scores.interval.difference_error
    ahead = (points[None, :] - points[:, None]) / error  # [variant, rival]
    t = known.reach(1 - level)
    return {int(v): int(ahead[v].argmax()) for v in np.flatnonzero(ahead.max(axis=1) > t)}


def followed(alive: int, sizes: Sequence[int], affordable: float) -> int:
    """How many of `alive` variants the next look can follow, when `affordable` calls are left for all further looks.

    sizes: cases that each further look adds. The number shrinks by the same factor from look to look, the largest that
    the budget holds; at least one is followed. 0 where not even one can be to the end.

    >>> followed(10, [50, 100, 200], 10_000), followed(10, [50, 100, 200], 900), followed(10, [50, 100, 200], 300)
    (10, 5, 0)
    """
    def cost(factor: float) -> float:
        return sum(max(1, math.floor(alive * factor ** (k + 1) + 1e-9)) * size for k, size in enumerate(sizes))

    if cost(0.0) > affordable:
        return 0
    factor = max((share for share in np.linspace(0, 1, 201) if cost(float(share)) <= affordable), default=0.0)
    return max(1, math.floor(alive * float(factor) + 1e-9))
