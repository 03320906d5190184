"""Accuracy by slices of the cases, with a correction for looking at many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import InputError
from promptceiling.scores.interval import Interval, wilson_ends
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
    accuracy, rest: share of right answers in the slice and outside it, each with Wilson's interval, for as many
        cases as they count as where cases come in units.
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

    `units` (one a case) names cases that belong together, such as a customer's. How much alike their answers are is
    read from all cases (`likeness_within`), since a slice has too few units to tell; a slice then counts as so many
    cases fewer, in its interval and in the p-value, which is Student's t for two such shares and never below Fisher's.
    In a column whose every value is one unit, a slice is that unit, and its cases are taken as they are.

    >>> worst = slices_of([True] * 40 + [False] * 10, {"language": ["en"] * 40 + ["de"] * 10})[0]
    >>> worst.value, worst.flagged
    ('de', True)
    """
    from scipy.stats import fisher_exact  # imported late: pages that only read need not wait for it

    hits = np.asarray(right, dtype=bool)
    if units is not None and len(units) != len(hits):
        raise InputError(f"`units` has {len(units)} entries for {len(hits)} cases; expected one a case.")
    unit = None if units is None else unit_codes(units)
    likeness = 0.0 if unit is None else likeness_within(hits, unit)
    found = []
    for column, values in columns.items():
        if len(values) != len(hits):
            raise InputError(f"Column {column!r} has {len(values)} values for {len(hits)} cases.")
        names = np.asarray([str(value) for value in values], dtype=object)
        names_units = unit is not None and all(len(np.unique(unit[names == value])) == 1 for value in set(names))
        for value in sorted(set(names)):
            among = names == value
            n, others = int(among.sum()), int((~among).sum())
            if min(n, others) >= fewest:
                inside, outside = int(hits[among].sum()), int(hits[~among].sum())
                p = float(fisher_exact([[inside, n - inside], [outside, others - outside]]).pvalue)
                own = None if unit is None or names_units else unit
                if own is not None:
                    p = max(p, _p_of_worth(hits, among, own, likeness))
                found.append((column, value, _counted(inside, n, _worth(among, own, likeness)),
                              _counted(outside, others, _worth(~among, own, likeness)), min(1.0, p)))
    p_all = [row[-1] for row in found]
    slices = [
        Slice(column, value, accuracy, rest, p, float(claim), float(look),
              bool(look <= 0.05 and accuracy.value < rest.value))
        for (column, value, accuracy, rest, p), claim, look in zip(
            found, holm(p_all), benjamini_hochberg(p_all), strict=True)]
    return tuple(sorted(slices, key=lambda s: (not s.flagged, s.accuracy.value, s.column, s.value)))


def _counted(right: int, n: int, worth: float) -> Interval:
    low, high = wilson_ends(right / n, worth)
    return Interval(right / n, low, high, n)


def _worth(among: Flags, unit: Codes | None, likeness: float) -> float:
    """As how many independent cases these count: n / (1 + (mean unit size - 1) likeness), sizes weighted by cases."""
    n = int(among.sum())
    if unit is None:
        return n
    return n / (1 + (float((np.bincount(unit[among]).astype(np.float64) ** 2).sum()) / n - 1) * likeness)


def likeness_within(hits: Flags, unit: Codes) -> float:
    """How much alike being right is within a unit: the intra-class correlation by analysis of variance, in [0, 1].

    0 where there are not two units, or every unit is one case (Donner 1986, Int Stat Rev 54:67).
    """
    size = np.bincount(unit).astype(np.float64)
    n, groups = len(hits), len(size)
    if groups < 2 or groups == n:
        return 0.0
    share = np.bincount(unit, weights=hits) / size
    between = float((size * (share - hits.mean()) ** 2).sum()) / (groups - 1)
    within = float((size * share * (1 - share)).sum()) / (n - groups)
    usual = (n - float((size**2).sum()) / n) / (groups - 1)
    total = between + (usual - 1) * within
    return min(1.0, max(0.0, (between - within) / total)) if total > 0 else 0.0


def _p_of_worth(hits: Flags, among: Flags, unit: Codes, likeness: float) -> float:
    """The two-sided p of two shares that count as `_worth` many cases each."""
    from scipy.special import stdtr  # imported late: pages that only read need not wait for it

    inside, outside, all_in = hits[among].mean(), hits[~among].mean(), hits.mean()
    error = math.sqrt(all_in * (1 - all_in) * sum(1 / _worth(side, unit, likeness) for side in (among, ~among)))
    freedom = Units.of(unit, len(hits)).freedom
    return float(2 * stdtr(freedom, -abs(inside - outside) / error)) if error > 0 and freedom > 0 else 1.0


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
