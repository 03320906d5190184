"""Metrics of bootstrap resamples: cases, or units of cases that belong together, drawn with replacement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from promptceiling.scores.metrics import Codes, Floats, f1_scores, unit_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DRAWS = 10_000
_FIRST = 2**16  # values of the bits that most Poisson numbers are decided by
_SPARE = 1.0  # standard deviations that the Poisson total stays under the sample's size: few redraws, few single picks
_CHUNK = 4_000_000  # numbers held at once, so that memory stays bounded
Counts = NDArray[np.float32]  # whole numbers below 2**24, so sums and products of counts are exact


@dataclass(frozen=True, slots=True)
class Drawn:
    """Metrics of each resample.

    Attributes
    ----------
    weighted, macro, accuracy: shape (variants, draws).
    """

    weighted: Floats
    macro: Floats
    accuracy: Floats


@dataclass(frozen=True, slots=True)
class Atoms:
    """What is drawn: kinds of units, of which `count` are alike, and what one unit of each kind adds to the counts.

    Attributes
    ----------
    count: units of each kind, ascending, shape (atoms,); a resample draws `count.sum()` units.
    adds: sparse, shape (atoms, labels * (1 + 2 * variants)): support, then each variant's hits and support + named.
    """

    count: NDArray[np.int64]
    adds: csr_array


def cells_of(*codes: Codes) -> tuple[Codes, Codes]:
    """The distinct tuples of codes in sorted order, shape (cells, columns), and the cell of each case."""
    _, cell = np.unique(codes[0], return_inverse=True)
    for column in codes[1:]:
        _, cell = np.unique(cell * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    first = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.intp)
    first[cell[::-1]] = np.arange(len(cell))[::-1]
    return np.column_stack([column[first] for column in codes]), cell


def atoms_of(
    expected: Codes, predictions: Sequence[Codes], labels: int, units: Sequence[object] | Codes | None = None
) -> Atoms:
    """Cases with equal answers are alike; a unit of several cases is one of its kind. The order does not matter."""
    from scipy.sparse import csr_array, vstack  # imported late: pages that only read need not wait for it

    codes, cell = cells_of(expected, *predictions)
    adds = _adds(codes, labels)
    count = np.bincount(cell, minlength=len(codes)).astype(np.int64)
    if units is None:
        return _sorted(count, adds)
    unit = unit_codes(units)
    alone = np.bincount(unit)[unit] == 1
    count = np.bincount(cell[alone], minlength=len(codes)).astype(np.int64)
    if alone.all():
        return _sorted(count, adds)
    names, together = np.unique(unit[~alone], return_inverse=True)
    entries = (np.ones(len(together), dtype=np.float32), (together, cell[~alone]))
    grouped = csr_array(entries, shape=(len(names), len(codes))) @ adds
    used = np.flatnonzero(count)
    counts = np.concatenate([count[used], np.ones(len(names), np.int64)])
    return _sorted(counts, vstack([adds[used], grouped], format="csr"))


def _sorted(count: NDArray[np.int64], adds: csr_array) -> Atoms:
    order = np.argsort(count, kind="stable")
    return Atoms(count[order], adds[order])


def _adds(codes: Codes, labels: int) -> csr_array:
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it

    variants, cells = codes.shape[1] - 1, np.arange(len(codes))
    width = labels * (1 + 2 * variants)
    expected = codes[:, 0]
    in_set = expected < labels
    columns = [np.where(in_set, expected, width)]  # what belongs to no label goes to one column more, which is cut off
    for k in range(variants):
        answer, hits = codes[:, k + 1], labels * (1 + 2 * k)
        columns.append(np.where((answer == expected) & in_set, hits + expected, width))
        columns.append(np.where(in_set, hits + labels + expected, width))
        columns.append(np.where(answer < labels, hits + labels + answer, width))
    entries = (np.tile(cells, len(columns)), np.concatenate(columns))
    ones = np.ones(len(entries[0]), dtype=np.float32)
    return csr_array((ones, entries), shape=(len(codes), width + 1))[:, :width]


def resampled_counts(atoms: Atoms, rng: np.random.Generator, draws: int) -> Iterator[tuple[Counts, Codes]]:
    """How often each atom occurs in each resample: blocks of shape (rows, atoms), and which rows are resamples.

    Drawing `count.sum()` units with replacement is exactly a multinomial draw over the atoms. It is made of two: each
    atom gets a Poisson number, in the resamples where their total does not exceed the sample's, and the units that are
    missing then are drawn one by one. Given their total, independent Poisson numbers are multinomial, and multinomial
    draws add up to one, so nothing is approximated.
    """
    total, size = int(atoms.count.sum()), len(atoms.count)
    every = np.repeat(np.arange(size), atoms.count)
    share = max(0.0, total - _SPARE * math.sqrt(total)) / total
    values, starts = np.unique(atoms.count, return_index=True)
    alike = [(slice(*ends), Poisson.of(float(count) * share))
             for count, ends in zip(values, pairwise([*starts, size]), strict=True)]

    missing = draws
    while missing:
        block = min(max(1, _CHUNK // size), missing + missing // 4 + 4)  # about one in six has more than the sample
        drawn = np.empty((size, block), dtype=np.float32)
        for rows, poisson in alike:
            poisson.draw(rng, drawn[rows])
        sums = drawn.sum(axis=0)
        fits = np.flatnonzero(sums <= total)[:missing]
        times = total - sums[fits].astype(np.intp)
        picked = every.take(rng.integers(0, total, size=int(times.sum())))
        picked *= block
        picked += np.repeat(fits, times)
        np.add.at(drawn.reshape(-1), picked, np.float32(1))
        missing -= len(fits)
        yield drawn.T, fits


@dataclass(frozen=True, slots=True)
class Poisson:
    """Poisson numbers of one mean by inversion of the distribution function, several times as fast as NumPy's.

    The first bits of a uniform number decide for nearly all; only where the function steps in between are more drawn.

    Attributes
    ----------
    least: the number that `steps` starts with; what is below has a probability under 1e-20.
    steps: the distribution function at `least`, `least + 1` and so on, times the numbers that the first bits take.
    table: the number for each value of the first bits; -1 where they do not decide.
    """

    least: int
    steps: Floats
    table: Counts

    @classmethod
    def of(cls, mean: float) -> Poisson:
        """The table of a mean of at least 0."""
        from scipy.special import pdtr  # imported late: pages that only read need not wait for it

        wide = 10 * math.sqrt(mean) + 20
        least = max(0, math.floor(mean - wide))
        steps = np.maximum.accumulate(pdtr(np.arange(least, math.ceil(mean + wide)), mean)) * _FIRST
        table = np.repeat(
            np.arange(least, least + len(steps), dtype=np.float32), np.diff(np.ceil(steps).astype(np.intp), prepend=0))
        table[np.floor(steps[steps % 1 > 0]).astype(np.intp)] = -1
        return cls(least, steps, table)

    def draw(self, rng: np.random.Generator, into: Counts) -> None:
        """Fill `into` with independent numbers."""
        bits = rng.integers(0, _FIRST, size=into.shape, dtype=np.uint16)
        self.table.take(bits, out=into, mode="clip")
        unclear = np.flatnonzero(into < 0)
        uniform = bits.reshape(-1)[unclear] + rng.random(len(unclear))
        into.reshape(-1)[unclear] = self.least + np.searchsorted(self.steps, uniform, side="right")


def draw_metrics(
    expected: Codes, predictions: Sequence[Codes], labels: int, *, units: Sequence[object] | Codes | None = None,
    draws: int = DRAWS, seed: int = 0,
) -> Drawn:
    """The metrics of every variant in every resample; all variants share the resamples, so differences are paired.

    expected, predictions: codes as `encode` gives them, at least one case. The same seed gives the same resamples.
    """
    atoms = atoms_of(expected, predictions, labels, units)
    blocks = [metrics_of_counts((counts @ atoms.adds)[used], labels)
              for counts, used in resampled_counts(atoms, np.random.default_rng(seed), draws)]
    return Drawn(
        np.concatenate([b.weighted for b in blocks], axis=1), np.concatenate([b.macro for b in blocks], axis=1),
        np.concatenate([b.accuracy for b in blocks], axis=1))


def metrics_of_counts(sums: Counts, labels: int) -> Drawn:
    """The metrics of each row of summed `Atoms.adds`."""
    support = sums[:, :labels].astype(np.float64)
    weighted, macro, accuracy = [], [], []
    for k in range(labels, sums.shape[1], 2 * labels):
        hits = sums[:, k : k + labels].astype(np.float64)
        total = sums[:, k + labels : k + 2 * labels].astype(np.float64)
        by_support, plain, right = f1_scores(hits, support, total - support)
        weighted.append(by_support)
        macro.append(plain)
        accuracy.append(right)
    return Drawn(np.array(weighted), np.array(macro), np.array(accuracy))
