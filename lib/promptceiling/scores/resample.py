"""Resampled confusion counts: the bootstrap over cases, or over units of cases that belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptceiling.scores.metrics import Codes, Floats, f1_scores

DRAWS = 10_000


def cells_of(*codes: Codes) -> tuple[Codes, NDArray[np.intp]]:
    """The distinct tuples of codes, shape (cells, columns), and the cell of each case."""
    unique, cell = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    return unique, cell.ravel()


def resampled_cells(
    cell: NDArray[np.intp], units: Sequence[object] | None, rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """How often each cell occurs in each resample, shape (draws, cells).

    Without units, resampling cases is exactly a multinomial draw over the cells. With units, whole units are drawn, so
    the number of cases varies between resamples.
    """
    size = int(cell.max()) + 1
    if units is None:
        return rng.multinomial(len(cell), np.bincount(cell, minlength=size) / len(cell), size=draws).astype(float)
    weights, table = unit_weights(cell, units, rng, draws)
    return weights @ table


def unit_weights(
    cell: NDArray[np.intp], units: Sequence[object], rng: np.random.Generator, draws: int
) -> tuple[Floats, Floats]:
    """How often each unit is drawn, shape (draws, units), and each unit's cells, shape (units, cells)."""
    _, unit = np.unique(np.asarray(units, dtype=str), return_inverse=True)
    count = int(unit.max()) + 1
    table = np.zeros((count, int(cell.max()) + 1))
    np.add.at(table, (unit, cell), 1)
    return rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float), table


def resampled_f1(counts: Floats, expected: Codes, predicted: Codes, labels: int) -> tuple[Floats, Floats, Floats]:
    """Weighted F1, macro F1 and accuracy of each resample, from its cell counts and the cells' two codes."""
    cells = np.arange(len(expected))
    one_expected = np.zeros((len(cells), labels))
    one_expected[cells, expected] = 1
    one_predicted = np.zeros((len(cells), labels + 1))
    one_predicted[cells, predicted] = 1
    one_predicted = one_predicted[:, :labels]
    return f1_scores(counts @ (one_expected * one_predicted), counts @ one_expected, counts @ one_predicted)
