"""How long a base model, and anything tuned on it, still lives: a dated table, and what the endpoint itself says."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from promptceiling.decision.words import of_kind
from promptceiling.errors import InputError
from promptceiling.labeled_set import data_file

DAYS_PER_MONTH = 365.2425 / 12
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")


@dataclass(frozen=True, slots=True)
class ModelEnd:
    """The day on which a model ends, as somebody said on `as_of` (both YYYY-MM-DD)."""

    model: str
    ends_on: str
    what_ends: str
    replacement: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True)
class ModelEnds:
    """Known ends of models, by model name, as seen on the day `on` (YYYY-MM-DD).

    >>> end = ModelEnd("m-2", "2027-01-14", "the model and every fine-tune built on it", "", "2026-11-23", "its maker")
    >>> ModelEnds("2026-11-27", {"m-2": end}).days_left("ft:m-2:acme::1")
    48
    """

    on: str
    by_model: Mapping[str, ModelEnd] = field(default_factory=dict)

    def of(self, model: str) -> ModelEnd | None:
        """The end of a model: its own, else that of the model which it is a dated snapshot or a fine-tune of."""
        if model in self.by_model:
            return self.by_model[model]
        base = model.split(":")[1] if model.startswith("ft:") and model.count(":") else model
        return self.by_model.get(base) or self.by_model.get(_SNAPSHOT.sub("", base))

    def days_left(self, model: str) -> int | None:
        """Days until a model ends, negative where it has ended; None where no end is known."""
        end = self.of(model)
        return None if end is None else self.days_until(end)

    def days_until(self, end: ModelEnd) -> int:
        """Days until an end, negative where it has come."""
        return (date.fromisoformat(end.ends_on) - date.fromisoformat(self.on)).days

    def months_left(self, model: str) -> float | None:
        """`days_left` in months of 30.4 days, at least 0."""
        days = self.days_left(model)
        return None if days is None else months_of(days)

    def said(self, model: str, horizon_months: float = math.inf) -> str:
        """When a model ends, or that it has, with who said so; "" where no end is known within the horizon.

        >>> end = ModelEnd("m-2", "2027-01-14", "the model", "", "2026-11-23", "its maker")
        >>> ModelEnds("2026-11-27", {"m-2": end}).said("m-2")
        'm-2 ends on 2027-01-14, in 48 days (its maker, 2026-11-23)'
        >>> ModelEnds("2027-01-15", {"m-2": end}).said("m-2")
        'm-2 has ended on 2027-01-14, 1 day ago (its maker, 2026-11-23)'
        """
        end, days = self.of(model), self.days_left(model)
        if end is None or days is None or months_of(days) > horizon_months:
            return ""
        count = of_kind(abs(days), "day")
        when = f"has ended on {end.ends_on}, {count} ago" if days < 0 else f"ends on {end.ends_on}, in {count}"
        return f"{model} {when} ({end.source}, {end.as_of})"

    @property
    def as_of(self) -> str:
        """The latest day on which any of the ends was stated, "" where none is known."""
        return max((end.as_of for end in self.by_model.values()), default="")


def months_of(days: int) -> float:
    """Days in months of 30.4 days, at least 0."""
    return max(0.0, days / DAYS_PER_MONTH)


def model_ends(on: str, said: Mapping[str, str] | None = None) -> ModelEnds:
    """The table of data/model_life.csv as seen on a day, and over it what endpoints said themselves.

    said: model -> its `shutdown_date`; the endpoint's word about its own model wins over the table's. Raises InputError
    naming the row or the model whose day cannot be read.
    """
    _day(on, "The day")
    path = data_file("model_life.csv")
    ends = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            _day(row.get("ends_on") or "", f"{path.name}, row {number}: ends_on")
            ends[row["model"]] = ModelEnd(row["model"], row["ends_on"], row["what_ends"], row["replacement"],
                                          row["as_of"], row["source"])
    for model, day in (said or {}).items():
        _day(day, f"The shutdown date of {model}")
        ends[model] = ModelEnd(model, day, "the model", ends[model].replacement if model in ends else "", on,
                               "the endpoint's list of models")
    return ModelEnds(on, ends)


def _day(text: str, what: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{what} is {text!r}; expected a day as YYYY-MM-DD.") from None
