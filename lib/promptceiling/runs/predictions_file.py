"""Predictions files: written as CSV by `run --out`, read by `score` and `compare` in any usual shape."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set.columns import column_key
from promptceiling.labeled_set.formats import table_of_bytes
from promptceiling.labeled_set.table import Table
from promptceiling.prompts import OUTCOMES
from promptceiling.runs.cells import read_cell, written_cell
from promptceiling.runs.foreign_row import EXPECTED, IDS, PREDICTED

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


@dataclass(frozen=True, slots=True)
class Predictions:
    """A predictions file as read.

    Attributes
    ----------
    name: the file's name.
    rows: all text, with `id, expected, predicted, variant, repeat, outcome` and the file's other columns; `predicted`
        is None where it is empty and not the answer, `unit` is there where the file names groups.
    numbered: whether the file names no ids, so that they are the numbers of its rows.
    notices: sentences on what was read in another way than it stands there.
    """

    name: str
    rows: pd.DataFrame
    numbered: bool
    notices: tuple[str, ...]


def read_predictions(path: str | Path) -> Predictions:
    """The predictions in a CSV (with any usual delimiter and encoding), JSON Lines, JSON, Parquet or Excel file.

    Needed are the columns `expected` and `predicted`, or a usual synonym, told in a notice; cases without an `id` are
    known by the number of their row. `variant` defaults to the file's name, `repeat` to "0", `outcome` to "answered",
    or "unparsed" where nothing was predicted. A column `group` names cases that belong together; it becomes `unit`,
    where a case without a group is one of its own. Raises InputError with file, row and column.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()  # once, since a pipe gives it once
    except FileNotFoundError:
        raise InputError(f"There is no file {str(path)!r}. Check the path.", file=str(path)) from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.", file=path.name) from None
    frame = _as_written(raw, path.name)
    if frame is None:
        frame = _of_table(table_of_bytes(raw, path.name, named=(*IDS, *EXPECTED, *PREDICTED)))
    frame, notices = _named(frame, path.name)
    if frame.empty:
        raise InputError(f"{path.name} has a header and no predictions.", file=path.name)
    numbered = "id" not in frame
    if numbered:
        frame["id"] = pd.array([f"row {k}" for k in range(1, len(frame) + 1)], dtype="str")
        notices.append(f"{path.name} has no column 'id': a case is known by the number of its row.")
    frame["variant"] = frame["variant"].where(frame["variant"] != "", path.stem) if "variant" in frame else path.stem
    frame["repeat"] = frame.get("repeat", "0")
    for column in ("id", "expected"):
        blank = [value for value in set(frame[column].tolist()) if not value.strip()]
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
    return Predictions(path.name, frame, numbered, (*notices, *_foreign_words(frame, path.name)))


def _as_written(raw: bytes, name: str) -> pd.DataFrame | None:
    """The rows of a file as `write_predictions` writes it, UTF-8 with commas; None for any other kind of file."""
    try:
        text = raw.decode("utf-8-sig")
        header = next(csv.reader([text[: text.find("\n") + 1]]), [])
        if not set(_NEEDED) <= set(header):
            return None
        return _rows(csv.reader(io.StringIO(text, newline=""), strict=True), name)
    except UnicodeDecodeError:
        return None
    except csv.Error as error:
        raise InputError(f"{name} cannot be read as a CSV of predictions: {error}.", file=name) from None


def _of_table(table: Table) -> pd.DataFrame:
    columns = zip(*table.rows, strict=True)
    return pd.DataFrame({name: pd.array(list(map(read_cell, column)), dtype="str")
                         for name, column in zip(table.header, columns, strict=True)})


def _named(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """The frame with our names for its columns, and what was read as what."""
    notices: list[str] = []
    found: dict[str, str] = {}
    for ours, words in (("id", IDS), ("expected", EXPECTED), ("predicted", PREDICTED)):
        meant = [ours] if ours in frame else [column for column in map(str, frame) if column_key(column) in words]
        if len(meant) > 1:
            raise InputError(f"{name}: {' and '.join(map(repr, meant))} could both be {ours!r}. Rename the one that is "
                             f"meant to {ours!r}.", file=name, column=ours)
        if not meant and ours != "id":
            raise InputError(f"{name} has no column {ours!r}; found {', '.join(map(repr, frame.columns[:20]))}. "
                             "Expected at least 'expected' and 'predicted'. Rename the one that is meant.",
                             file=name, column=ours)
        found |= dict.fromkeys(meant, ours)
        notices += [f"{name}: the column {column!r} is read as {ours!r}." for column in meant if column != ours]
    return frame.rename(columns=found), notices


def _foreign_words(frame: pd.DataFrame, name: str) -> list[str]:
    """That some predictions are no label which the file expects, in a sentence: written otherwise, they are wrong."""
    counts = frame["predicted"].value_counts()
    unlike = counts[~counts.index.isin(frame["expected"].unique())]
    if unlike.empty:
        return []
    shown = ", ".join(f"{word!r} {count:,}" for word, count in unlike.head(3).items())
    more = f" and {len(unlike) - 3:,} more words" if len(unlike) > 3 else ""
    return [f"{name}: {unlike.sum():,} of {counts.sum():,} predictions are no label that it expects, and count as "
            f"wrong: {shown}{more}. Spelling and case must be the expected label's."]


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
        if column_name in _TEXTS and "\n'" in "\n".join(("", *columns[at])):
            columns[at] = [read_cell(value) for value in columns[at]]
    return pd.DataFrame({name: pd.array(column, dtype="str") for name, column in zip(header, columns, strict=True)})


def paired(a: Predictions, b: Predictions) -> pd.DataFrame:
    """Both files' rows of the ids that they share: `expected, a, b, failed_a, failed_b`, and `unit` where a side
    names groups, by id.

    Raises InputError where a side holds several variants or repeats an id, where no id is shared, where files without
    ids differ in length, or where the two disagree on what is expected; the ids are named.
    """
    for side in (a, b):
        ids = side.rows["id"]
        if (twice := ids[ids.duplicated()]).size:
            raise InputError(f"{side.name} holds the id {twice.iloc[0]!r} more than once ({len(twice)} such rows); a "
                             "comparison needs one variant and one answer a case; of several variants, name one a side "
                             "with --variant.", file=side.name, column="id")
    if a.numbered and b.numbered and len(a.rows) != len(b.rows):
        raise InputError(f"{a.name} has {len(a.rows):,} rows and {b.name} {len(b.rows):,}, and neither has a column "
                         "'id' to tell which cases are the same. Add one to both.", file=a.name, column="id")
    left, right = a.rows.set_index("id"), b.rows.set_index("id")
    shared = left.index.intersection(right.index)
    if shared.empty:
        raise InputError(f"{a.name} and {b.name} share no id (such as {left.index[0]!r} and {right.index[0]!r}).",
                         column="id")
    left, right = left.loc[shared], right.loc[shared]
    unlike = shared[(left["expected"] != right["expected"]).to_numpy()].tolist()
    if unlike:
        raise InputError(f"{a.name} and {b.name} expect different labels for {len(unlike)} ids: "
                         f"{', '.join(map(repr, unlike[:5]))}.", column="expected")
    both = pd.DataFrame({"expected": left["expected"], "a": left["predicted"], "b": right["predicted"],
                         "failed_a": left["outcome"] == "failed", "failed_b": right["outcome"] == "failed"})
    for rows in (right, left):  # where both name groups, those of the first
        if "unit" in rows:
            both["unit"] = rows["unit"]
    return both
