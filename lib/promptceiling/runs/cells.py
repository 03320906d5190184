"""Texts as cells of a CSV file that a spreadsheet takes for texts, and never for formulas."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def written_cell(text: str) -> str:
    """A text as it stands in a file: with an apostrophe before what a spreadsheet would take for a formula.

    Plain numbers stay as they are, such as the label "-1". `read_cell` takes the apostrophe away.

    >>> written_cell("=1+1"), written_cell("-1"), written_cell("don't")
    ("'=1+1", '-1', "don't")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def read_cell(text: str) -> str:
    """The text that `written_cell` was given.

    >>> read_cell("'=1+1"), read_cell("''=1"), read_cell("'tis")
    ('=1+1', "'=1", "'tis")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
