"""Predictions as CSV files: written by `run --out`, read by `score` and `compare`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.prompts import OUTCOMES
from promptceiling.runs.cells import read_cell, written_cell

COLUMNS = ("id", "group", "variant", "repeat", "expected", "predicted", "outcome", "confidence", "latency_s",
           "input_tokens", "cached_tokens", "output_tokens")
_BLOCK = 500  # rows that are held as rows
_TEXTS = ("id", "group", "variant", "expected", "predicted")
_NEEDED = ("id", "expected", "predicted")


def write_predictions(frame: pd.DataFrame, path: str | Path) -> None:
    """Write completions (as `completions` gives them) as a predictions file: UTF-8 CSV, no text a formula.

    Cases that are drawn together have the same `group`, so its scores have the run's intervals.
    """
    out = frame.rename(columns={"case_id": "id", "unit": "group"})[list(COLUMNS)].astype(object)
    for column in _TEXTS:
        out[column] = [written_cell(value) if isinstance(value, str) else value for value in out[column]]
    bare = any("\r" in str(value) for column in _TEXTS for value in out[column])  # else it would end a row
    try:
        out.where(out.notna(), "").to_csv(path, index=False, lineterminator="\n",
                                          quoting=csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", file=str(path)) from None


def is_predictions(start: bytes) -> bool:
    """Whether a file that starts with these bytes was written by `write_predictions`, be it by an earlier version."""
    return start.replace(b'"', b"").startswith((b"id,group,variant,repeat,", b"id,variant,repeat,"))


def read_predictions(path: str | Path) -> pd.DataFrame:
    """The rows of a predictions file: all text, but `predicted` is None where it is empty and not the answer.

    Needed are the columns `id, expected, predicted`; `variant` defaults to the file's name, `repeat` to "0", `outcome`
    to "answered", or "unparsed" where nothing was predicted. A column `group` names cases that belong together; it
    becomes `unit`, where a case without a group is one of its own. Raises InputError with file, row and column.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            frame = _rows(csv.reader(file, strict=True), path.name)
    except FileNotFoundError:
        raise InputError(f"There is no file {str(path)!r}. Check the path.", file=str(path)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read as a CSV of predictions: {error}.", file=path.name) from None
    for column in _NEEDED:
        if column not in frame:
            raise InputError(f"{path.name} has no column {column!r}; found {', '.join(map(repr, frame.columns))}. "
                             f"Expected at least {', '.join(_NEEDED)}.", file=path.name, column=column)
    if frame.empty:
        raise InputError(f"{path.name} has a header and no predictions.", file=path.name)
    frame["variant"] = frame["variant"].where(frame["variant"] != "", path.stem) if "variant" in frame else path.stem
    frame["repeat"] = frame.get("repeat", "0")
    for column in ("id", "expected"):
        blank = [value for value in frame[column].unique() if not value.strip()]
        if blank:
            empty = frame.index[frame[column].isin(blank)]
            raise InputError(f"{path.name}, row {empty[0] + 1} has no {column}.", file=path.name,
                             row=int(empty[0]) + 1, column=column)
    twice = frame.index[frame.duplicated(["variant", "id", "repeat"])]
    if len(twice):
        row = twice[0]
        raise InputError(f"{path.name}, row {row + 1} repeats the id {frame['id'][row]!r} of variant "
                         f"{frame['variant'][row]!r}. Give repeats a number in a column 'repeat'.",
                         file=path.name, row=int(row) + 1, column="id")
    said = frame["predicted"] != ""
    outcome = said.map({True: "answered", False: "unparsed"})
    if "outcome" in frame:
        outcome = frame["outcome"].where(frame["outcome"] != "", outcome)
    bad = outcome.index[~outcome.isin(OUTCOMES)]
    if len(bad):
        raise InputError(f"{path.name}, row {bad[0] + 1} has the outcome {outcome[bad[0]]!r}; expected one of "
                         f"{', '.join(OUTCOMES)}.", file=path.name, row=int(bad[0]) + 1, column="outcome")
    frame["outcome"] = outcome
    predicted = frame["predicted"].astype(object)
    frame["predicted"] = predicted.where(said & (outcome == "answered"), None)
    if "group" in frame:
        frame["unit"] = frame["group"].where(frame["group"].str.strip() != "", "\0" + frame["id"])
    return frame


def _rows(reader: Iterator[list[str]], name: str) -> pd.DataFrame:
    """All rows as text, gathered by column: the garbage collector would walk millions of lists again and again."""
    rows = (values for values in reader if values)
    header, before = next(rows, []), 0
    if len(set(header)) < len(header):
        raise InputError(f"{name} has a column more than once: {', '.join(map(repr, header))}.", file=name)
    columns: list[list[str]] = [[] for _ in header]
    while block := list(islice(rows, _BLOCK)):
        if set(map(len, block)) != {len(header)}:
            number, values = next((before + k, row) for k, row in enumerate(block, 1) if len(row) != len(header))
            raise InputError(f"{name}, row {number} has {len(values)} values where the header has {len(header)}. "
                             "Quote values that contain commas or line breaks.", file=name, row=number)
        for column, part in zip(columns, zip(*block, strict=True), strict=True):
            column.extend(part)
        before += len(block)
    for at, column_name in enumerate(header):
        if column_name in _TEXTS and any(value[:1] == "'" for value in columns[at]):
            columns[at] = [read_cell(value) for value in columns[at]]
    return pd.DataFrame({name: pd.array(column, dtype="str") for name, column in zip(header, columns, strict=True)})


def paired(a: pd.DataFrame, b: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """Both files' rows of the ids that they share: `expected, a, b, failed_a, failed_b`, and `unit` where a side
    names groups, by id.

    Raises InputError where a side holds several variants or repeats an id, where no id is shared, or where the two
    disagree on what is expected; the ids are named.
    """
    for frame, name in ((a, names[0]), (b, names[1])):
        twice = frame["id"][frame["id"].duplicated()].tolist()
        if twice:
            raise InputError(f"{name} holds the id {twice[0]!r} more than once ({len(twice)} such rows); a comparison "
                             "needs one variant and one answer a case.", file=name, column="id")
    left, right = a.set_index("id"), b.set_index("id")
    shared = left.index.intersection(right.index)
    if shared.empty:
        raise InputError(f"{names[0]} and {names[1]} share no id (such as {left.index[0]!r} and {right.index[0]!r}).",
                         column="id")
    left, right = left.loc[shared], right.loc[shared]
    unlike = shared[(left["expected"] != right["expected"]).to_numpy()].tolist()
    if unlike:
        raise InputError(f"{names[0]} and {names[1]} expect different labels for {len(unlike)} ids: "
                         f"{', '.join(map(repr, unlike[:5]))}.", column="expected")
    both = pd.DataFrame({"expected": left["expected"], "a": left["predicted"], "b": right["predicted"],
                         "failed_a": left["outcome"] == "failed", "failed_b": right["outcome"] == "failed"})
    for side in (right, left):  # where both name groups, those of the first
        if "unit" in side:
            both["unit"] = side["unit"]
    return both
