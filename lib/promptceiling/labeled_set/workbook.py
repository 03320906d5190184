"""Spreadsheets and Parquet files as tables of text."""

from __future__ import annotations

import datetime
import io
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from promptceiling.errors import InputError
from promptceiling.labeled_set.json_table import as_text
from promptceiling.labeled_set.labeled_set import Notice
from promptceiling.labeled_set.table import Table, rows_in_words

_DAMAGED = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RuntimeError, ArithmeticError,
            OSError, EOFError, MemoryError, struct.error, zlib.error)  # what readers raise for damaged files


def workbook(raw: bytes, name: str, sheet: str | None, known: Callable[[str], bool]) -> Table:
    """The table in a sheet of an Excel file (.xlsx, .xlsb, .xls): the one named, or the only one that fits.

    Text cells are text as written; a whole number has no ".0", a date is ISO, a formula is its saved value. Raises
    InputError where several sheets could be meant, naming them.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # imported late: few files are workbooks
    except ImportError:
        raise _not_installed(name, "a spreadsheet", "python-calamine", "CSV") from None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        if sheet is not None and sheet not in book.sheet_names:
            raise InputError(f"{name} has no sheet {sheet!r}; found {', '.join(map(repr, book.sheet_names))}. "
                             "Name one of these with --sheet.", file=name)
        names = [sheet] if sheet is not None else book.sheet_names
        cells: dict[str, Any] = {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in names}
    except (CalamineError, *_DAMAGED) as error:
        raise InputError(f"{name} is a spreadsheet that cannot be read ({type(error).__name__}); it is probably "
                         "damaged or protected. Save it again, or export the sheet as CSV.", file=name) from None
    chosen = _only({n: _header(rows) for n, rows in cells.items()}, name, known)
    table = _table(cells[chosen], name)
    if len(book.sheet_names) == 1:
        return table
    said = Notice("sheet", f"The sheet {chosen!r} is read, of {', '.join(map(repr, book.sheet_names))}.")
    return Table(name, table.header, table.rows, table.numbers, [], (said, *table.notices))


def parquet(raw: bytes, name: str) -> Table:
    """The table in a Parquet file; missing values are "", all others their text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks up an option that pandas calls deprecated
            from fastparquet import ParquetFile  # type: ignore[import-untyped, unused-ignore]  # imported late, as above
    except ImportError:
        raise _not_installed(name, "a Parquet file", "fastparquet", "CSV or JSON Lines") from None
    if not raw.endswith(b"PAR1"):
        raise InputError(f"{name} is a Parquet file that is cut off: its last bytes are not PAR1. Write or download it "
                         "again.", file=name)
    try:
        frame = ParquetFile(io.BytesIO(raw)).to_pandas(index=False)
        header = [str(column).strip() for column in frame.columns]
        columns = [[_cell(v) for v in frame.iloc[:, k].astype(object)] for k in range(len(header))]
    except _DAMAGED as error:
        raise InputError(f"{name} is a Parquet file that cannot be read ({type(error).__name__}: an encoding that is "
                         "not known, or damage). Write it again with pandas' defaults, or as CSV.", file=name) from None
    keep = [k for k, column in enumerate(header) if not column.startswith("__index_level_")]
    header = [header[k] for k in keep]
    rows = [list(values) for values in zip(*(columns[k] for k in keep), strict=True)]
    _check(header, rows, name)
    return Table(name, header, rows, list(range(1, len(rows) + 1)), [])


def _header(rows: list[list[Any]]) -> list[str]:
    return next((found for row in rows if any(found := [_cell(v).strip() for v in row])), [])


def _only(headers: dict[str, list[str]], name: str, known: Callable[[str], bool]) -> str:
    filled = [title for title, found in headers.items() if found]
    meant = [title for title in filled if sum(map(known, headers[title])) >= 2] or filled
    if not meant:
        raise InputError(f"{name} has no filled sheet; expected a header row and one row a case. Fill one.", file=name)
    if len(meant) > 1:
        raise InputError(f"{name} has {len(meant)} sheets that could be meant: {', '.join(map(repr, meant))}. "
                         "Say which with --sheet.", file=name)
    return meant[0]


def _table(sheet: Iterable[list[Any]], name: str) -> Table:
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    number = 0
    for cells in sheet:
        values = [_cell(int(v) if isinstance(v, float) and v.is_integer() else v) for v in cells]
        number += bool(header)
        if not any(v.strip() for v in values):
            continue
        if not header:
            header = [v.strip() for v in values]
            while not header[-1]:
                header.pop()
            continue
        if any(v.strip() for v in values[len(header):]):
            raise InputError(f"{name}, row {number} has a value beyond the {len(header)} columns of the header. "
                             "Give its column a name or clear it.", file=name, row=number)
        rows.append((values + [""] * len(header))[: len(header)])
        numbers.append(number)
    _check(header, rows, name)
    blank = tuple(sorted(set(range(1, numbers[-1])) - set(numbers)))
    notices = (Notice("blank_row", f"{len(blank)} blank rows are left out ({rows_in_words(blank)}).", blank),
               ) if blank else ()
    return Table(name, header, rows, numbers, [], notices)


def _check(header: list[str], rows: list[list[str]], name: str) -> None:
    twice = [column for column, count in Counter(header).items() if count > 1 and column]
    if twice:
        raise InputError(f"{name} has the column {twice[0]!r} more than once. Rename or remove one.",
                         file=name, column=twice[0])
    if not rows:
        raise InputError(f"{name} has a header ({', '.join(n[:40] for n in header[:6])}) and no cases. Expected one "
                         "row a case.", file=name)


def _not_installed(name: str, what: str, package: str, instead: str) -> InputError:
    return InputError(f"{name} is {what}, which needs the package {package}. Install it (pip install {package}), or "
                      f"export the labeled set as {instead}.", file=name)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float | datetime.date) and value != value):  # a missing number or date
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | dict):
        return as_text(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
