"""What a user states and evidence cannot: thresholds, volume, prices, hours. Every default is shown with its reason."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from promptceiling.errors import InputError

GROUPS = ("thresholds", "volume and budget", "prices", "fine-tune", "local classifier", "people", "loop")


def _stated(default: Any, group: str, title: str, why: str, *, unit: str = "", spread: float = 1.0,
            low: float = 0.0, high: float = math.inf, zero: bool = False, hard: bool = False) -> Any:
    return field(default=default, metadata={
        "group": group, "title": title, "why": why, "unit": unit, "spread": spread, "low": low, "high": high,
        "zero": zero, "hard": hard})


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Stated by the user. `stated_inputs()` gives title, unit, group and the reason of the default of each field.

    Thresholds are choices. Everything else is an estimate that can be off: `spread` is the factor that it is within,
    up or down, in 95 of 100 plausible worlds.
    """

    labels_enough: int = _stated(
        500, "thresholds", "Labels that are enough for a fine-tune", "The framework's prior. Published break-evens lie "
        "anywhere between 10 and 5,000 labels; a measured learning curve overrides it.", low=10, high=20_000)
    f1_ship: float = _stated(
        0.85, "thresholds", "Threshold of weighted F1", "The framework's; above it the prompt ships.", low=0.01,
        high=0.999)
    sla_ms: float = _stated(
        300.0, "thresholds", "Hard latency limit, p95", "The framework's limit for interactive use.", unit="ms", low=1,
        high=60_000)
    margin_low: float = _stated(
        0.05, "thresholds", "Gain of a fine-tune that is too little", "The framework's 5 points of weighted F1.",
        unit="points", low=0.001, high=0.5)
    margin_high: float = _stated(
        0.08, "thresholds", "Gain of a fine-tune that is enough", "The framework's 8 points of weighted F1.",
        unit="points", low=0.001, high=0.5)
    label_noise: float = _stated(
        0.0, "thresholds", "Share of labels that are wrong", "No error is assumed beyond what a second reading shows.",
        low=0.001, high=0.5, zero=True, hard=True)

    requests_per_month: float = _stated(
        100_000.0, "volume and budget", "Requests a month", "A round figure to start from; put your own in.", spread=2,
        low=100, high=1e10)
    peak_to_mean: float = _stated(
        4.0, "volume and budget", "Requests a second at the peak, against the mean", "Office hours of one time zone.",
        spread=1.5, low=1, high=100, hard=True)
    budget_usd_per_month: float = _stated(
        1_000.0, "volume and budget", "Budget for calls", "Yours to state; above it the cost is unsustainable.",
        unit="USD a month", low=0.01, high=1e8)
    horizon_months: int = _stated(
        12, "volume and budget", "How far ahead money is counted", "A year, as budgets are.", unit="months", low=1,
        high=120, hard=True)
    usd_per_error: float = _stated(
        0.0, "volume and budget", "What a wrong answer costs you", "Not stated: a better score then has no value in "
        "money, and only savings pay a fine-tune back.", unit="USD", spread=2, low=1e-5, high=1_000, zero=True)

    price_of: str = _stated(
        "", "prices", "Model whose price is taken", "The one that was measured. The embedded model costs nothing, so "
        "its tokens are priced as gpt-6-luna, and that is said.")
    price_factor: float = _stated(
        1.0, "prices", "Prices per token, against the table's", "As listed on the table's date.", spread=1.3,
        low=0.001, high=1_000)
    batch_share: float = _stated(
        0.0, "prices", "Share of requests that can wait for a batch", "Classification is mostly asked for at once.",
        low=0.001, high=1, zero=True)
    batch_discount: float = _stated(
        0.5, "prices", "Discount of a batch", "Batch and Flex are listed at half the price (2026-11-23).", low=0.001,
        high=1, zero=True)

    tuned_price_of: str = _stated(
        "", "fine-tune", "Model whose price per token a fine-tune has", "No price: it is served on a rented GPU, as a "
        "tuned open-weight model is, unless the table lists a price for the tuned model itself.")
    expected_gain: float = _stated(
        0.08, "fine-tune", "Gain expected of a fine-tune until one is measured", "The gain that is enough.", spread=2,
        unit="points", low=0.001, high=0.5)
    training_usd: float = _stated(
        25.0, "fine-tune", "One training run", "LoRA of an 8B model on some thousand short examples: a few GPU hours.",
        unit="USD", spread=3, low=0.01, high=1e6)
    gpu_usd_per_hour: float = _stated(
        1.2, "fine-tune", "A GPU that serves the tuned model", "A card of 24 to 48 GB holds an 8B model; such cards "
        "rent for about 0.7 to 2 USD.", unit="USD an hour", spread=1.7, low=0.01, high=100)
    min_replicas: int = _stated(
        1, "fine-tune", "Replicas that are always up", "One: no fail-over. Two if an outage hurts.", low=1, high=100)
    requests_per_s_per_replica: float = _stated(
        10.0, "fine-tune", "Requests a second that one replica serves", "Short prompts and answers of an 8B model on "
        "such a card; measured throughput replaces it.", spread=2, low=0.01, high=10_000)

    cpu_usd_per_month: float = _stated(
        40.0, "local classifier", "A small server for the local classifier", "Two virtual cores.", unit="USD a month",
        spread=1.5, low=0.01, high=1e5)
    local_setup_hours: float = _stated(
        8.0, "local classifier", "Putting the local classifier behind an interface", "A day.", unit="hours",
        spread=1.6, low=0.01, high=10_000)

    usd_per_hour: float = _stated(
        90.0, "people", "An hour of work", "An engineer with overhead.", unit="USD", spread=1.3, low=1, high=1_000)
    labels_per_hour: float = _stated(
        60.0, "people", "Labels an hour", "One short text a minute, by a written guide.", spread=1.7, low=1,
        high=10_000)
    prompt_setup_hours: float = _stated(
        16.0, "people", "Iterating on the prompt", "Two days of variants on a labeled set.", unit="hours", spread=1.6,
        low=0.01, high=10_000)
    prompt_hours: float = _stated(
        4.0, "people", "Watching the prompt", "A sample a week, read by a person.", unit="hours a month", spread=1.6,
        low=0.01, high=1_000)

    data_hours: float = _stated(
        16.0, "loop", "Data collection", "Drawing, cleaning and reviewing examples; labels are counted apart.",
        unit="hours a round", spread=1.6, low=0.01, high=10_000)
    training_hours: float = _stated(
        8.0, "loop", "Training", "Set-up, a few runs, reading the losses.", unit="hours a round", spread=1.6, low=0.01,
        high=10_000)
    evaluation_hours: float = _stated(
        8.0, "loop", "Evaluation", "On the sealed split, beside the prompt, with a look at what got worse.",
        unit="hours a round", spread=1.6, low=0.01, high=10_000)
    deployment_hours: float = _stated(
        16.0, "loop", "Deployment", "Serving, roll-out, roll-back, a key and an alarm.", unit="hours a round",
        spread=1.6, low=0.01, high=10_000)
    monitoring_hours: float = _stated(
        6.0, "loop", "Monitoring", "A sample a week and the serving itself.", unit="hours a month", spread=1.6,
        low=0.01, high=1_000)
    drift_hours: float = _stated(
        4.0, "loop", "Drift detection", "Inputs against the training data once a month.", unit="hours a month",
        spread=1.6, low=0.01, high=1_000)
    retrain_every_months: float = _stated(
        6.0, "loop", "Re-training because of drift, every", "Products and their words change by the half year.",
        unit="months", spread=1.7, low=0.25, high=120)
    retrain_share: float = _stated(
        0.5, "loop", "A re-training's hours, against the first round's", "The way has been walked once.", spread=1.5,
        low=0.01, high=1)

    def __post_init__(self) -> None:
        for name, zero, high, low, hard in _CHECKED:
            value = getattr(self, name)
            if not (isinstance(value, _NUMBER) and math.isfinite(value) and (value > 0 or (zero and value == 0))):
                raise InputError(f"{name} is {value}; expected a number {'of 0 or more' if zero else 'above 0'}.",
                                 column=name)
            if high <= 1 and value > 1:
                instead = f": {value / 100:g}, not {value:g}" if value <= 100 else ""
                raise InputError(f"{name} is {value:g}; expected a share, at most 1{instead}.", column=name)
            if hard and not (low <= value <= high or (zero and value < low)):
                raise InputError(f"{name} is {value:g}; expected {0 if zero else low:g} to {high:g}.", column=name)
        if self.margin_low > self.margin_high:
            raise InputError(f"margin_low ({self.margin_low}) is above margin_high ({self.margin_high}).",
                             column="margin_low")


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the assumptions: what it is called, its unit, its group, why its default is what it is.

    `spread` is the factor of its plausible range, 1 for a choice; `low` and `high` bound the search for a flip, and
    where they are `hard` the value too.
    """

    name: str
    group: str
    title: str
    unit: str
    why: str
    default: Any
    spread: float
    low: float
    high: float
    zero: bool
    hard: bool


def stated_inputs() -> tuple[Input, ...]:
    """Every assumption, in the order of their groups.

    >>> [i.title for i in stated_inputs() if i.group == "loop"][:2]
    ['Data collection', 'Training']
    """
    return _INPUTS


_NUMBER = (int, float)
_INPUTS = tuple(Input(name=f.name, default=f.default, **f.metadata) for f in fields(Assumptions))
_CHECKED = tuple((i.name, i.zero, i.high, i.low, i.hard) for i in _INPUTS if not isinstance(i.default, str))
