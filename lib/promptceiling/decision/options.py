"""The options side by side, each with what it costs to set up and to run: the prompt, the local classifier, ..."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.bill import Kind, Measured, Sums, month_usd, months_to_pay, setup_usd, total
from promptceiling.decision.cost import price_for, request_usd
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.decision.life import ModelEnds, months_of
from promptceiling.decision.usage import TokenUse
from promptceiling.runs import Price
from promptceiling.scores import Interval
from promptceiling.scores.interval import NOTHING


@dataclass(frozen=True, slots=True)
class Option:
    """One way to answer requests.

    Attributes
    ----------
    kind, name, model: what it is; `base_model` is what its life hangs on ("" for none).
    measured: whether it was scored; a fine-tune that was not is reckoned with the stated expected gain.
    f1: weighted F1 on its split, None where not scored; p95_ms: latency, None where not measured.
    usd_per_request: as listed, with the interval of its tokens; None where it is not billed per token.
    requests_per_s: of one replica; None where only the stated figure is there.
    gain: weighted F1 above the prompt's.
    price: taken for its tokens; None without one.
    ends_on, months_left: when its base model ends; None where no end is known.
    setup, month: USD line by line, at the measured values; `month_low`, `month_high`: the whole of a month at the cheap
        and at the dear end of what was measured.
    """

    kind: Kind
    name: str
    model: str
    base_model: str
    measured: bool
    f1: Interval | None
    p95_ms: Interval | None
    usd_per_request: Interval | None
    requests_per_s: Interval | None
    gain: Interval
    labels: int
    price: Price | None
    ends_on: str | None
    months_left: float | None
    setup: Sums
    month: Sums
    month_low: float
    month_high: float

    @property
    def setup_usd(self) -> float:
        return float(total(self.setup))

    @property
    def month_usd(self) -> float:
        return float(total(self.month))

    @property
    def unpriced(self) -> str:
        """Why its cost is not known, and what would supply it; "" where it is known."""
        if not math.isnan(self.month_usd):
            return ""
        if self.price is None:
            return (f"no price is listed for {self.model}: state the model whose price is taken (price_of), or add it "
                    "to the price table")
        return "its calls reported no tokens: run on an endpoint that reports usage"

    @property
    def month_range(self) -> Interval:
        """USD a month with the interval of what was measured; n is that of its tokens, or of its throughput."""
        n = self.usd_per_request.n if self.usd_per_request else self.requests_per_s.n if self.requests_per_s else 0
        return Interval(self.month_usd, self.month_low, self.month_high, n)

    def per_1000(self, stated: Assumptions) -> Interval:
        """USD per 1,000 requests: everything that a month costs, over its requests."""
        month, thousands = self.month_range, stated.requests_per_month / 1000
        return Interval(month.value / thousands, month.low / thousands, month.high / thousands, month.n)

    def measured_as(self) -> Measured:
        """What the bill needs of it."""
        return _measured(self.usd_per_request, self.requests_per_s, self.gain, self.labels, self.months_left, "value")


def options_of(
    evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> tuple[Option, ...]:
    """The best prompt, what else was measured, and a fine-tune, measured or not; empty where no prompt was scored."""
    best = evidence.best
    if best is None:
        return ()
    found = [_prompt("prompt", best, evidence, assumptions, prices, ends)]
    decisions = next((s for s in evidence.prompts if s.output == "decisions" and s is not best), None)
    if decisions is not None:
        found.append(_prompt("decisions", decisions, evidence, assumptions, prices, ends))
    local = evidence.alternative("local")
    if local is not None:
        found.append(_alternative("local", local, evidence, assumptions, prices, ends))
    return (*found, fine_tune_option(evidence, assumptions, prices, ends))


def prompt_option(
    evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> Option | None:
    """The best prompt; None where no prompt was scored."""
    best = evidence.best
    return None if best is None else _prompt("prompt", best, evidence, assumptions, prices, ends)


def fine_tune_option(
    evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> Option:
    """The best measured fine-tune; else one of an open-weight model that gains what is expected."""
    tune = evidence.alternative("fine-tune")
    if tune is not None:
        return _alternative("fine-tune", tune, evidence, assumptions, prices, ends)
    gain, best = assumptions.expected_gain, evidence.best
    # without a fine-tune to count the tokens of, the prompt's stand in: it carries shots that a fine-tune need not
    price = price_for("", assumptions, prices, tuned=True)
    usd = request_usd(best.tokens, price) if price and best and best.tokens else None
    return _option("fine-tune", "fine-tune, not measured", assumptions.tuned_price_of, "", False, None, None, usd, None,
                   Interval(gain, gain, gain, 0), evidence.labels, price, assumptions, None)


def payback(prompt: Option, tune: Option, assumptions: Assumptions) -> Interval:
    """Months until the fine-tune has paid for itself: at the measured values, and at the ends that favour it and not.

    Infinite where it never does; NaN where the prompt's cost is not known.
    """
    first, value = tune.setup_usd, assumptions.requests_per_month * assumptions.usd_per_error

    def months(ours: float, theirs: float, gain: float) -> float:
        return float(months_to_pay(first, ours - theirs + (gain * value if value else 0.0)))

    gain, n = tune.gain, prompt.usd_per_request.n if prompt.usd_per_request else 0
    return Interval(months(prompt.month_usd, tune.month_usd, gain.value),
                    months(prompt.month_high, tune.month_low, gain.high),
                    months(prompt.month_low, tune.month_high, gain.low), n)


def base_of(alternative: Alternative) -> str:
    """The model that a fine-tune hangs on, "" for another alternative."""
    return (alternative.base_model or alternative.model) if alternative.kind == "fine-tune" else ""


def _prompt(
    kind: Kind, scored: Scored, evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price],
    ends: ModelEnds | None,
) -> Option:
    price, usd = _priced(scored.tokens, scored.model, evidence, assumptions, prices)
    f1 = evidence.f1[0] if evidence.f1 and kind == "prompt" else scored.score.f1_weighted
    gain = Interval(0.0, 0.0, 0.0, f1.n) if kind == "prompt" else scored.delta_to_best or NOTHING
    return _option(kind, scored.name, scored.model, scored.model, True, f1, scored.p95_ms, usd, None, gain,
                   evidence.labels, price, assumptions, ends)


def _alternative(
    kind: Kind, found: Alternative, evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price],
    ends: ModelEnds | None,
) -> Option:
    # what the embedded model answers in this process says nothing of a served one
    price, usd, rate = None, None, None if evidence.embedded else found.requests_per_s
    if kind == "fine-tune":
        price, usd = _priced(found.tokens, found.model, evidence, assumptions, prices, tuned=True)
    elif found.p95_ms is not None and found.p95_ms.n and found.p95_ms.value > 0:  # one at a time, at its slow end
        p95 = found.p95_ms
        rate = Interval(1000 / p95.value, 0.0 if math.isinf(p95.high) else 1000 / p95.high,
                        1000 / p95.low if p95.low > 0 else math.inf, p95.n)
        rate = rate if rate.low > 0 else Interval(rate.value, rate.value, rate.high, rate.n)
    return _option(kind, found.name, found.model, base_of(found), True, found.f1_weighted, found.p95_ms, usd, rate,
                   found.delta, evidence.labels, price, assumptions, ends)


def _priced(
    tokens: TokenUse | None, model: str, evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], *,
    tuned: bool = False,
) -> tuple[Price | None, Interval | None]:
    price = price_for(model, assumptions, prices, embedded=evidence.embedded, tuned=tuned)
    return price, request_usd(tokens, price) if tokens and price else None


def _option(
    kind: Kind, name: str, model: str, base: str, measured: bool, f1: Interval | None, p95: Interval | None,
    usd: Interval | None, rate: Interval | None, gain: Interval, labels: int, price: Price | None,
    stated: Assumptions, ends: ModelEnds | None,
) -> Option:
    end = ends.of(base) if ends and base else None
    left = months_of(ends.days_until(end)) if ends and end else None
    found = _measured(usd, rate, gain, labels, left, "value")
    month = month_usd(kind, stated, found)
    low = high = float(total(month))
    if usd is not None or rate is not None:
        low, high = (float(total(month_usd(kind, stated, _measured(usd, rate, gain, labels, left, e))))
                     for e in ("low", "high"))
    return Option(kind, name, model, base, measured, f1, p95, usd, rate, gain, labels, price,
                  end.ends_on if end else None, left, setup_usd(kind, stated, found), month, low, high)


def _measured(
    usd: Interval | None, rate: Interval | None, gain: Interval, labels: int, left: float | None,
    end: Literal["low", "value", "high"],
) -> Measured:
    """At the measured value, or at the cheap or the dear end of tokens and throughput (a slow replica is dear)."""
    at_rate = {"low": "high", "high": "low", "value": "value"}[end]
    return Measured(getattr(usd, end) if usd else None, getattr(rate, at_rate) if rate else None, gain.value, labels,
                    left)
