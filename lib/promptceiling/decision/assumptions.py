"""What a user states and evidence cannot: thresholds, volume, budget. Every default is the framework's, and shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from promptceiling.errors import InputError


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Stated by the user.

    Attributes
    ----------
    labels_enough: labeled examples from which a fine-tune is worth a thought.
    f1_ship: weighted F1 above which the prompt ships.
    sla_ms: hard limit on the 95th percentile of latency, in milliseconds.
    requests_per_month: calls at scale.
    budget_usd_per_month: what calls may cost; above it the cost is unsustainable.
    price_of: the model whose price is taken; "" for the one that was measured (the embedded model costs nothing, so it
        is priced as gpt-6-luna, and that is said).
    margin_low, margin_high: gain of a fine-tune, in weighted F1, that is too little, and that is enough.
    """

    labels_enough: int = 500
    f1_ship: float = 0.85
    sla_ms: float = 300.0
    requests_per_month: float = 100_000.0
    budget_usd_per_month: float = 1_000.0
    price_of: str = ""
    margin_low: float = 0.05
    margin_high: float = 0.08

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str) and not (math.isfinite(value) and value > 0):
                raise InputError(f"{field.name} is {value}; expected a number above 0.", column=field.name)
        if self.margin_low > self.margin_high:
            raise InputError(f"margin_low ({self.margin_low}) is above margin_high ({self.margin_high}).",
                             column="margin_low")
