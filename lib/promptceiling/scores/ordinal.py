"""Fields whose values have an order: how far off the answers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from promptceiling.scores.interval import Interval, mean_interval
from promptceiling.scores.metrics import encode, unit_codes

ORDERS = (("low", "medium", "high"), ("low", "normal", "high", "urgent"), ("low", "medium", "high", "urgent"),
          ("low", "medium", "high", "critical"))


@dataclass(frozen=True, slots=True)
class OrdinalScore:
    """How far off answers in an ordered field are, in steps of the order.

    Attributes
    ----------
    order: the values from lowest to highest.
    n: cases scored; `off_scale` of them were answered with none of the values and count as the largest distance
        possible for their expected value, so no answer is never better than a wrong one.
    distance: mean of |answer - expected| in steps, see `mean_interval`.
    lean: mean of (answer - expected) among answers on the scale; positive where answers are too high.
    by_distance: cases by distance; position d counts those d steps off, the last position counts `off_scale`.
    """

    order: tuple[str, ...]
    n: int
    off_scale: int
    distance: Interval
    lean: Interval
    by_distance: tuple[int, ...]


def order_of(labels: Sequence[str]) -> tuple[str, ...] | None:
    """The known order of these values, whatever their case and sequence; None where no known order holds them all.

    >>> order_of(["High", "low", "Medium"])
    ('low', 'Medium', 'High')
    """
    by_name = {label.casefold(): label for label in labels}
    for order in ORDERS:
        if len(by_name) == len(labels) >= 2 and set(by_name) <= set(order):
            return tuple(by_name[name] for name in order if name in by_name)
    return None


def ordinal_score(
    expected: Sequence[str], predicted: Sequence[str | None], order: Sequence[str], *,
    units: Sequence[object] | None = None,
) -> OrdinalScore:
    """How far off `predicted` is along `order` (lowest first). NaN for no cases.

    `units` (one a case) names cases that belong together, see `score_predictions`.

    >>> ordinal_score(["low", "high"], ["medium", "low"], ["low", "medium", "high"]).distance.value
    1.5
    """
    steps = len(order)
    truth, said = encode(expected, order), encode(predicted, order)
    known = truth < steps
    truth, said, unit = truth[known], said[known], None if units is None else unit_codes(units)[known]
    n, on_scale = len(truth), said < steps
    worst = np.maximum(truth, steps - 1 - truth)
    distance = np.where(on_scale, np.abs(said - truth), worst)
    counts, far = np.bincount(distance[on_scale], minlength=steps).tolist(), mean_interval(distance, unit)
    return OrdinalScore(
        tuple(order), n, int((~on_scale).sum()), replace(far, low=max(0.0, far.low)),
        mean_interval((said - truth)[on_scale], None if unit is None else unit[on_scale]),
        (*counts, int((~on_scale).sum())))
