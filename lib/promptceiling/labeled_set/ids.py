"""Ids that follow from the content of a case, and checks of the ids and splits that a file brings."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD

SPLITS = ("train", "validation", "test")


def content_ids(frame: pd.DataFrame) -> list[str]:
    """Ids that follow from text and label, the same whatever the order of rows; repeats are numbered."""
    texts, labels = frame["input"].tolist(), frame[EXPECTED + MAIN_FIELD].tolist()
    return _numbered(f"{text}\0{label}" for text, label in zip(texts, labels, strict=True))


def _numbered(contents: Iterable[str]) -> list[str]:
    seen: Counter[str] = Counter()
    ids = []
    for content in contents:
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        seen[digest] += 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def check_ids(name: str, frame: pd.DataFrame) -> None:
    """Raises InputError with file, row and column where an id stands twice."""
    twice = frame[frame["id"].duplicated(keep="first")]
    if len(twice):
        row, found = int(twice["row"].iloc[0]), str(twice["id"].iloc[0])
        first = int(frame.loc[frame["id"] == found, "row"].iloc[0])
        raise InputError(
            f"{name}, row {row} repeats the id {found!r} of row {first}. "
            "Make ids unique, or remove the column to have them made from the content.",
            file=name, row=row, column="id")


def check_split(frame: pd.DataFrame, name: str) -> None:
    """Raises InputError with file, row and column where a case is in none of the three splits."""
    bad = frame[~frame["split"].isin(SPLITS)]
    if len(bad):
        row, found = int(bad["row"].iloc[0]), str(bad["split"].iloc[0])
        told = f"the split {found[:60]!r}" if found else "no split, while others have one"
        raise InputError(f"{name}, row {row} has {told}; expected train, validation or test in every row. Correct it, "
                         "or remove the column to have the set split here.", file=name, row=row, column="split")
