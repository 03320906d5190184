"""Point metrics from confusion counts, for one table or for thousands of resampled ones at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from promptceiling.errors import InputError

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PointMetrics:
    """Metrics without intervals, as scikit-learn has them with `labels=` the set's and `zero_division=0`.

    Attributes
    ----------
    f1_weighted, f1_macro, accuracy: in [0, 1]; NaN for no cases.
    precision, recall, f1: one value a label, in the order of the labels.
    support: expected cases a label.
    """

    f1_weighted: float
    f1_macro: float
    accuracy: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    support: tuple[int, ...]


def encode(values: Sequence[str | None], labels: Sequence[str]) -> Codes:
    """The position of each value among the labels; what is none of them (None too) is `len(labels)`.

    Values are compared exactly. Raises InputError where a label occurs twice.

    >>> encode(["b", None, "?"], ["a", "b"]).tolist()
    [1, 2, 2]
    """
    index = pd.Index(np.array([*labels, None], dtype=object)[:-1], dtype=object)
    if not index.is_unique:
        raise InputError(f"The label {index[index.duplicated()][0]!r} occurs twice; name each label once.")
    codes = index.get_indexer(pd.Index(np.array([*values, None], dtype=object)[:-1], dtype=object))
    return np.asarray(np.where(codes < 0, len(labels), codes), dtype=np.intp)


def unit_codes(units: Sequence[object] | NDArray[np.intp]) -> Codes:
    """The position of each unit among the distinct units, sorted by name."""
    names = units if isinstance(units, np.ndarray) and units.dtype.kind == "i" else np.asarray(units, dtype=str)
    codes: Codes = np.unique(names, return_inverse=True)[1].astype(np.intp)
    return codes


def confusion_matrix(
    expected: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Counts, `matrix[expected, predicted]`, shape (labels, labels + 1); the last column is "no label of the set"."""
    return table_of(encode(expected, labels), encode(predicted, labels), len(labels))


def table_of(expected: Codes, predicted: Codes, labels: int) -> NDArray[np.int64]:
    """`confusion_matrix` of codes as `encode` gives them."""
    wide = labels + 1
    return np.bincount(expected * wide + predicted, minlength=wide * wide).reshape(wide, wide)[:labels].astype(np.int64)


def f1_scores(hits: Floats, support: Floats, named: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted F1, macro F1 and accuracy from per-label counts whose last axis is the label.

    hits: right answers; support: expected; named: predicted. A label neither expected nor predicted has F1 0.
    """
    total = support + named
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    n = support.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return (f1 * support).sum(axis=-1) / n, f1.mean(axis=-1), hits.sum(axis=-1) / n


def point_metrics(expected: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str]) -> PointMetrics:
    """All point metrics of one set of predictions; None or a foreign word counts as wrong.

    Cases that expect what is no label are in no metric. No cases give NaN.

    >>> round(point_metrics(["a", "a", "b"], ["a", "b", None], ["a", "b"]).f1_weighted, 4)
    0.4444
    """
    return point_metrics_of(encode(expected, labels), encode(predicted, labels), len(labels))


def point_metrics_of(expected: Codes, predicted: Codes, labels: int) -> PointMetrics:
    """`point_metrics` of codes as `encode` gives them."""
    table = table_of(expected, predicted, labels).astype(np.float64)
    hits, support = np.diagonal(table), table.sum(axis=1)
    named = table[:, :-1].sum(axis=0)
    weighted, macro, accuracy = f1_scores(hits, support, named)
    f1 = np.divide(2 * hits, support + named, out=np.zeros_like(hits), where=support + named > 0)
    precision = np.divide(hits, named, out=np.zeros_like(hits), where=named > 0)
    recall = np.divide(hits, support, out=np.zeros_like(hits), where=support > 0)
    return PointMetrics(
        float(weighted), float(macro) if support.sum() else float("nan"), float(accuracy), tuple(precision.tolist()),
        tuple(recall.tolist()), tuple(f1.tolist()), tuple(int(s) for s in support),
    )
