"""What services that fine-tune ask for, charge, and when they close: dated figures of data/fine_tuning.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from promptceiling.errors import InputError
from promptceiling.labeled_set import data_file


@dataclass(frozen=True, slots=True)
class Service:
    """What a service said of tuning a model, on `as_of` (YYYY-MM-DD). None: it states none, or none was read.

    Attributes
    ----------
    host: of its API; model: the base model, "*" for every one.
    train_usd_per_mtok: price of a million trained tokens (each epoch counts).
    fewest_examples, most_examples: of a training file; most_bytes: of the file; most_tokens: of one example.
    jobs_end_on: the last day on which a new job can be started; said: that, in a sentence.
    """

    host: str
    model: str
    train_usd_per_mtok: float | None
    fewest_examples: int | None
    most_examples: int | None
    most_bytes: int | None
    most_tokens: int | None
    jobs_end_on: date | None
    said: str
    as_of: str
    source: str

    def closed(self, today: date) -> bool:
        """Whether no new job can be started any more."""
        return self.jobs_end_on is not None and today > self.jobs_end_on

    def notice(self, today: date) -> str | None:
        """That the service closes or has closed, dated and with its source; None where it says nothing of that."""
        if self.jobs_end_on is None:
            return None
        verb = "took its last fine-tuning job on" if self.closed(today) else "takes fine-tuning jobs until"
        return (f"{self.host} {verb} {self.jobs_end_on.isoformat()}. {self.said} (read {self.as_of}: {self.source}). "
                "An open-weight model can be tuned instead: write_recipe prepares it.")


def services() -> tuple[Service, ...]:
    """Every row of the table. Raises InputError naming the row that cannot be read."""
    path = data_file("fine_tuning.csv")
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                fewest, most, most_bytes, most_tokens = (
                    int(row[name]) if row[name] else None
                    for name in ("fewest_examples", "most_examples", "most_bytes", "most_tokens"))
                found.append(Service(
                    row["host"], row["model"], float(row["train_usd_per_mtok"]) if row["train_usd_per_mtok"] else None,
                    fewest, most, most_bytes, most_tokens,
                    date.fromisoformat(row["jobs_end_on"]) if row["jobs_end_on"] else None,
                    row["said"], row["as_of"], row["source"]))
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{path.name}, row {number}: cannot be read ({error}). Expected numbers, and a day as "
                                 "YYYY-MM-DD, or nothing.", file=path.name, row=number) from None
    return tuple(found)


def service_of(base_url: str, model: str) -> Service | None:
    """What is known of tuning `model` at the host of `base_url`: the model's own row, else the host's.

    A dated snapshot (`NAME-2024-07-18`) is known by its name.
    """
    host = urlsplit(base_url).hostname or ""
    own = [s for s in services() if s.host == host and (s.model == "*" or model == s.model
                                                       or model.startswith(f"{s.model}-20"))]
    return max(own, key=lambda s: len(s.model) if s.model != "*" else 0, default=None)
