"""From a table to a labeled set: what is cleaned or left out is told, with counts and rows."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set.columns import find_columns
from promptceiling.labeled_set.ids import check_ids, check_split, content_ids
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, LabeledSet, Notice
from promptceiling.labeled_set.labels import INVISIBLE, clean_label, look_alikes, of_several
from promptceiling.labeled_set.table import Table, counted, listed, rows_in_words

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWS = re.compile(rf"[^\s{''.join(map(chr, INVISIBLE))}]")
_MAIN = EXPECTED + MAIN_FIELD
_SPLIT_WORDS = {"training": "train", "trn": "train", "dev": "validation", "val": "validation", "valid": "validation",
                "eval": "validation", "development": "validation", "testing": "test", "tst": "test"}


def labeled_set_from(table: Table, name: str, input_column: str | None, label_column: str | None) -> LabeledSet:
    """The labeled set in a table, cleaned; every change is a notice. Raises InputError where there is none in it."""
    columns, notices = find_columns(table, input_column, label_column)
    line_of = dict(zip(table.numbers, table.lines, strict=True)) if table.lines else {}
    rows = [[row[k] for k in columns.values()] for row in table.rows]
    halved = [k for k, values in enumerate(rows) if _LONE_SURROGATE.search("\n".join(values))]
    for k in halved:
        rows[k] = [_LONE_SURROGATE.sub("\ufffd", value) for value in rows[k]]
    if halved:
        at = tuple(table.numbers[k] for k in halved)
        notices.append(Notice("half_character", "Half a character, shown as \ufffd, stands in "
                              f"{counted(len(at), 'row')} ({rows_in_words(at, line_of)}).", at))
    frame = pd.DataFrame(rows, columns=list(columns), dtype="str")
    frame.insert(0, "row", table.numbers)
    for column in [c for c in frame.columns if c.startswith(EXPECTED) or c == "second_category"]:
        notices += _clean(frame, column, line_of)
    if "split" in frame:
        notices += _clean_split(frame)
    frame, dropped = _without_empty(frame, line_of)
    notices += dropped
    _check_classes(table.name, frame, table.header[columns[_MAIN]])
    notices += [_alike(frame, group) for group in look_alikes(frame[_MAIN])]
    notices += _several(frame, line_of)
    notices += _fill_ids(frame, line_of)
    check_ids(table.name, frame)
    if "split" in frame and (frame["split"] != "").any():
        check_split(frame, table.name)
    first = ["id", "row", "input", _MAIN]
    frame = frame[first + [c for c in frame.columns if c not in first]].reset_index(drop=True)
    return LabeledSet(name, frame, (*table.notices, *notices))


def _clean(frame: pd.DataFrame, column: str, line_of: dict[int, int]) -> list[Notice]:
    """Clean a column of labels in place; a notice where two spellings in the file have become one label."""
    written = frame[column]
    cleaned = {value: clean_label(value) for value in written.unique()}
    kinds: dict[str, list[str]] = {}
    for value, label in cleaned.items():
        if label:
            kinds.setdefault(label, []).append(value)
    frame[column] = written.map(cleaned).astype("str")
    changed = (written != frame[column]) & (frame[column] != "")
    if not changed.any():
        return []
    rows = tuple(int(r) for r in frame.loc[changed, "row"])
    merged = [f"{label!r} ({len(spellings)} spellings)" for label, spellings in kinds.items() if len(spellings) > 1]
    return [Notice("label_cleaned", "Outer space, invisible characters or decomposed accents are taken off "
                   f"{counted(len(rows), 'value')} of {column!r} ({rows_in_words(rows, line_of)})"
                   + (f"; so these become one label each: {listed(merged)}." if merged else "."), rows)]


def _clean_split(frame: pd.DataFrame) -> list[Notice]:
    written = frame["split"]
    plain = written.map(lambda word: _SPLIT_WORDS.get(clean_label(word).casefold(), clean_label(word).casefold()))
    known = plain.isin(["train", "validation", "test", ""])
    frame["split"] = plain.where(known, written).astype("str")
    read = Counter((str(a), str(b)) for a, b in zip(written, frame["split"], strict=True) if a != b)
    if not read:
        return []
    said = ", ".join(f"{a!r} as {b!r} ({counted(n, 'row')})" for (a, b), n in read.items())
    return [Notice("split_synonym", f"In the column 'split', these words are read: {said}.")]


def _without_empty(frame: pd.DataFrame, line_of: dict[int, int]) -> tuple[pd.DataFrame, list[Notice]]:
    notices = []
    for code, column, what in (("empty_input", "input", "text"), ("empty_label", _MAIN, "label")):
        empty = ~np.fromiter((_SHOWS.search(value) is not None for value in frame[column].tolist()), bool, len(frame))
        if empty.any():
            rows = tuple(int(r) for r in frame.loc[empty, "row"])
            notices.append(Notice(code, f"Left out: {counted(len(rows), 'row')} without a {what} "
                                  f"({rows_in_words(rows, line_of)}).", rows))
            frame = frame[~empty]
    return frame, notices


def _check_classes(name: str, frame: pd.DataFrame, column: str) -> None:
    labels = frame[_MAIN]
    if labels.nunique() < 2:
        found = f"only {labels.iloc[0]!r}" if len(labels) else "no label at all"
        raise InputError(f"{name} has {found} in the column {column!r}; expected at least two classes. "
                         "Add cases of another class, or name another column with --label.", file=name, column=column)
    if len(labels) > 2 and labels.nunique() == len(labels):
        raise InputError(
            f"{name}: every one of the {len(labels)} rows has a label of its own in {column!r}; expected classes that "
            "repeat. This is probably the wrong column; name the right one with --label.", file=name, column=column)


def _alike(frame: pd.DataFrame, group: tuple[str, ...]) -> Notice:
    counts = frame[_MAIN].value_counts()
    rows = tuple(int(r) for r in frame.loc[frame[_MAIN].isin(group[1:]), "row"])
    said = " and ".join(f"{label!r} ({int(counts[label])})" for label in group)
    if len({label.casefold() for label in group}) < len(group):
        how = "differ only in case"
    elif not all(label.isascii() for label in group):
        how = "look alike (letters of another script, or character width)"
    elif all(re.fullmatch(r"\d+(\.0+)?", label) for label in group):
        how = "are the same number"
    else:
        how = "differ only in spaces, hyphens or underscores"
    return Notice("label_look_alike", f"{said} {how}; they are kept as different classes. Make them one in the file if "
                  "they are.", rows)


def _several(frame: pd.DataFrame, line_of: dict[int, int]) -> list[Notice]:
    several = of_several(frame[_MAIN])
    if not several:
        return []
    rows = tuple(int(r) for r in frame.loc[frame[_MAIN].isin(several), "row"])
    look = "kind of label looks" if len(several) == 1 else "kinds of label look"
    return [Notice("several_labels", f"{len(several)} {look} like several in one, such as {several[0]!r} "
                   f"({rows_in_words(rows, line_of)}). One label a case is expected: each combination counts as a "
                   "class of its own. Keep one label in each row.", rows)]


def _fill_ids(frame: pd.DataFrame, line_of: dict[int, int]) -> list[Notice]:
    """Ids by content where the file has none, in place."""
    if "id" not in frame:
        frame.insert(0, "id", content_ids(frame))
        return []
    empty = frame["id"].str.strip() == ""
    if not empty.any():
        return []
    rows = tuple(int(r) for r in frame.loc[empty, "row"])
    frame.loc[empty, "id"] = content_ids(frame[empty])
    return [Notice("id_made", f"Ids are made from the content of {counted(len(rows), 'row')} without one "
                   f"({rows_in_words(rows, line_of)}).", rows)]
