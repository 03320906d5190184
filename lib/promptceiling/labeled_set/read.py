"""Read a labeled set: text stays text, what is dropped is said, what cannot be read is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from promptceiling.errors import InputError
from promptceiling.labeled_set.clean import labeled_set_from
from promptceiling.labeled_set.columns import INPUT_NAMES, LABEL_NAMES, text_column
from promptceiling.labeled_set.formats import table_of_bytes, table_of_file, table_of_text
from promptceiling.labeled_set.json_table import as_text
from promptceiling.labeled_set.labeled_set import LabeledSet
from promptceiling.labeled_set.labels import INVISIBLE, clean_label
from promptceiling.labeled_set.table import Table

__all__ = ["INPUT_NAMES", "LABEL_NAMES", "clean_label", "data_file", "labeled_set_of", "labeled_set_of_bytes",
           "labeled_set_of_text", "read_labeled_set", "read_texts", "texts_of_bytes"]

PASTED = "pasted text"


def data_file(name: str) -> Path:
    """The path of a file that comes with the project, e.g. "support_tickets.csv"."""
    here = Path(__file__).resolve()
    for root in (here.parents[3] / "data", here.parents[1] / "data"):
        if (root / name).is_file():
            return root / name
    raise InputError(
        f"{name} was not found in the project's data folder ({here.parents[3] / 'data'}). "
        "Restore it from the repository (git checkout -- data).",
        file=name,
    )


def read_labeled_set(
    path: str | Path, *, input_column: str | None = None, label_column: str | None = None, sheet: str | None = None
) -> LabeledSet:
    """The labeled set in a file: CSV and its relatives, JSON Lines, JSON, Parquet, Excel (.xlsx), or gzip of these.

    The content decides which it is, and in which encoding. Columns are `input` and `expected_category` or a usual
    synonym (told in a notice), unless named by the caller. All values are text as written: "NA", "None" and "007" stay.
    Labels lose outer space and invisible characters and are put into Unicode NFC; half a character (a lone surrogate)
    becomes U+FFFD. Rows without text or without a label and columns that cannot be kept are left out. Notices list what
    was changed or left out.

    Raises InputError, one sentence with file, row, column, found, expected and remedy, for a file that cannot be used.
    """
    path = Path(path)
    table = table_of_file(path, sheet=sheet, named=(input_column, label_column))
    return labeled_set_from(table, _stem(path.name), input_column, label_column)


def labeled_set_of_bytes(
    content: bytes, name: str, *, input_column: str | None = None, label_column: str | None = None,
    sheet: str | None = None,
) -> LabeledSet:
    """The labeled set in the bytes of an upload, read as `read_labeled_set` reads a file of that name.

    >>> labeled_set_of_bytes(b"text,label\\na,x\\nb,y\\n", "tickets.csv").labels()
    ('x', 'y')
    """
    table = table_of_bytes(bytes(content), name, sheet=sheet, named=(input_column, label_column))
    return labeled_set_from(table, _stem(name), input_column, label_column)


def labeled_set_of_text(
    text: str, *, name: str = PASTED, input_column: str | None = None, label_column: str | None = None
) -> LabeledSet:
    """The labeled set in pasted text: delimited (cells copied from a spreadsheet are), JSON Lines or JSON."""
    table = table_of_text(text, name, named=(input_column, label_column))
    return labeled_set_from(table, name, input_column, label_column)


def labeled_set_of(records: Iterable[Mapping[str, object]], *, name: str = "cases") -> LabeledSet:
    """The labeled set of dicts with `input` and `expected_category` (or a synonym); ids follow from the content.

    >>> len(labeled_set_of([{"input": "a", "expected_category": "x"}, {"input": "b", "expected_category": "y"}]))
    2
    """
    records = list(records)
    for number, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise InputError(f"{name}, row {number} is a {type(record).__name__}; expected a dict with 'input' and "
                             "'expected_category'. Correct it.", file=name, row=number)
    if not records:
        raise InputError(f"{name} is empty; expected dicts with 'input' and 'expected_category'. Add cases.", file=name)
    header = list(dict.fromkeys(str(key) for record in records for key in record))
    rows = [[_plain(record.get(key)) for key in header] for record in records]
    return labeled_set_from(Table(name, header, rows, list(range(1, len(rows) + 1)), []), name, None, None)


def read_texts(path: str | Path, *, input_column: str | None = None, sheet: str | None = None) -> tuple[str, ...]:
    """The texts of an unlabeled sample, such as production traffic, from any file that `read_labeled_set` takes.

    Texts of only spaces are left out. A file with one column needs no known name for it, nor a header: a first line of
    several words is the first text.
    """
    return _texts(table_of_file(Path(path), sheet=sheet, named=(input_column,)), input_column)


def texts_of_bytes(
    content: bytes, name: str, *, input_column: str | None = None, sheet: str | None = None
) -> tuple[str, ...]:
    """The texts in the bytes of an upload, read as `read_texts` reads a file of that name."""
    return _texts(table_of_bytes(bytes(content), name, sheet=sheet, named=(input_column,)), input_column)


def _texts(table: Table, input_column: str | None) -> tuple[str, ...]:
    at = 0 if len(table.header) == 1 and input_column is None else text_column(table, input_column)
    first = [table.header[0]] if len(table.header) == 1 and len(table.header[0].split()) > 2 else []
    texts = tuple(text for text in (*first, *(row[at] for row in table.rows)) if text.translate(INVISIBLE).strip())
    if not texts:
        raise InputError(f"{table.name} has no text in the column {table.header[at]!r}; expected one a row. "
                         "Name another column with --input.", file=table.name, column=table.header[at])
    return texts


def _stem(name: str) -> str:
    return re.sub(r"(?<=.)\.\w{1,8}$", "", re.sub(r"(?i)(?<=.)\.gz$", "", name))


def _plain(value: object) -> str:
    """A value of a Python record as text: a number or truth value as Python writes it."""
    return str(value) if isinstance(value, int | float) else as_text(value)
