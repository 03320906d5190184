"""Any file, upload or pasted text as a table: the content decides what it is, not its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from promptceiling.errors import InputError
from promptceiling.labeled_set.chat import from_chat
from promptceiling.labeled_set.columns import is_known
from promptceiling.labeled_set.decode import LARGEST_BYTES, decoded, kind_of, unpacked
from promptceiling.labeled_set.delimited import delimited
from promptceiling.labeled_set.json_table import json_table
from promptceiling.labeled_set.labeled_set import Notice
from promptceiling.labeled_set.table import Table, rows_in_words


def table_of_file(path: Path, *, sheet: str | None = None, named: tuple[str | None, ...] = ()) -> Table:
    """The table in a file; `named` are columns that the caller expects. Raises InputError where it cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)  # no more, whatever it is: a pipe or a device has no size to ask for
    except FileNotFoundError:
        raise InputError(
            f"There is no file {str(path)!r}. Check the path, or run from the folder that holds it"
            + (" (/dev/stdin is standard input)." if str(path) == "-" else "."), file=str(path)
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {why}. Choose a readable file.", file=str(path)) from None
    if len(raw) > LARGEST_BYTES:
        raise InputError(f"{path.name} has more than 1 GiB; expected a labeled set. Give a sample of it.",
                         file=path.name)
    return table_of_bytes(raw, path.name, sheet=sheet, named=named)


def table_of_bytes(raw: bytes, name: str, *, sheet: str | None = None, named: tuple[str | None, ...] = ()) -> Table:
    """The table in a file's bytes: gzip, Excel, Parquet, or text in any usual encoding."""
    from promptceiling.labeled_set.workbook import parquet, workbook

    raw = unpacked(raw, name)
    kind = kind_of(raw, name)
    if kind == "parquet":
        return from_chat(parquet(raw, name))
    if kind == "workbook":
        return workbook(raw, name, sheet, _known(named))
    text, encoding = decoded(raw, name)
    table = table_of_text(text, name, named=named)
    if encoding != "Windows-1252":
        return table
    rows = tuple(number for number, row in zip(table.numbers, table.rows, strict=True) if not "".join(row).isascii())
    return replace(table, notices=(Notice(
        "encoding", f"{name} is not UTF-8 and is read as Windows-1252; check the accents in "
        f"{rows_in_words(rows) if rows else 'the header'}.", rows), *table.notices))


def table_of_text(text: str, name: str, *, named: tuple[str | None, ...] = ()) -> Table:
    """The table in a text: JSON in one of its shapes, else delimited."""
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped:
        raise InputError(f"{name} is empty; expected a header line and one line a case. Choose another file.",
                         file=name)
    if stripped[0] == "{" or (stripped[0] == "[" and stripped[1:].lstrip()[:1] in ("{", "[", "]", "")):
        return from_chat(json_table(text, name))
    return delimited(text, name, _known(named))


def _known(named: tuple[str | None, ...]) -> Callable[[str], bool]:
    return lambda name: name in named or is_known(name)
