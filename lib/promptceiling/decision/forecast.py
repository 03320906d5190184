"""The bill over time: what each option has cost by each month, payback and break-even, with ranges over worlds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.bill import (
    Measured,
    break_even_volume,
    cumulative_usd,
    payback_months,
    saved_by_horizon,
)
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.options import Option, options_of
from promptceiling.decision.worlds import DRAWS, Draws, draw_worlds
from promptceiling.runs import Price
from promptceiling.scores import Interval


@dataclass(frozen=True, slots=True)
class Course:
    """What an option has cost by the end of each month 0, 1, ... of the horizon, in USD: as stated, and the range that
    95 of 100 plausible worlds stay within; n is the number of worlds. Empty where its cost is not known."""

    option: Option
    paid: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The bill of all options.

    Attributes
    ----------
    courses: one for each option.
    payback: months until a fine-tune has paid for itself; infinite where it never does. None without its two options.
    break_even: requests a month from which on a fine-tune has saved more by the horizon than it cost.
    pays: share of worlds in which it pays back within the horizon.
    draws: worlds.
    """

    courses: tuple[Course, ...]
    payback: Interval | None
    break_even: Interval | None
    pays: float
    draws: int


def forecast_of(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None, *,
    draws: int = DRAWS, seed: int = 0,
) -> Forecast:
    """The forecast at what is stated, with ranges over the worlds of `draw_worlds`. Money alone; quality counts where
    the cost of a wrong answer is stated."""
    options = options_of(evidence, stated, prices, ends)
    worlds = draw_worlds(evidence, stated, draws=draws, seed=seed)
    courses = tuple(Course(o, () if o.unpriced else _paid(o, evidence, stated, worlds)) for o in options)
    prompt = next((o for o in options if o.kind == "prompt" and not o.unpriced), None)
    tune = next((o for o in options if o.kind == "fine-tune"), None)
    if prompt is None or tune is None:
        return Forecast(courses, None, None, 0.0, draws)
    many = _drawn(prompt, evidence, worlds), _drawn(tune, evidence, worlds)
    each = np.broadcast_to(np.asarray(payback_months(worlds.stated, *many), dtype=float), draws)
    alone = float(payback_months(stated, prompt.measured_as(), tune.measured_as()))
    return Forecast(
        courses, _range(alone, each), _break_even(stated, worlds, (prompt.measured_as(), tune.measured_as()), many),
        float(np.mean(each <= worlds.stated.horizon_months)), draws)


def _paid(option: Option, evidence: Evidence, stated: Assumptions, worlds: Draws) -> tuple[Interval, ...]:
    months = int(stated.horizon_months)
    alone = cumulative_usd(option.kind, stated, option.measured_as(), months)
    many = cumulative_usd(option.kind, worlds.stated, _drawn(option, evidence, worlds), months)
    return tuple(_range(float(a), np.broadcast_to(np.asarray(m, dtype=float), worlds.size))
                 for a, m in zip(alone, many, strict=True))


def _drawn(option: Option, evidence: Evidence, worlds: Draws) -> Measured:
    """What was measured of an option, with one value a world."""
    found = option.measured_as()
    gain = found.gain
    if option.kind == "fine-tune":
        measured = [d for a, d in zip(evidence.alternatives, worlds.gains, strict=True) if a.name == option.name]
        gain = found.gain + measured[0] if option.measured and measured else worlds.stated.expected_gain
    usd = None if found.usd_per_request is None else found.usd_per_request * worlds.tokens
    return replace(found, usd_per_request=usd, gain=gain)


def _break_even(
    stated: Assumptions, worlds: Draws, alone: tuple[Measured, Measured], many: tuple[Measured, Measured]
) -> Interval:
    def with_volume(of: object, volumes: NDArray[np.float64]) -> SimpleNamespace:
        values = vars(of) if isinstance(of, SimpleNamespace) else {
            name: getattr(of, name) for name in Assumptions.__dataclass_fields__}
        return SimpleNamespace(**values | {"requests_per_month": volumes})

    one = break_even_volume(lambda v: np.atleast_2d(saved_by_horizon(with_volume(stated, v), *alone)))
    each = break_even_volume(lambda v: np.broadcast_to(
        saved_by_horizon(with_volume(worlds.stated, v), *many), (len(v), worlds.size)))
    return _range(float(one[0]), each)


def _range(alone: float, each: NDArray[np.float64]) -> Interval:
    """The value as stated, and the 2.5th and 97.5th percentile over worlds (of those that are drawn, not between)."""
    ordered = np.sort(each)
    low, high = (float(ordered[round(q * (len(each) - 1))]) for q in (0.025, 0.975))
    return Interval(alone, low, high, len(each))
