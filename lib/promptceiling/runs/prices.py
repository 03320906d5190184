"""Dated prices of models, from data/prices.csv."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from promptceiling.errors import InputError
from promptceiling.labeled_set import data_file
from promptceiling.runs.endpoint import Endpoint

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD per million tokens, as its provider said on `as_of` (YYYY-MM-DD).

    Attributes
    ----------
    cache_write_usd_per_mtok: of input that is written to a cache; None where that costs what input costs.
    flex_factor: by which all of it is multiplied where the tier "flex" or "batch" answers.
    """

    model: str
    input_usd_per_mtok: float
    cached_usd_per_mtok: float
    output_usd_per_mtok: float
    as_of: str
    source: str
    cache_write_usd_per_mtok: float | None = None
    flex_factor: float = 1.0

    def cost_usd(
        self, input_tokens: float, cached_tokens: float, output_tokens: float, cache_write_tokens: float = 0.0,
        tier: str | None = None,
    ) -> float:
        """The cost of a call; cached tokens and those written to a cache are parts of the input tokens, and reasoning
        is a part of the output tokens.

        >>> Price("m", 1.0, 0.1, 5.0, "2026-11-23", "").cost_usd(1_000_000, 500_000, 100_000)
        1.05
        >>> Price("m", 1.0, 0.1, 5.0, "", "", 1.25, 0.5).cost_usd(1_000_000, 500_000, 100_000, 200_000, "flex")
        0.55
        """
        written = cache_write_tokens if self.cache_write_usd_per_mtok is not None else 0.0
        fresh = input_tokens - cached_tokens - written
        usd = (fresh * self.input_usd_per_mtok + cached_tokens * self.cached_usd_per_mtok
               + written * (self.cache_write_usd_per_mtok or 0.0) + output_tokens * self.output_usd_per_mtok) / 1e6
        return usd * self.flex_factor if tier in ("flex", "batch") else usd

    def most_usd(self, input_tokens: float, output_tokens: float) -> float:
        """The most that a call of this size can cost: nothing is cached, all is written to a cache, at full price."""
        return self.cost_usd(input_tokens, 0, output_tokens,
                             input_tokens if (self.cache_write_usd_per_mtok or 0.0) > self.input_usd_per_mtok else 0.0)


def price_table() -> dict[str, Price]:
    """Prices by model name. Raises InputError naming the row that is not a price."""
    path = data_file("prices.csv")
    table = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                fresh, output = float(row["input_usd_per_mtok"]), float(row["output_usd_per_mtok"])
                cached = float(row["cached_usd_per_mtok"] or fresh)
                written = float(row["cache_write_usd_per_mtok"]) if row.get("cache_write_usd_per_mtok") else None
                factor = float(row.get("flex_factor") or 1.0)
            except (KeyError, TypeError, ValueError):
                fresh = output = cached = factor = math.nan
                written = None
            if not all(math.isfinite(p) and p >= 0 for p in (fresh, cached, output, factor, written or 0.0)):
                raise InputError(f"{path.name}, row {number}: expected prices as numbers of USD per million tokens.",
                                 file=path.name, row=number)
            table[row["model"]] = Price(
                row["model"], fresh, cached, output, row["as_of"], row["source"], written, factor)
    return table


def listed_price(model: str, table: Mapping[str, Price]) -> Price | None:
    """The price of a model, None where the table has none.

    A dated snapshot (`NAME-2026-11-23`) costs what NAME costs, and a fine-tune (`ft:NAME:...`) what `ft:NAME` costs.
    """
    base = ":".join(model.split(":")[:2]) if model.startswith("ft:") else model
    return table.get(model) or table.get(base) or table.get(_SNAPSHOT.sub("", base))


def free(model: str) -> Price:
    """The price of an embedded model, be it in this process or behind an address."""
    return Price(model, 0.0, 0.0, 0.0, "", "the embedded model is free")


def price_of(endpoint: Endpoint, table: Mapping[str, Price] | None = None) -> Price | None:
    """The price of an endpoint's model, see `listed_price`; the embedded model costs nothing."""
    if endpoint.embedded:
        return free(endpoint.model)
    return listed_price(endpoint.model, price_table() if table is None else table)


def stated_price(endpoint: Endpoint, input_usd: float | None, output_usd: float | None) -> Price | None:
    """A price that a user states in USD per million tokens; None where neither is stated.

    Cached tokens then cost what input costs. Raises InputError where one of the two is missing or no price.
    """
    if input_usd is None and output_usd is None:
        return None
    if input_usd is None or output_usd is None:
        raise InputError("A price has two parts: state both --price-in and --price-out, in USD per million tokens.")
    for name, usd in (("--price-in", input_usd), ("--price-out", output_usd)):
        if not (math.isfinite(usd) and usd >= 0):
            raise InputError(f"{name} is {usd}; expected USD per million tokens, 0 or more.")
    return Price(endpoint.model, input_usd, input_usd, output_usd, "", "stated by the user")
