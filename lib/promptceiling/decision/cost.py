"""What calls cost: measured tokens times a dated price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.usage import TokenUse
from promptceiling.errors import InputError
from promptceiling.runs import Price
from promptceiling.runs.prices import listed_price
from promptceiling.scores import Interval

STAND_IN = "gpt-6-luna"


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one option's calls in USD, with the interval of its measured tokens.

    Attributes
    ----------
    per_1000: USD per 1,000 requests; per_month: at the stated volume.
    price: the price taken; `stand_in` where it is not the measured model's own.
    """

    per_1000: Interval
    per_month: Interval
    price: Price
    stand_in: bool


def rate_of(stated: Any) -> Any:
    """What is paid of a listed price: the stated factor, less the discount on the share that waits for a batch.

    >>> rate_of(Assumptions(batch_share=0.4, batch_discount=0.5, price_factor=2))
    1.6
    """
    return stated.price_factor * (1 - stated.batch_share * stated.batch_discount)


def price_for(
    model: str, assumptions: Assumptions, prices: Mapping[str, Price], *, embedded: bool = False, tuned: bool = False
) -> Price | None:
    """The price per token of a model: the stated one's, else its own; None where it has none.

    The embedded model is priced as `STAND_IN`. A fine-tune (`tuned`) has the stated fine-tune's price or its own;
    without one it is not billed per token but served on a rented machine. Raises InputError where the stated model
    has no price.
    """
    name = "tuned_price_of" if tuned else "price_of"
    stated = getattr(assumptions, name)
    found = listed_price(stated or (STAND_IN if embedded and not tuned else model), prices)
    if stated and found is None:
        raise InputError(f"{name} is {stated!r}, which has no price; expected one of {', '.join(sorted(prices))}, or "
                         "nothing for the model's own.", column=name)
    return found


def cost_of(
    tokens: TokenUse | None, model: str, assumptions: Assumptions, prices: Mapping[str, Price], *, embedded: bool,
    tuned: bool = False,
) -> Cost | None:
    """The cost of an option's calls, or None where its tokens or its price are not known.

    `request_usd` times `rate_of` what is stated.
    """
    price = price_for(model, assumptions, prices, embedded=embedded, tuned=tuned)
    if tokens is None or price is None:
        return None
    one, rate = request_usd(tokens, price), float(rate_of(assumptions))
    thousand = Interval(1000 * rate * one.value, 1000 * rate * one.low, 1000 * rate * one.high, one.n)
    scale = assumptions.requests_per_month / 1000
    month = Interval(thousand.value * scale, thousand.low * scale, thousand.high * scale, one.n)
    return Cost(thousand, month, price, stand_in=listed_price(model, {price.model: price}) is None)


def request_usd(tokens: TokenUse, price: Price) -> Interval:
    """What a request costs as listed.

    i input tokens, c of them cached and w written to a cache, and o output tokens (reasoning is part of them) at p, q,
    v, r USD per million cost ((i - c - w) p + c q + w v + o r) / 1e6. The ends of the interval take every token count
    at its cheap and at its dear end (many cached tokens are cheap, many written ones are dear), which is wide rather
    than narrow; they are NaN where one call alone was measured.
    """
    fresh, cached, output, written = tokens.input, tokens.cached, tokens.output, tokens.cache_write
    dearer = written.n and (price.cache_write_usd_per_mtok or 0.0) > price.input_usd_per_mtok

    def usd(fresh: float, cached: float, output: float, written: float) -> float:
        fresh, cached, output = max(fresh, 0.0), max(cached, 0.0), max(output, 0.0)  # in this order, NaN stays NaN
        cached = min(cached, fresh)
        return price.cost_usd(fresh, cached, output, max(0.0, min(written, fresh - cached)) if dearer else 0.0)

    return Interval(usd(fresh.value, cached.value, output.value, written.value),
                    usd(fresh.low, cached.high, output.low, written.low),
                    usd(fresh.high, cached.low, output.high, written.high), fresh.n)
