"""What cases are sliced by, and the accuracy of one variant's answers in each slice."""

from __future__ import annotations

import re

import pandas as pd

from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.language import language_of
from promptceiling.scores import Slice, bands_of, slices_of

_NO_SLICE = {"id", "row", "input", "split", "second_category", "cluster", "unit", EXPECTED + MAIN_FIELD}
_MOST_VALUES = 20  # a column with more is cut into bands of numbers or quarters of a year, or left out
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-\d{2}.*", re.DOTALL)


def slices_among(rows: pd.DataFrame, labeled_set: LabeledSet) -> tuple[Slice, ...]:
    """The accuracy of one variant's answers, one a case that did not fail, by `slice_columns` of their cases."""
    cases = labeled_set.cases.set_index("id", drop=False).loc[rows["case_id"]]
    return slices_of((rows["predicted"] == rows["expected"]).tolist(), slice_columns(cases),
                     units=rows["unit"].tolist() if "unit" in rows else None)


def slice_columns(cases: pd.DataFrame) -> dict[str, list[str]]:
    """What cases are sliced by: length, language, and every column of theirs with few values.

    A column of many numbers is cut into bands, one of many ISO dates into quarters; other columns of many values (more
    than 20) make no slices.
    """
    columns = {"length": [f"{band} characters" for band in bands_of([len(text) for text in cases["input"]])],
               "language": [language_of(text) for text in cases["input"]]}
    for column in cases:
        values = _few([str(value) for value in cases[column].fillna("")]) if column not in _NO_SLICE else None
        if values is not None:
            columns[str(column)] = values
    return columns


def _few(values: list[str]) -> list[str] | None:
    if len(set(values)) <= _MOST_VALUES:
        return values
    dates = [_ISO_DATE.fullmatch(value) for value in values]
    quarters = [f"{date[1]} Q{(int(date[2]) + 2) // 3}" if date else "no date" for date in dates]
    if sum(map(bool, dates)) > len(values) / 2:
        return quarters if len(set(quarters)) <= _MOST_VALUES else [quarter[:4] for quarter in quarters]
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return bands_of(numbers.tolist()) if numbers.notna().all() else None
