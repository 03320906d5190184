"""Corrections for looking at many: Holm for claims, Benjamini-Hochberg for screening."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptceiling.scores.metrics import Floats


def holm(p: ArrayLike) -> Floats:
    """Adjusted p-values that keep the chance of any false claim at the level one compares them with (Holm 1979).

    p: shape (tests,), in [0, 1]; the answer is in the same order. Empty in, empty out.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw)
    stepped = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p-values that bound the expected share of false finds (Benjamini and Hochberg 1995).

    p: shape (tests,), in [0, 1]; the answer is in the same order. Empty in, empty out.

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control  # imported late: pages that only read need not wait for it

    raw = np.asarray(p, dtype=np.float64)
    return np.asarray(false_discovery_control(raw), dtype=np.float64) if len(raw) else raw
