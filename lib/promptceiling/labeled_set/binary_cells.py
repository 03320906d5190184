"""The cells of a spreadsheet or Parquet file as text. A script: it reads the file in a process of its own.

What reads these formats is native code: some damage ends its process at once, and a small file can ask for any amount
of memory. So it runs apart, under limits, and what started it only ever sees an answer or none.

    python binary_cells.py spreadsheet|parquet [SHEET] < FILE

writes one JSON object: `names` (sheets, or the columns of a Parquet file) and `cells` ({sheet: rows}, or
{"": columns}); or `error`, the name of what was raised; or `missing`, a package that is not installed; or `rows`, where
there are more than may be.
"""

from __future__ import annotations

import datetime
import io
import json
import sys
from typing import Any

LARGEST_ROWS = 1_000_000
MEMORY_BYTES = 4 << 30


def cell(value: Any) -> str:
    """A value as text: text as written, nothing as "", a date as ISO, lists as JSON.

    >>> [cell(v) for v in ("007", None, 3.0, datetime.datetime(2026, 11, 23), [1, "é"])]
    ['007', '', '3.0', '2026-11-23', '[1, "é"]']
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # a missing number
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time() and value.tzinfo is None:
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=cell)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _whole(value: Any) -> Any:
    """A spreadsheet's number without ".0": it knows no other kind, and shows 3 for 3.0."""
    return int(value) if isinstance(value, float) and abs(value) < 1e15 and value.is_integer() else value


def spreadsheet(raw: bytes, sheet: str | None = None) -> dict[str, Any]:
    """The names of all sheets, and the rows of all, or of the one that is named."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    names = book.sheet_names
    wanted = names if sheet is None else [name for name in names if name == sheet]
    rows = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in wanted}
    return {"names": names, "cells": {name: [[cell(_whole(v)) for v in row] for row in rows[name]] for name in wanted}}


def parquet(raw: bytes) -> dict[str, Any]:
    """The names of the columns, and their values."""
    from arro3.io import read_parquet

    batches = read_parquet(io.BytesIO(raw), batch_size=8192)
    names = batches.schema.names
    columns: list[list[str]] = [[] for _ in names]
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if rows > LARGEST_ROWS:
            return {"rows": rows}
        for values, column in zip(columns, batch.columns, strict=True):
            values.extend(map(cell, column.to_pylist()))
    return {"names": names, "cells": {"": columns}}


def main(arguments: list[str]) -> None:
    """Answer on standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except (ImportError, ValueError, OSError):
        pass  # no such limit on this system: the time limit of the caller remains
    raw = sys.stdin.buffer.read()
    try:
        answer = parquet(raw) if arguments[0] == "parquet" else spreadsheet(raw, *arguments[1:])
    except ImportError as error:
        answer = {"missing": error.name}
    except Exception as error:  # noqa: BLE001  # whatever a reader raises is told by name
        answer = {"error": type(error).__name__}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
