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
    """What a model costs, in USD per million tokens, as its provider said on `as_of` (YYYY-MM-DD)."""

    model: str
    input_usd_per_mtok: float
    cached_usd_per_mtok: float
    output_usd_per_mtok: float
    as_of: str
    source: str

    def cost_usd(self, input_tokens: float, cached_tokens: float, output_tokens: float) -> float:
        """The cost of a call; cached tokens are a part of the input tokens.

        >>> Price("m", 1.0, 0.1, 5.0, "2026-11-23", "").cost_usd(1_000_000, 500_000, 100_000)
        1.05
        """
        fresh = input_tokens - cached_tokens
        return (fresh * self.input_usd_per_mtok + cached_tokens * self.cached_usd_per_mtok
                + output_tokens * self.output_usd_per_mtok) / 1e6


def price_table() -> dict[str, Price]:
    """Prices by model name. Raises InputError naming the row that is not a price."""
    path = data_file("prices.csv")
    table = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                fresh, output = float(row["input_usd_per_mtok"]), float(row["output_usd_per_mtok"])
                cached = float(row["cached_usd_per_mtok"] or fresh)
            except (KeyError, TypeError, ValueError):
                fresh = output = cached = math.nan
            if not all(math.isfinite(p) and p >= 0 for p in (fresh, cached, output)):
                raise InputError(f"{path.name}, row {number}: expected prices as numbers of USD per million tokens.",
                                 file=path.name, row=number)
            table[row["model"]] = Price(row["model"], fresh, cached, output, row["as_of"], row["source"])
    return table


_FREE = "the embedded model runs in this process"


def price_of(endpoint: Endpoint, table: Mapping[str, Price] | None = None) -> Price | None:
    """The price of an endpoint's model, None where the table has none.

    A dated snapshot (`NAME-2026-11-23`) costs what NAME costs and a fine-tune (`ft:NAME:...`) what `ft:NAME` costs;
    the embedded model costs nothing.
    """
    if endpoint.embedded:
        return Price(endpoint.model, 0.0, 0.0, 0.0, "", _FREE)
    table = price_table() if table is None else table
    model = endpoint.model
    if model.startswith("ft:"):
        model = ":".join(model.split(":")[:2])
    return table.get(endpoint.model) or table.get(model) or table.get(_SNAPSHOT.sub("", model))


def stated_price(endpoint: Endpoint, input_usd: float | None, output_usd: float | None) -> Price | None:
    """A price that a user states in USD per million tokens; None where neither is stated.

    Cached tokens then cost what input costs. Raises InputError where one of the two is missing.
    """
    if input_usd is None and output_usd is None:
        return None
    if input_usd is None or output_usd is None:
        raise InputError("A price has two parts: state both --price-in and --price-out, in USD per million tokens.")
    return Price(endpoint.model, input_usd, input_usd, output_usd, "", "stated by the user")
