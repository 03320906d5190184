"""JSON as a table: one object a line, an array of objects, or an object of columns; numbers stay as written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from promptceiling.errors import InputError
from promptceiling.labeled_set.binary_cells import LARGEST_ROWS
from promptceiling.labeled_set.labeled_set import Notice
from promptceiling.labeled_set.table import Table, counted, lines_of, rows_in_words, too_many_rows

_LARGEST_WIDTH = 1_000
_LIKE = 'such as {"input": "...", "expected_category": "..."}'


class _Number(str):
    """A number of a JSON text, as written there."""

    __slots__ = ()


class _Twice(ValueError):
    """An object has a key more than once."""


def json_table(text: str, name: str) -> Table:
    r"""The table in a JSON text, in whichever of the usual shapes.

    One object a line (JSON Lines), an array of objects, objects one after the other, an object of columns (lists, or
    objects by row), `{"columns": [...], "data": [[...]]}`, or an object with one list of objects in it. null is "";
    numbers, true and false stay as written; lists and objects stay JSON. Rows of JSON Lines are numbered by line.

    >>> json_table('[{"input": "a", "label": 1.0}, {"input": "b"}]', "t.json").rows
    [['a', '1.0'], ['b', '']]
    """
    stripped = text.strip("\ufeff \t\r\n")
    first = next(lines_of(stripped)).rstrip()
    if stripped.startswith("{") and not _is_object(first):
        return _one_object(stripped, text, name)
    if stripped.startswith("{") and len(first) == len(stripped) and (whole := _columns(_value(stripped))) is not None:
        return _table(whole, [], name)
    found = list(_array(text, name) if stripped.startswith("[") else _lines(text, name))
    return _table([(row, record) for row, _, record in found], [line for _, line, _ in found], name)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for key in keys if keys.count(key) > 1))
    return record


def _value(text: str) -> Any:
    try:
        return _decoder().decode(text)
    except (ValueError, RecursionError):
        return None


def _is_object(line: str) -> bool:
    try:
        return isinstance(_decoder().decode(line), dict)
    except _Twice:
        return True
    except (ValueError, RecursionError):
        # the first of several lines that is broken is a broken line; an opening brace alone is a longer object
        return len(line) > 1 and line.endswith("}")


def _lines(text: str, name: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    decoder = _decoder()
    for number, line in enumerate(lines_of(text), start=1):
        plain = line.strip("\ufeff \t\r\n")
        if not plain:
            continue
        if number > LARGEST_ROWS:
            raise too_many_rows(name)
        try:
            record = decoder.decode(plain)
        except _Twice as error:
            raise _twice(name, f"line {number}", number, str(error)) from None
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            cut = " (the text seems cut off)" if plain.startswith("{") and not plain.endswith("}") else ""
            raise InputError(f"{name}, line {number} is not a JSON object{cut}; expected one object a line, {_LIKE}. "
                             "Correct or remove the line.", file=name, row=number)
        yield number, number, record


def _array(text: str, name: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    decoder, at, row, line, seen = _decoder(), text.index("[") + 1, 0, 1, 0
    while True:
        at = _past_space(text, at)
        if text[at : at + 1] == "]" and row == 0:
            return
        line, seen = line + text.count("\n", seen, at), at
        row += 1
        if row > LARGEST_ROWS:
            raise too_many_rows(name)
        try:
            record, at = decoder.raw_decode(text, at)
        except _Twice as error:
            raise _twice(name, f"case {row} (line {line})", row, str(error)) from None
        except (ValueError, RecursionError):
            raise InputError(f"{name}, case {row} (line {line}) is not JSON; the file is probably cut off after "
                             f"{row - 1} cases. Export it again.", file=name, row=row) from None
        if not isinstance(record, dict):
            raise InputError(f"{name}, case {row} (line {line}) is not an object; expected an array of objects, "
                             f"{_LIKE}. Give every value its column's name.", file=name, row=row)
        yield row, line, record
        at = _past_space(text, at)
        if text[at : at + 1] not in (",", "]"):
            raise InputError(f"{name} ends or breaks after case {row} (line {line}); expected ',' or ']'. The file is "
                             "probably cut off: export it again.", file=name, row=row)
        if text[at] == "]":
            return
        at += 1


def _one_object(stripped: str, text: str, name: str) -> Table:
    """An object that spans lines: columns, or the first of several objects."""
    try:
        value, end = _decoder().raw_decode(stripped)
    except _Twice as error:
        raise _twice(name, "the object", 1, str(error)) from None
    except (ValueError, RecursionError):
        line = len(stripped.splitlines()) if "\n" in stripped else 1
        raise InputError(f"{name}, line {line} is not a JSON object: the text is cut off or broken; expected one "
                         f"object a line, {_LIKE}, or an array of them. Export it again.", file=name, row=1) from None
    if end == len(stripped):
        columns = _columns(value)
        return _table(columns if columns is not None else [(1, value)], [], name)
    found, at = [(1, value)], _past_space(stripped, end)
    while at < len(stripped):
        try:
            value, at = _decoder().raw_decode(stripped, at + (stripped[at] == ","))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise InputError(f"{name}, case {len(found) + 1} is not a whole JSON object; expected one a case, {_LIKE}. "
                             "The file is probably cut off: export it again.", file=name, row=len(found) + 1)
        found.append((len(found) + 1, value))
        at = _past_space(stripped, at)
    return _table(found, [], name)


def _columns(value: Any) -> list[tuple[int, dict[str, Any]]] | None:
    """Rows of an object that holds columns or one list of objects; None where it is a single case."""
    if not isinstance(value, dict) or not value:
        return None
    if set(value) >= {"columns", "data"} and all(isinstance(v, list) for v in (value["columns"], value["data"])):
        rows = [dict(zip(map(str, value["columns"]), row, strict=False)) for row in value["data"]
                if isinstance(row, list)]
        return list(enumerate(rows, start=1))
    lists = [v for v in value.values() if isinstance(v, list)]
    if len(lists) == 1 and len(value) <= 3 and lists[0] and all(
        isinstance(record, dict) and "role" not in record for record in lists[0]
    ):
        return list(enumerate(lists[0], start=1))
    if len(value) > 1 and len(lists) == len(value) and len({len(v) for v in lists}) == 1:
        return [(k + 1, {key: value[key][k] for key in value}) for k in range(len(lists[0]))]
    inner = [v for v in value.values() if isinstance(v, dict)]
    if len(value) > 1 and len(inner) == len(value) and len({tuple(sorted(v)) for v in inner}) == 1:
        return [(k, {key: value[key][at] for key in value}) for k, at in enumerate(inner[0], start=1)]
    return None


def _table(found: list[tuple[int, dict[str, Any]]], lines: list[int], name: str) -> Table:
    if not found:
        raise InputError(f"{name} has no cases; expected one object a case, {_LIKE}. Export it again.", file=name)
    if len(found) > LARGEST_ROWS:
        raise too_many_rows(name)
    header = list(dict.fromkeys(key for _, record in found for key in record))
    if len(header) > _LARGEST_WIDTH:
        raise InputError(f"{name} has {len(header):,} different keys in {len(found):,} cases; expected the same few in "
                         f"each, {_LIKE}. Export it again.", file=name)
    numbers = [row for row, _ in found]
    blank = tuple(sorted(set(range(1, numbers[-1])) - set(numbers)))
    notices = (Notice("blank_row", f"Left out: {counted(len(blank), 'blank line')} ({rows_in_words(blank)}).", blank),
               ) if blank else ()
    rows = []
    for number, record in found:
        try:
            rows.append([_turns(v) if k == "messages" else as_text(v) for k in header for v in (record.get(k),)])
        except RecursionError:
            raise InputError(f"{name}, case {number} holds lists or objects that are nested too deeply; expected texts "
                             "and labels. Remove that value.", file=name, row=number) from None
    return Table(name, [key.strip() for key in header], rows, numbers, lines, notices)


def as_text(value: Any) -> str:
    """A JSON value as text: text and numbers as written, null as "", everything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_nested, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_nested(key)}: {_nested(v)}' for key, v in value.items())}}}"
    return json.dumps(value)


def _turns(value: Any) -> str:
    """Chat turns as JSON; they hold texts, so that numbers need no care and the fast encoder will do."""
    return json.dumps(value) if isinstance(value, list) else as_text(value)


def _nested(value: Any) -> str:
    if value is None or (isinstance(value, str) and not isinstance(value, _Number)):
        return json.dumps(value, ensure_ascii=False)
    return as_text(value)


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff":
        at += 1
    return at


def _twice(name: str, where: str, row: int, key: str) -> InputError:
    return InputError(f"{name}, {where} has the key {key!r} more than once. Rename or remove one.",
                      file=name, row=row, column=key)
