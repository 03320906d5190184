"""Accuracy by slices of the cases, with a correction for looking at many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import InputError
from promptceiling.scores.interval import Interval, share_among
from promptceiling.scores.metrics import Codes, unit_codes
from promptceiling.scores.several import benjamini_hochberg, holm
from promptceiling.scores.units import Units

Flags = NDArray[np.bool_]
FEWEST = 5  # a slice with fewer cases, or all but so few, is not looked at


@dataclass(frozen=True, slots=True)
class Slice:
    """Cases with one value in one column, against all the others.

    Attributes
    ----------
    column, value: what the cases share.
    accuracy, rest: share of right answers in the slice and outside it, each with Wilson's interval, or that of
        `share_interval` where cases come in units.
    p: Fisher's exact test of the slice against the rest, or see `slices_of`; p_holm for claims, p_screening
        (Benjamini-Hochberg) for a first look, both over all slices of all columns.
    flagged: worse than the rest at 5% after Benjamini-Hochberg; worth reading, not proven.
    """

    column: str
    value: str
    accuracy: Interval
    rest: Interval
    p: float
    p_holm: float
    p_screening: float
    flagged: bool


def slices_of(
    right: Sequence[bool], columns: Mapping[str, Sequence[object]], *, units: Sequence[object] | None = None,
    fewest: int = FEWEST,
) -> tuple[Slice, ...]:
    """Every value of every column as a slice, flagged ones first, then the least accurate.

    right: whether each case was answered rightly; columns: name -> one value a case, such as a language or the bands of
    `bands_of`. Cases, not repeats. A column with one value gives no slice. Raises InputError where lengths differ.

    `units` (one a case) names cases that belong together, such as a customer's. Fisher's test takes cases as
    independent, so the p-value is then at least that of Student's t for the difference of the two shares, from its sums
    by unit, with the degrees of freedom of the side with fewer (see `Units`). A slice within one unit is that unit: its
    cases are taken as they are.

    >>> worst = slices_of([True] * 40 + [False] * 10, {"language": ["en"] * 40 + ["de"] * 10})[0]
    >>> worst.value, worst.flagged
    ('de', True)
    """
    from scipy.stats import fisher_exact  # imported late: pages that only read need not wait for it

    hits = np.asarray(right, dtype=bool)
    if units is not None and len(units) != len(hits):
        raise InputError(f"`units` has {len(units)} entries for {len(hits)} cases; expected one a case.")
    unit = None if units is None else unit_codes(units)
    found = []
    for column, values in columns.items():
        if len(values) != len(hits):
            raise InputError(f"Column {column!r} has {len(values)} values for {len(hits)} cases.")
        names = np.asarray([str(value) for value in values], dtype=object)
        for value in sorted(set(names)):
            among = names == value
            n, others = int(among.sum()), int((~among).sum())
            if min(n, others) >= fewest:
                inside, outside = int(hits[among].sum()), int(hits[~among].sum())
                p = float(fisher_exact([[inside, n - inside], [outside, others - outside]]).pvalue)
                own = unit if unit is not None and Units.of(unit[among], n).count > 1 else None
                if own is not None:
                    p = max(p, _p_by_unit(hits, among, own))
                found.append((column, value, share_among(hits, among, own), share_among(hits, ~among, unit),
                              min(1.0, p)))
    p_all = [row[-1] for row in found]
    slices = [
        Slice(column, value, accuracy, rest, p, float(claim), float(look),
              bool(look <= 0.05 and accuracy.value < rest.value))
        for (column, value, accuracy, rest, p), claim, look in zip(
            found, holm(p_all), benjamini_hochberg(p_all), strict=True)]
    return tuple(sorted(slices, key=lambda s: (not s.flagged, s.accuracy.value, s.column, s.value)))


def _p_by_unit(hits: Flags, among: Flags, unit: Codes) -> float:
    """The two-sided p of the difference of two shares, its variance being that of its sums by unit."""
    from scipy.special import stdtr  # imported late: pages that only read need not wait for it

    n, others = int(among.sum()), int((~among).sum())
    inside, outside = hits[among].mean(), hits[~among].mean()
    own = min((Units.of(unit[side], int(side.sum())) for side in (among, ~among)), key=lambda u: u.effective)
    off = np.where(among, (hits - inside) / n, (outside - hits) / others)
    error = float(np.sqrt((np.bincount(unit, weights=off) ** 2).sum() * own.inflation)) if own.freedom > 0 else 0.0
    return float(2 * stdtr(own.freedom, -abs(inside - outside) / error)) if error > 0 else 0.0


def bands_of(values: Sequence[float], bands: int = 4) -> list[str]:
    """Numbers, such as text lengths, as bands of about equal mass, named by their ends; equal numbers share a band.

    >>> bands_of([1, 2, 3, 4], 2)
    ['1 to 2', '1 to 2', '3 to 4', '3 to 4']
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        return []
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, bands + 1)[1:-1], method="inverted_cdf"))
    band: Codes = np.searchsorted(edges, numbers, side="left")
    names = {int(b): f"{numbers[band == b].min():g} to {numbers[band == b].max():g}" for b in np.unique(band)}
    return [names[int(b)] for b in band]
