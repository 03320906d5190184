"""What the embedded model can know: the labels, their descriptions, the shots and the case, read from one request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_FIELD = re.compile(r'^"(?P<name>[^"]+)":(?: .*;)? one of$')
_LABEL = re.compile(r'^- (?P<label>"(?:[^"\\]|\\.)*")(?:: (?P<description>.*))?$')
_TAGS = re.compile(r"each text between <(?P<tag>case(?:_\d+)?)> and </(?P=tag)>")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the model understands it.

    Attributes
    ----------
    labels: field name -> allowed labels; the name "" stands for a bare label instead of JSON.
    descriptions: label -> words that describe it.
    shots: (text, field name -> label) of each example.
    text: the case.
    confidence: whether a probability is asked for.
    """

    labels: dict[str, list[str]]
    descriptions: dict[str, str]
    shots: list[tuple[str, dict[str, str]]]
    text: str
    confidence: bool


def read_request(messages: list[dict[str, Any]], response_format: dict[str, Any] | None) -> Asked:
    """Read labels from the schema, else from the instructions; shots from earlier turns and from the system text."""
    system = "\n".join(content_text(m) for m in messages if m.get("role") in ("system", "developer"))
    labels, descriptions = _listed(system)
    confidence = '"confidence"' in system
    schema = ((response_format or {}).get("json_schema") or {}).get("schema") or {}
    enums = {k: [str(x) for x in p["enum"]] for k, p in (schema.get("properties") or {}).items() if "enum" in p}
    if enums:
        labels, confidence = enums, "confidence" in schema["properties"]
    dialogue = [m for m in messages if m.get("role") in ("user", "assistant")]
    shots = _examples(system)
    for first, second in pairwise(dialogue):
        if first["role"] == "user" and second["role"] == "assistant":
            shots.append((content_text(first), answer_values(content_text(second))))
    text = content_text(dialogue[-1]) if dialogue and dialogue[-1]["role"] == "user" else ""
    return Asked(labels, descriptions, shots, text, confidence)


def content_text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _listed(system: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    labels: dict[str, list[str]] = {}
    descriptions: dict[str, str] = {}
    field = ""
    for line in system.split("\n"):
        if named := _FIELD.match(line):
            field = named["name"]
        elif listed := _LABEL.match(line):
            label = json.loads(listed["label"])
            labels.setdefault(field, []).append(label)
            if listed["description"]:
                descriptions[label] = listed["description"]
    return labels, descriptions


def _examples(system: str) -> list[tuple[str, dict[str, str]]]:
    named = _TAGS.search(system)
    if not named:
        return []
    tag = named["tag"]
    found = re.findall(rf"<{tag}>(.*?)</{tag}>\n([^\n]*)", system[named.end() :], flags=re.DOTALL)
    return [(text, answer_values(answer)) for text, answer in found]


def answer_values(text: str) -> dict[str, str]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {"": text.strip()}
    return {str(k): str(v) for k, v in record.items()} if isinstance(record, dict) else {"": text.strip()}
