"""What calls cost: measured tokens times a dated price."""

from __future__ import annotations

from dataclasses import dataclass

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import TokenUse
from promptceiling.runs import Price
from promptceiling.scores import Interval

STAND_IN = "gpt-6-luna"


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one option in USD, with the interval of its measured tokens.

    Attributes
    ----------
    per_1000: USD per 1,000 requests; per_month: at the stated volume.
    price: the price taken; `stand_in` where it is not the measured model's own.
    """

    per_1000: Interval
    per_month: Interval
    price: Price
    stand_in: bool


def cost_of(
    tokens: TokenUse | None, model: str, assumptions: Assumptions, prices: dict[str, Price], *, embedded: bool
) -> Cost | None:
    """The cost of an option, or None where its tokens or its price are not known.

    The ends of the interval take both token counts at their ends, which is wide rather than narrow.
    """
    name = assumptions.price_of or (STAND_IN if embedded else model)
    price = prices.get(name)
    if tokens is None or price is None:
        return None

    def at(end: str) -> float:
        fresh, cached, output = (max(0.0, getattr(part, end)) for part in (tokens.input, tokens.cached, tokens.output))
        return 1000 * price.cost_usd(fresh, min(cached, fresh), output)

    n = tokens.input.n
    thousand = Interval(at("value"), at("low"), at("high"), n)
    scale = assumptions.requests_per_month / 1000
    month = Interval(thousand.value * scale, thousand.low * scale, thousand.high * scale, n)
    return Cost(thousand, month, price, stand_in=name != model)
