"""An answer that another tool got, and how values of files that may hold anything are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INPUT = ("input", "text", "query", "question", "message", "ticket", "sentence", "content")
IDS = ("id", "case_id", "example_id", "sample_id", "row_id", "idx", "index")
EXPECTED = ("expected_category", "expected", "target", "label", "category", "gold", "__expected", "expected_label",
            "gold_label", "true_label", "ground_truth", "reference", "actual", "y_true")
PREDICTED = ("predicted", "prediction", "predicted_category", "predicted_label", "predicted_class", "pred",
             "pred_label", "y_pred", "answer", "output")


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


def dict_of(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def text_of(row: Mapping[str, Any], *names: str) -> str:
    """The first of these that holds a text or a number."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value) != "":
            return str(value)
    return ""


def said(output: object) -> str:
    if isinstance(output, list):
        return "".join(str(p.get("text", "")) for p in output if isinstance(p, dict))
    return output if isinstance(output, str) else "" if output is None else json.dumps(output)


def number_of(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e7 else None


def count_of(value: object) -> int | None:
    number = number_of(value)
    return None if number is None else int(number)
