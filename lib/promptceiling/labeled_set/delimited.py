"""Delimited text (CSV and its relatives) as a table, with the physical line of every row."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import islice

from promptceiling.errors import InputError
from promptceiling.labeled_set.binary_cells import LARGEST_ROWS
from promptceiling.labeled_set.labeled_set import Notice
from promptceiling.labeled_set.table import Table, check_header, counted, lines_of, rows_in_words, too_many_rows

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 200_000
_LARGEST_FIELD = 100_000_000


def delimited(text: str, name: str, known: Callable[[str], bool]) -> Table:
    r"""The table in a delimited text: the first row that is not blank is the header.

    The delimiter is the one that a first line `sep=;` names, else the one under which most of the header's names are
    `known` and most rows are as wide as the header. Quoted values may hold delimiters, line breaks and doubled marks;
    the rule of a Markdown table is no row. Raises InputError for an unclosed quotation mark and for a row with more or
    fewer values than the header.

    >>> delimited('text;label\n"a;b";x\n', "t.csv", {"text", "label"}.__contains__).rows
    [['a;b', 'x']]
    """
    csv.field_size_limit(_LARGEST_FIELD)
    skipped, begin, delimiter = _sep_line(text)
    delimiter = delimiter or _delimiter(text[begin : begin + _SAMPLE], known)
    reader = csv.reader(lines_of(text, begin), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    lines: list[int] = []
    blank: list[tuple[int, int, bool]] = []
    number, line, wide = 0, skipped + 1, 0
    try:
        for values in reader:
            begins, line = line, skipped + reader.line_num + 1
            if header:
                number += 1
                if number > LARGEST_ROWS:
                    raise too_many_rows(name)
            if not "".join(values).strip():
                if header:
                    blank.append((number, begins, len(values) > 1))
            elif not header:
                header = [value.strip() for value in values]
            elif delimiter == "|" and not rows and set("".join(values)) <= set("-: "):
                number -= 1  # the rule under the header of a Markdown table
            else:
                if len(values) != len(header):
                    wide += len(values) > len(header)
                    values = _fitted(values, header, name, number, begins, delimiter)
                rows.append(values)
                numbers.append(number)
                lines.append(begins)
    except csv.Error as error:
        where = f"{name}, row {number + 1} (line {line})"
        if "limit" in str(error):
            raise InputError(f"{where} has a value of more than {_LARGEST_FIELD:,} characters; expected a text. "
                             "Cut it, or close the quotation mark before it.", file=name, row=number + 1) from None
        found = "ends the file within quotation marks" if "end of data" in str(error) else (
            "has text behind a closing quotation mark")
        raise InputError(f"{where} {found}; expected a quoted text and then {delimiter!r} or the line's end. A "
                         'quotation mark is probably not closed, or one inside the text is not doubled ("").',
                         file=name, row=number + 1) from None
    check_header(header, rows, name)
    return Table(name, header, rows, numbers, lines, _notices(blank, numbers, wide))


def _sep_line(text: str) -> tuple[int, int, str | None]:
    """Lines passed over, where the table begins, and the delimiter that an Excel line such as `sep=;` names."""
    first = next(lines_of(text[:100]))
    told = first.strip("\ufeff\r\n \"")
    if told.lower().startswith("sep=") and len(told) == 5:
        return 1, len(first), told[4]
    return (1, len(first), "\t") if told.lower() == "sep=" and "\t" in first else (0, 0, None)


def _delimiter(head: str, known: Callable[[str], bool]) -> str:
    def fit(delimiter: str) -> tuple[int, float, int]:
        try:
            sample = list(islice(csv.reader(lines_of(head), delimiter=delimiter), 60))
        except csv.Error:
            return (0, 0.0, 0)
        full = [row for row in sample if any(v.strip() for v in row)]
        if not full:
            return (0, 0.0, 0)
        width = len(full[0])
        alike = sum(len(row) == width for row in full) / len(full) if width > 1 else 0.0
        return (sum(known(value.strip()) for value in full[0]), alike, width)

    return max(DELIMITERS, key=fit)


def _fitted(values: list[str], header: list[str], name: str, row: int, line: int, delimiter: str) -> list[str]:
    if len(values) > len(header) and not any(v.strip() for v in values[len(header):]):
        return values[: len(header)]
    raise InputError(
        f"{name}, row {row} (line {line}) has {counted(len(values), 'value')} where the header has {len(header)}. "
        f"Quote texts that contain {delimiter!r} or line breaks.", file=name, row=row)


def _notices(blank: list[tuple[int, int, bool]], numbers: list[int], wide: int) -> tuple[Notice, ...]:
    notices = []
    dropped = [(number, line) for number, line, marked in blank if marked or number < numbers[-1]]
    if dropped:
        rows = tuple(number for number, _ in dropped)
        notices.append(Notice("blank_row", f"Left out: {counted(len(rows), 'blank row')} "
                              f"({rows_in_words(rows, dict(dropped))}).", rows))
    if wide:
        notices.append(Notice("trailing_delimiter",
                              f"Left out: empty values beyond the header, in {counted(wide, 'row')}."))
    return tuple(notices)
