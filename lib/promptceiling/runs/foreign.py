"""Results of other tools as rows: promptfoo's (JSON, JSONL), Inspect's (JSON), DSPy's CSV, any table or JSONL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptceiling.errors import InputError
from promptceiling.labeled_set.decode import decoded, kind_of, unpacked
from promptceiling.labeled_set.formats import table_of_bytes
from promptceiling.runs.cells import read_cell
from promptceiling.runs.foreign_row import (
    EXPECTED,
    IDS,
    INPUT,
    PREDICTED,
    ForeignRow,
    count_of,
    dict_of,
    number_of,
    said,
    text_of,
)
from promptceiling.runs.promptfoo import is_promptfoo, promptfoo_row


def read_foreign(path: str | Path) -> tuple[str, list[ForeignRow]]:
    """The tool that wrote a file ("promptfoo", "inspect", "dspy" or "predictions") and its rows.

    The kind is told by what is in the file. Raises InputError naming the file, and the row where it is one.
    """
    path = Path(path)
    try:
        raw = unpacked(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise InputError(f"There is no file {str(path)!r}. Check the path.", file=str(path)) from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.", file=path.name) from None
    if raw[:2] == b"PK" and any(part in raw for part in (b"_journal/", b"header.json")):
        raise InputError(f"{path.name} is a zip file, as Inspect's .eval logs are. Write it as JSON with `inspect "
                         "log dump FILE > log.json`, and import that.", file=path.name)
    text = decoded(raw, path.name)[0].lstrip("\ufeff \t\r\n") if kind_of(raw, path.name) == "text" else ""
    found = _of_json(path, text) if text[:1] in ("{", "[") else _of_table(path, _table_rows(path, raw))
    kind, rows = found[0], list(found[1])
    if not rows:
        raise InputError(f"{path.name} holds no results.", file=path.name)
    return kind, rows


def _of_json(path: Path, text: str) -> tuple[str, Iterator[ForeignRow]]:
    try:
        whole = json.loads(text)
    except RecursionError:
        raise InputError(f"{path.name} is nested too deeply to be a tool's results.", file=path.name) from None
    except ValueError:
        return _of_table(path, _jsonl_rows(path, text))
    if isinstance(whole, list):
        return _of_table(path, [_record(path, k, row) for k, row in enumerate(whole, 1)])
    results = whole.get("results")
    if isinstance(results, dict):
        results = results.get("results")
    if isinstance(results, list):
        return "promptfoo", (promptfoo_row(_record(path, k, row)) for k, row in enumerate(results, 1))
    if isinstance(whole.get("samples"), list) and isinstance(whole.get("eval"), dict):
        head = whole["eval"]
        return "inspect", (_inspect(head, _record(path, k, row)) for k, row in enumerate(whole["samples"], 1))
    if "eval" in whole and "samples" not in whole:
        raise InputError(f"{path.name} is an Inspect log without its samples. Write it again with `inspect log dump`.",
                         file=path.name)
    return _of_table(path, [whole])


def _of_table(path: Path, rows: list[Mapping[str, Any]]) -> tuple[str, Iterator[ForeignRow]]:
    if rows and all(map(is_promptfoo, rows)):
        return "promptfoo", map(promptfoo_row, rows)
    columns = set[str]().union(*rows)
    guess = next((c for c in sorted(columns) if c.startswith("pred_") and f"example_{c[5:]}" in columns), None)
    if guess:
        expected = f"example_{guess[5:]}"
        return "dspy", (ForeignRow(  # an example that failed has no prediction, and its label no prefix
            text_of(r, "id"), text_of(r, *INPUT), text_of(r, expected) or text_of(r, guess[5:]), text_of(r, guess),
            "program", "dspy", failed=guess not in r) for r in rows)
    if columns.isdisjoint(PREDICTED):
        raise InputError(
            f"{path.name} is neither promptfoo's nor Inspect's JSON, nor a table with a column 'predicted' (or, as "
            f"DSPy writes it, 'example_NAME' and 'pred_NAME'); found {', '.join(sorted(columns)[:12])}. Of promptfoo's "
            "formats, .json and .jsonl are read.",
            file=path.name, column="predicted")
    return "predictions", (_plain(path, k, row) for k, row in enumerate(rows, 1))


def _inspect(head: Mapping[str, Any], row: Mapping[str, Any]) -> ForeignRow:
    output = dict_of(row, "output")
    choice = next((c for c in output.get("choices") or [] if isinstance(c, dict)), {})
    text = output.get("completion")
    if not isinstance(text, str):
        text = said(dict_of(choice, "message").get("content"))
    target = row.get("target")
    usage = dict_of(output, "usage")
    cached = count_of(usage.get("input_tokens_cache_read"))
    given = count_of(usage.get("input_tokens"))
    return ForeignRow(
        text_of(row, "id"), _last_user(row.get("input")),
        str(target[0] if isinstance(target, list) and target else target or ""), text,
        str(head.get("task") or "task"), str(output.get("model") or head.get("model") or "inspect"),
        repeat=max(0, (count_of(row.get("epoch")) or 1) - 1), failed=bool(row.get("error")) or not choice,
        refused=choice.get("stop_reason") == "content_filter",
        truncated=choice.get("stop_reason") in ("max_tokens", "model_length"),
        latency_s=number_of(output.get("time")), input_tokens=None if given is None else given + (cached or 0),
        cached_tokens=cached, output_tokens=count_of(usage.get("output_tokens")))


def _plain(path: Path, number: int, row: Mapping[str, Any]) -> ForeignRow:
    outcome = text_of(row, "outcome") or "answered"
    repeat = text_of(row, "repeat") or "0"
    if not repeat.isdecimal():
        raise InputError(f"{path.name}, row {number} has the repeat {repeat!r}; expected a number from 0.",
                         file=path.name, row=number, column="repeat")
    return ForeignRow(
        text_of(row, *IDS), text_of(row, *INPUT), text_of(row, *EXPECTED), text_of(row, *PREDICTED),
        text_of(row, "variant") or path.stem, text_of(row, "model") or path.stem, int(repeat), outcome == "failed",
        outcome == "refused", outcome == "truncated", number_of(row.get("latency_s")),
        count_of(row.get("input_tokens")), count_of(row.get("cached_tokens")), count_of(row.get("output_tokens")))


def _table_rows(path: Path, raw: bytes) -> list[Mapping[str, Any]]:
    table = table_of_bytes(raw, path.name, named=(*IDS, *INPUT, *EXPECTED, *PREDICTED))
    return [dict(zip(table.header, map(read_cell, row), strict=True)) for row in table.rows]


def _jsonl_rows(path: Path, text: str) -> list[Mapping[str, Any]]:
    rows = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), 1):
        try:
            rows.append(_record(path, number, json.loads(line)))
        except (ValueError, RecursionError):
            raise InputError(f"{path.name}, row {number} is not JSON.", file=path.name, row=number) from None
    return rows


def _record(path: Path, number: int, row: object) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise InputError(f"{path.name}, row {number} is no object with names.", file=path.name, row=number)
    return row


def _last_user(given: object) -> str:
    if isinstance(given, list):
        given = next((m.get("content") for m in reversed(given) if isinstance(m, dict) and m.get("role") == "user"), "")
    return said(given)
