"""A table as read from a file: text cells, the file's own row numbers, and how to name a place in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptceiling.errors import InputError
from promptceiling.labeled_set.binary_cells import LARGEST_ROWS
from promptceiling.labeled_set.labeled_set import Notice

_SHOWN = 8
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of text, as the file holds them.

    Attributes
    ----------
    name: the file's name, for messages.
    header: column names without outer space.
    rows: one list of values a row, each as long as the header.
    numbers: 1-based data row of each row in the file (the header is not counted, blank rows are).
    lines: 1-based physical line on which each row begins; empty where the file has no lines.
    notices: what was noticed while the file was read.
    """

    name: str
    header: list[str]
    rows: list[list[str]]
    numbers: list[int]
    lines: list[int]
    notices: tuple[Notice, ...] = ()


def lines_of(text: str, begin: int = 0) -> Iterator[str]:
    r"""The physical lines from a position on, one at a time and with their ends: LF, CR and CRLF end a line.

    >>> list(lines_of("a\r\nb\rc"))
    ['a\r\n', 'b\r', 'c']
    """
    while begin < len(text):
        found = _LINE_END.search(text, begin)
        end = found.end() if found else len(text)
        yield text[begin:end]
        begin = end


def listed(items: Sequence[object], shown: int = _SHOWN) -> str:
    """The first items with commas, and how many more there are.

    >>> listed(range(1, 12))
    '1, 2, 3, 4, 5, 6, 7, 8 and 3 more'
    """
    head = ", ".join(map(str, items[:shown]))
    return head if len(items) <= shown else f"{head} and {len(items) - shown:,} more"


def counted(n: int, what: str) -> str:
    """A number with its noun, which takes an s unless there is one.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{n:,} {what}" + "s" * (n != 1)


def rows_in_words(rows: Sequence[int], line_of: dict[int, int] | None = None) -> str:
    """Row numbers for a notice, with physical lines where a line is not simply the row below one header line.

    >>> rows_in_words((2, 5)), rows_in_words((2, 5), {2: 3, 5: 9})
    ('rows 2, 5', 'rows 2, 5; lines 3, 9')
    """
    said = f"row{'s' if len(rows) > 1 else ''} {listed(rows)}"
    lines = [line_of[r] for r in rows if r in line_of] if line_of else []
    if line_of and any(line_of[r] not in (r, r + 1) for r in rows if r in line_of):
        said += f"; line{'s' if len(lines) > 1 else ''} {listed(lines)}"
    return said


def check_header(header: list[str], rows: list[list[str]], name: str) -> None:
    """Raises InputError where a column stands twice, or where there is no row below the header."""
    twice = [column for column, count in Counter(header).items() if count > 1 and column]
    if twice:
        raise InputError(f"{name} has the column {twice[0]!r} more than once. Rename or remove one.",
                         file=name, column=twice[0])
    if not rows:
        raise InputError(f"{name} has a header ({', '.join(n[:40] for n in header[:6])}) and no cases; expected one "
                         "row a case below it. Add some, or choose another file.", file=name)


def too_many_rows(name: str) -> InputError:
    """The refusal of a file with more rows than a labeled set can have."""
    return InputError(f"{name} has more than {LARGEST_ROWS:,} rows; expected a labeled set. Give a sample of it.",
                      file=name)
