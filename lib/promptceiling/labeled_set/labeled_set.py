"""A labeled set: cases with the answers people expect, and what was said while it was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import pandas as pd

MAIN_FIELD = "category"
EXPECTED = "expected_"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was done to the input or is worth knowing about it.

    Attributes
    ----------
    code: a short stable name, e.g. "empty_label".
    message: one sentence with counts.
    rows: 1-based data rows of the file that it is about.
    """

    code: str
    message: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LabeledSet:
    """Cases with expected answers.

    Attributes
    ----------
    name: the file's name without its ending.
    cases: one row a case, columns `id, row, input, expected_category`, then every further `expected_<field>`, and where
        known `group, split, second_category, cluster, unit`; all text but `row` (1-based data row of the file). Missing
        text is "". `cluster` names the near-duplicate cluster of a case, `unit` what is resampled and split as a whole.
    notices: what was cleaned or noticed while reading.
    """

    name: str
    cases: pd.DataFrame
    notices: tuple[Notice, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def fields(self) -> tuple[str, ...]:
        """The labeled fields, the main one first: ("category", "priority", ...)."""
        further = [c.removeprefix(EXPECTED) for c in self.cases.columns if c.startswith(EXPECTED)]
        return (MAIN_FIELD, *(f for f in further if f != MAIN_FIELD))

    def labels(self, field: str = MAIN_FIELD) -> tuple[str, ...]:
        """The labels that occur in a field, sorted by name; "" (no label) is left out."""
        return tuple(sorted(label for label in self.cases[EXPECTED + field].unique() if label))

    def split(self, name: str) -> pd.DataFrame:
        """The cases of one split in the order of the file; "all" gives every case."""
        if name == "all":
            return self.cases
        return self.cases[self.cases["split"] == name]

    @property
    def content_hash(self) -> str:
        """SHA-256 over what is scored (id, input, every expected field), whatever the order of rows and columns."""
        columns = ["id", "input", *(EXPECTED + f for f in sorted(self.fields))]
        rows = sorted(json.dumps(list(map(str, row))) for row in self.cases[columns].itertuples(index=False))
        return _hash_of_lines([json.dumps(columns)], rows)

    @property
    def key(self) -> str:
        """SHA-256 (first 16 hex digits) over the content hash and the split of every case: what results belong to."""
        columns = ["id", *(["split"] if "split" in self.cases else [])]
        rows = sorted(map(json.dumps, zip(*(self.cases[c].astype(str) for c in columns), strict=True)))
        return _hash_of_lines([self.content_hash], rows)[:16]


def _hash_of_lines(*parts: Iterable[str]) -> str:
    """SHA-256 over lines, without ever holding them as one text."""
    digest = hashlib.sha256()
    for number, line in enumerate(chain(*parts)):
        digest.update(f"\n{line}".encode() if number else line.encode())
    return digest.hexdigest()
