"""Spreadsheets and Parquet files as tables of text; their cells are read in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from promptceiling.errors import InputError
from promptceiling.labeled_set.labeled_set import Notice
from promptceiling.labeled_set.table import Table, check_header, counted, rows_in_words, too_many_rows

SECONDS = 120
_SCRIPT = Path(__file__).with_name("binary_cells.py")
_Kind = Literal["spreadsheet", "parquet"]


def workbook(raw: bytes, name: str, sheet: str | None, known: Callable[[str], bool]) -> Table:
    """The table in a sheet of a spreadsheet (.xlsx, .xlsb, .xls, .ods): the one named, or the only one that fits.

    Text cells are text as written; a whole number has no ".0", a date is ISO, a formula is its saved value. Raises
    InputError where several sheets could be meant, naming them.
    """
    names, cells = _read_apart(raw, name, "spreadsheet", sheet)
    if sheet is not None and sheet not in names:
        raise InputError(f"{name} has no sheet {sheet!r}; found {', '.join(map(repr, names))}. "
                         "Name one of these with --sheet, or 'Sheet' in the form.", file=name)
    chosen = _only({title: _header(rows) for title, rows in cells.items()}, name, known)
    table = _table(cells[chosen], name)
    if len(names) == 1:
        return table
    said = Notice("sheet", f"The sheet {chosen!r} is read, of {', '.join(map(repr, names))}.")
    return replace(table, notices=(said, *table.notices))


def parquet(raw: bytes, name: str) -> Table:
    """The table in a Parquet file; missing values are "", all others their text."""
    if not raw.endswith(b"PAR1"):
        raise InputError(f"{name} is a Parquet file that is cut off: its last bytes are not PAR1. Write or download it "
                         "again.", file=name)
    names, cells = _read_apart(raw, name, "parquet", None)
    keep = [k for k, column in enumerate(names) if not column.startswith("__index_level_")]
    header = [names[k].strip() for k in keep]
    rows = [list(values) for values in zip(*(cells[""][k] for k in keep), strict=True)]
    check_header(header, rows, name)
    return Table(name, header, rows, list(range(1, len(rows) + 1)), [])


def _read_apart(raw: bytes, name: str, kind: _Kind, sheet: str | None) -> tuple[list[str], dict[str, list[list[str]]]]:
    """Names and cells as `binary_cells` reads them; whatever ends that process is a sentence here."""
    what = "a spreadsheet" if kind == "spreadsheet" else "a Parquet file"
    command = [sys.executable, "-P", str(_SCRIPT), kind, *([] if sheet is None else [sheet])]
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            command, input=raw, capture_output=True, timeout=SECONDS, check=False,
            env={**os.environ, "RUST_BACKTRACE": "0", "PYTHONIOENCODING": "utf-8"})
    except subprocess.TimeoutExpired:
        raise InputError(f"{name} is {what} that takes more than {SECONDS} s to read; expected a labeled set. Give a "
                         "sample of it, or export it as CSV.", file=name) from None
    answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": "damage"}
    if "missing" in answer:
        package = {"python_calamine": "python-calamine", "arro3": "arro3-io"}.get(answer["missing"], answer["missing"])
        raise InputError(f"{name} is {what}, which needs the package {package}. Install it (pip install {package}), or "
                         "export the labeled set as CSV.", file=name)
    if "rows" in answer:
        raise too_many_rows(name)
    if "error" in answer:
        why = "it is damaged" if kind == "parquet" else "it is damaged, or a filled cell lies far from all others"
        again = "Write it again" if kind == "parquet" else "Save it again"
        raise InputError(f"{name} is {what} that cannot be read: {why}. {again}, or export the labeled set as CSV.",
                         file=name)
    return answer["names"], answer["cells"]


def _header(rows: list[list[str]]) -> list[str]:
    return next((found for row in rows if any(found := [v.strip() for v in row])), [])


def _only(headers: dict[str, list[str]], name: str, known: Callable[[str], bool]) -> str:
    filled = [title for title, found in headers.items() if found]
    meant = [title for title in filled if sum(map(known, headers[title])) >= 2] or filled
    if not meant:
        raise InputError(f"{name} has no filled sheet; expected a header row and one row a case. Fill one.", file=name)
    if len(meant) > 1:
        raise InputError(f"{name} has {len(meant)} sheets that could be meant: {', '.join(map(repr, meant))}. "
                         "Say which with --sheet, or 'Sheet' in the form.", file=name)
    return meant[0]


def _table(sheet: Iterable[list[str]], name: str) -> Table:
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    lines: list[int] = []
    number = 0
    for line, values in enumerate(sheet, start=1):
        number += bool(header)
        if not any(v.strip() for v in values):
            continue
        if not header:
            header = [v.strip() for v in values]
            while not header[-1]:
                header.pop()
            continue
        if any(v.strip() for v in values[len(header):]):
            raise InputError(f"{name}, row {number} (line {line}) has a value beyond the header, which holds "
                             f"{counted(len(header), 'name')}; expected the columns' names in the first filled row. "
                             "Clear what stands above them, or the value.", file=name, row=number)
        rows.append((values + [""] * len(header))[: len(header)])
        numbers.append(number)
        lines.append(line)
    check_header(header, rows, name)
    blank = tuple(sorted(set(range(1, numbers[-1])) - set(numbers)))
    notices = (Notice("blank_row", f"Left out: {counted(len(blank), 'blank row')} ({rows_in_words(blank)}).", blank),
               ) if blank else ()
    return Table(name, header, rows, numbers, lines, notices)
