"""A result of promptfoo, as version 0.123 writes it into .json (summary version 3, and 2 of old) and .jsonl.

Read of its public source on 2026-11-27: src/types (EvaluateResult, ProviderResponse, the assertion types), what its
environment variables PROMPTFOO_STRIP_* leave out, and its writers of output files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promptceiling.errors import InputError
from promptceiling.runs.foreign_row import EXPECTED, INPUT, ForeignRow, count_of, dict_of, number_of, said, text_of

_ERROR = 2  # failureReason where the call, and not an assertion, failed
_EQUAL = ("equals", "contains", "icontains", "starts-with")  # assertions that name the expected label
_STRIPPED = "[output stripped]"
_LONG = 60  # characters; a prompt without a label of its own is labelled with its whole text


def is_promptfoo(row: Mapping[str, Any]) -> bool:
    """Whether an object is one of its results."""
    return "promptIdx" in row and "testCase" in row


def promptfoo_row(row: Mapping[str, Any]) -> ForeignRow:
    """One result. Raises InputError where the answers were stripped from the file."""
    case, response, provider = dict_of(row, "testCase"), dict_of(row, "response"), row.get("provider")
    values = dict_of(row, "vars") or dict_of(case, "vars")
    stated = next(_labels(case.get("assert")), "")
    usage = dict_of(response, "tokenUsage") or dict_of(row, "tokenUsage")
    named = provider if isinstance(provider, str) else text_of(provider or {}, "label", "id")
    output = response.get("output")
    if output == _STRIPPED:
        raise InputError("The file was written with PROMPTFOO_STRIP_RESPONSE_OUTPUT, so it holds no answers. Write it "
                         "again without.")
    latency = number_of(row.get("latencyMs"))
    return ForeignRow(
        text_of(dict_of(case, "metadata"), "id") or text_of(values, "id"),
        text_of(values, *INPUT) or _only_text(values), stated or text_of(values, *EXPECTED), said(output),
        _name(row), named,
        failed=(output is None and not response.get("isRefusal")) or row.get("failureReason") == _ERROR,
        refused=bool(response.get("isRefusal")) or response.get("finishReason") == "content_filter",
        truncated=response.get("finishReason") == "length",
        latency_s=None if latency is None or response.get("cached") else latency / 1000,
        input_tokens=count_of(usage.get("prompt")), output_tokens=count_of(usage.get("completion")))


def _labels(asserted: object) -> Iterator[str]:
    """What assertions, be they in sets, name as the expected label."""
    for one in asserted if isinstance(asserted, list) else []:
        if not isinstance(one, dict):
            continue
        value = one.get("value")
        if one.get("type") == "assert-set":
            yield from _labels(one.get("assert"))
        elif one.get("type") in _EQUAL and isinstance(value, str | int) and "{{" not in str(value):
            yield str(value)


def _name(row: Mapping[str, Any]) -> str:
    number = f"prompt {row.get('promptIdx', 0)}"
    label = " ".join(text_of(dict_of(row, "prompt"), "label").split())
    return label if 0 < len(label) <= _LONG else f"{number}: {label[:_LONG]}…" if label else number


def _only_text(values: Mapping[str, Any]) -> str:
    """The variable that is a text and no label, where there is one alone; some are promptfoo's own."""
    texts = [value for name, value in values.items()
             if isinstance(value, str) and name not in (*EXPECTED, "sessionId") and not name.startswith("_")]
    return texts[0] if len(texts) == 1 else ""
