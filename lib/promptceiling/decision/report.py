"""The whole of a decision as plain data: verdict, rows, flips, plausible worlds and the bill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.flips import flips_of
from promptceiling.decision.forecast import Forecast, forecast_of
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.options import Option
from promptceiling.decision.verdict import decide
from promptceiling.decision.worlds import plausible_verdicts
from promptceiling.runs import Price
from promptceiling.scores import Interval


def decision_json(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> dict[str, Any]:
    """`{"verdict", "strength", "rows": [...], "flips": [...], "missing": [...], ...}`, as `decide --json` prints it.

    Every figure has `value`, `low`, `high` and `n`. `plausible` are shares of simulated worlds, `bill` is money.
    """
    decision = decide(evidence, stated, prices, ends)
    plausible = plausible_verdicts(evidence, stated, prices, ends)
    return decision.as_json() | {
        "flips": [flip.as_json() for flip in flips_of(evidence, stated, prices, ends)],
        "plausible": plausible.as_json() | {"sentence": plausible.sentence(decision.verdict)},
        "bill": _bill(forecast_of(evidence, stated, prices, ends), stated),
    }


def _bill(forecast: Forecast, stated: Assumptions) -> dict[str, Any]:
    return {
        "options": [
            _option(course.option, stated) | {"paid_by_horizon_usd": _figure(course.paid[-1]) if course.paid else None}
            for course in forecast.courses],
        "payback_months": _figure(forecast.payback), "break_even_requests_per_month": _figure(forecast.break_even),
        "pays_within_horizon": forecast.pays, "worlds": forecast.draws}


def _option(option: Option, stated: Assumptions) -> dict[str, Any]:
    return {
        "kind": option.kind, "name": option.name, "measured": option.measured,
        "setup_usd": {name: float(usd) for name, usd in option.setup.items()},
        "month_usd": {name: None if math.isnan(usd) else float(usd) for name, usd in option.month.items()},
        "month_total_usd": None if option.unpriced else _figure(option.month_range),
        "per_1000_usd": None if option.unpriced else _figure(option.per_1000(stated)),
        "cost_not_known": option.unpriced, "model_ends_on": option.ends_on}


def _figure(interval: Interval | None) -> dict[str, Any] | None:
    return None if interval is None else asdict(interval)
