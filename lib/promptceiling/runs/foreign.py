"""Results of other tools as rows: promptfoo and Inspect logs (JSON), DSPy's evaluation CSV, plain CSV or JSONL."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptceiling.errors import InputError
from promptceiling.runs.cells import read_cell

_INPUT = ("input", "text", "query", "question", "message", "ticket", "sentence", "content")
_EXPECTED = ("expected_category", "expected", "target", "label", "category", "gold", "__expected")
_PROMPTFOO_ERROR = 2  # its failureReason where the call, and not an assertion, failed
_EQUAL = ("equals", "iequals", "contains", "icontains")  # assertions that name the expected label


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """One answer that another tool got.

    Attributes
    ----------
    id, input, expected: what the file says of the case; "" where it says nothing.
    text: the completion, or the bare label; "" where there is none.
    failed: whether the tool says that no answer came; a refused answer is not failed.
    variant, model: the prompt's and the model's name in that tool.
    Seconds and token counts are None where the file has none.
    """

    id: str
    input: str
    expected: str
    text: str
    variant: str
    model: str
    repeat: int = 0
    failed: bool = False
    refused: bool = False
    truncated: bool = False
    latency_s: float | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None


def read_foreign(path: str | Path) -> tuple[str, list[ForeignRow]]:
    """The tool that wrote a file ("promptfoo", "inspect", "dspy" or "predictions") and its rows.

    The kind is told by what is in the file. Raises InputError naming the file, and the row where it is one.
    """
    path = Path(path)
    try:
        if path.read_bytes()[:2] == b"PK":
            raise InputError(f"{path.name} is a zip file, as Inspect's .eval logs are. Write it as JSON with `inspect "
                             "log dump FILE > log.json`, and import that.", file=path.name)
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no file {str(path)!r}. Check the path.", file=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {error}.", file=path.name) from None
    found = _of_json(path, text) if text.lstrip()[:1] in ("{", "[") else _of_table(path, _csv_rows(path, text))
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
        return "promptfoo", (_promptfoo(_record(path, k, row)) for k, row in enumerate(results, 1))
    if isinstance(whole.get("samples"), list) and isinstance(whole.get("eval"), dict):
        head = whole["eval"]
        return "inspect", (_inspect(head, _record(path, k, row)) for k, row in enumerate(whole["samples"], 1))
    if "eval" in whole and "samples" not in whole:
        raise InputError(f"{path.name} is an Inspect log without its samples. Write it again with `inspect log dump`.",
                         file=path.name)
    return _of_table(path, [whole])


def _of_table(path: Path, rows: list[Mapping[str, Any]]) -> tuple[str, Iterator[ForeignRow]]:
    columns = set[str]().union(*rows)
    guess = next((c for c in sorted(columns) if c.startswith("pred_") and f"example_{c[5:]}" in columns), None)
    if guess:
        expected = f"example_{guess[5:]}"
        return "dspy", (ForeignRow(  # an example that failed has no prediction, and its label no prefix
            _text(r, "id"), _text(r, *_INPUT), _text(r, expected) or _text(r, guess[5:]), _text(r, guess), "program",
            "dspy", failed=guess not in r) for r in rows)
    if not columns & {"predicted", "prediction"}:
        raise InputError(
            f"{path.name} is neither promptfoo's nor Inspect's JSON, nor a table with a column 'predicted' (or, as "
            f"DSPy writes it, 'example_NAME' and 'pred_NAME'); found {', '.join(sorted(columns)[:12])}.",
            file=path.name, column="predicted")
    return "predictions", (_plain(path, k, row) for k, row in enumerate(rows, 1))


def _promptfoo(row: Mapping[str, Any]) -> ForeignRow:
    case, response, provider = _dict(row, "testCase"), _dict(row, "response"), row.get("provider")
    values = _dict(row, "vars") or _dict(case, "vars")
    stated = next((str(a["value"]) for a in case.get("assert") or [] if isinstance(a, dict)
                   and a.get("type") in _EQUAL and isinstance(a.get("value"), str) and "{{" not in a["value"]), "")
    usage = _dict(response, "tokenUsage") or _dict(row, "tokenUsage")
    named = provider if isinstance(provider, str) else _text(provider or {}, "label", "id")
    output = response.get("output")
    latency = _number(row.get("latencyMs"))
    return ForeignRow(
        _text(_dict(case, "metadata"), "id") or _text(values, "id"), _text(values, *_INPUT) or _only_text(values),
        stated or _text(values, *_EXPECTED), _said(output),
        _text(_dict(row, "prompt"), "label") or f"prompt {row.get('promptIdx', 0)}", named,
        failed=(output is None and not response.get("isRefusal")) or row.get("failureReason") == _PROMPTFOO_ERROR,
        refused=bool(response.get("isRefusal")) or response.get("finishReason") == "content_filter",
        truncated=response.get("finishReason") == "length",
        latency_s=None if latency is None or response.get("cached") else latency / 1000,
        input_tokens=_count(usage.get("prompt")), output_tokens=_count(usage.get("completion")))


def _inspect(head: Mapping[str, Any], row: Mapping[str, Any]) -> ForeignRow:
    output = _dict(row, "output")
    choice = next((c for c in output.get("choices") or [] if isinstance(c, dict)), {})
    text = output.get("completion")
    if not isinstance(text, str):
        text = _said(_dict(choice, "message").get("content"))
    target = row.get("target")
    usage = _dict(output, "usage")
    cached = _count(usage.get("input_tokens_cache_read"))
    given = _count(usage.get("input_tokens"))
    return ForeignRow(
        _text(row, "id"), _last_user(row.get("input")), str(target[0] if isinstance(target, list) and target else target
                                                           or ""), text,
        str(head.get("task") or "task"), str(output.get("model") or head.get("model") or "inspect"),
        repeat=max(0, (_count(row.get("epoch")) or 1) - 1), failed=bool(row.get("error")) or not choice,
        refused=choice.get("stop_reason") == "content_filter",
        truncated=choice.get("stop_reason") in ("max_tokens", "model_length"),
        latency_s=_number(output.get("time")), input_tokens=None if given is None else given + (cached or 0),
        cached_tokens=cached, output_tokens=_count(usage.get("output_tokens")))


def _plain(path: Path, number: int, row: Mapping[str, Any]) -> ForeignRow:
    outcome = _text(row, "outcome") or "answered"
    repeat = _text(row, "repeat") or "0"
    if not repeat.isdecimal():
        raise InputError(f"{path.name}, row {number} has the repeat {repeat!r}; expected a number from 0.",
                         file=path.name, row=number, column="repeat")
    return ForeignRow(
        _text(row, "id"), _text(row, *_INPUT), _text(row, *_EXPECTED), _text(row, "predicted", "prediction"),
        _text(row, "variant") or path.stem, _text(row, "model") or path.stem, int(repeat), outcome == "failed",
        outcome == "refused", outcome == "truncated", _number(row.get("latency_s")), _count(row.get("input_tokens")),
        _count(row.get("cached_tokens")), _count(row.get("output_tokens")))


def _csv_rows(path: Path, text: str) -> list[Mapping[str, Any]]:
    try:
        header, *rows = [row for row in csv.reader(text.splitlines(keepends=True), strict=True) if row] or [[]]
    except csv.Error as error:
        raise InputError(f"{path.name} cannot be read as CSV: {error}.", file=path.name) from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise InputError(f"{path.name}, row {number} has {len(row)} values where the header has {len(header)}.",
                             file=path.name, row=number)
    return [dict(zip(header, map(read_cell, row), strict=True)) for row in rows]


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


def _dict(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _text(row: Mapping[str, Any], *names: str) -> str:
    """The first of these that holds a text or a number."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value) != "":
            return str(value)
    return ""


def _only_text(values: Mapping[str, Any]) -> str:
    """The variable that is a text and no label, where there is one alone."""
    texts = [value for name, value in values.items() if isinstance(value, str) and name not in _EXPECTED]
    return texts[0] if len(texts) == 1 else ""


def _said(output: object) -> str:
    if isinstance(output, list):
        return "".join(str(p.get("text", "")) for p in output if isinstance(p, dict))
    return output if isinstance(output, str) else "" if output is None else json.dumps(output)


def _last_user(given: object) -> str:
    if isinstance(given, list):
        given = next((m.get("content") for m in reversed(given) if isinstance(m, dict) and m.get("role") == "user"), "")
    return _said(given)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e7 else None


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
