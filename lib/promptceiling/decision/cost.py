"""What calls cost: measured tokens times a dated price."""

from __future__ import annotations

from dataclasses import dataclass

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.usage import TokenUse
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

    The ends of the interval take every token count at its cheap and at its dear end (many cached tokens are cheap),
    which is wide rather than narrow; they are NaN where one call alone was measured.
    """
    name = assumptions.price_of or (STAND_IN if embedded else model)
    price = prices.get(name)
    if tokens is None or price is None:
        return None

    def thousandfold(fresh: float, cached: float, output: float) -> float:
        fresh, cached, output = (max(count, 0.0) for count in (fresh, cached, output))  # in this order, NaN stays NaN
        return 1000 * price.cost_usd(fresh, min(cached, fresh), output)

    fresh, cached, output, n = tokens.input, tokens.cached, tokens.output, tokens.input.n
    thousand = Interval(
        thousandfold(fresh.value, cached.value, output.value), thousandfold(fresh.low, cached.high, output.low),
        thousandfold(fresh.high, cached.low, output.high), n)
    scale = assumptions.requests_per_month / 1000
    month = Interval(thousand.value * scale, thousand.low * scale, thousand.high * scale, n)
    return Cost(thousand, month, price, stand_in=name != model)
