"""Read a completion: one outcome, and a prediction only where the text names a label of the set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from promptceiling.labeled_set.read import clean_label
from promptceiling.prompts.variant import Field, PromptVariant

Outcome = Literal["answered", "unparsed", "refused", "truncated", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_BRACES = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a completion says.

    Attributes
    ----------
    outcome: one of the five; `failed` is never read from a text, only set where no completion came.
    prediction: a label of the main field, or None for every outcome but `answered`.
    fields: further fields that were read, by name.
    confidence: in [0, 1], or None where there is none to use.
    """

    outcome: Outcome
    prediction: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    confidence: float | None = None


def read_completion(
    variant: PromptVariant, text: object, *, finish_reason: str | None = None, refusal: object = None
) -> Reading:
    """The reading of a completion's text by one written rule; never raises, whatever the text is.

    A refusal field or the finish reason `content_filter` is `refused`. Otherwise the text is the label alone, or holds
    one JSON object (alone, in a code fence, or with prose around it; of several, the last with the main key). A value
    names a label when it is equal after the labeled set's own cleaning (`clean_label`), then without a pair of
    quotation marks and a final period; or, where no label fits so, when exactly one label is equal in lower case with
    spaces, hyphens and underscores alike. Never a substring. Without a usable label the outcome is `truncated` where
    the finish reason is `length`, else `unparsed`.

    >>> from promptceiling.prompts.variant import Field, PromptVariant
    >>> v = PromptVariant("v", (Field("category", ("bug report", "billing")),))
    >>> read_completion(v, 'Sure: ```json\\n{"category": "Bug_Report", "confidence": 0.9}\\n```').prediction
    'bug report'
    """
    if refusal or finish_reason == "content_filter":
        return Reading("refused")
    answer = text if isinstance(text, str) else ""
    if variant.output == "decisions":
        return _decision(variant, answer)
    main, *further = variant.fields
    record = _record(answer, main.name)
    value = record.get(main.name) if record is not None else answer
    prediction = _label(value, main)
    if prediction is None:
        return Reading("truncated" if finish_reason == "length" else "unparsed")
    others = {f.name: label for f in further if record is not None and (label := _label(record.get(f.name), f))}
    return Reading("answered", prediction, others, _confidence(record.get("confidence") if record else None))


def _decision(variant: PromptVariant, text: str) -> Reading:
    """The reading of a decision: each question's choice, by its name or else by its place, where it is a label exactly.

    The confidence is the probability that the answer gives to its own choice; where it lists none, the confidence that
    it states. A main question that was refused is `refused`.
    """
    try:
        answers = json.loads(text)["answers"]
    except (ValueError, KeyError, TypeError, RecursionError):
        answers = None
    answers = [a if isinstance(a, dict) else {} for a in answers] if isinstance(answers, list) else []
    named = {a["name"]: a for a in reversed(answers) if isinstance(a.get("name"), str)}
    found: dict[str, dict[str, Any]] = {}
    for place, asked in enumerate(variant.fields):
        by_place = answers[place] if place < len(answers) and answers[place].get("name") is None else {}
        found[asked.name] = named.get(asked.name, by_place)
    main, *further = variant.fields
    said = found[main.name]
    if said.get("type") == "refusal":
        return Reading("refused")
    prediction = _choice(said, main)
    if prediction is None:
        return Reading("unparsed")
    others = {f.name: label for f in further if (label := _choice(found[f.name], f)) is not None}
    listed = said.get("probabilities")
    own = [p.get("probability") for p in listed if isinstance(p, dict) and p.get("value") == prediction] if isinstance(
        listed, list) else []
    return Reading("answered", prediction, others, _confidence(own[0] if own else said.get("confidence")))


def _choice(answer: Mapping[str, object], field: Field) -> str | None:
    value = answer.get("choice") if answer.get("type") == "choice" else None
    return value if isinstance(value, str) and value in field.labels else None


def _label(value: object, field: Field) -> str | None:
    if not isinstance(value, str):
        return None
    for plain in (clean_label(value), _plain(value)):
        if plain in field.labels:
            return plain
    loose = _loose(value)
    alike = [label for label in field.labels if _loose(label) == loose]
    return alike[0] if loose and len(alike) == 1 else None


def _plain(value: str) -> str:
    text = clean_label(value).removesuffix(".").strip()
    for left, right in (('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"), ("«", "»")):
        if len(text) > 1 and text.startswith(left) and text.endswith(right):
            text = text[1:-1].strip()
    return text.removesuffix(".").strip()


def _loose(label: str) -> str:
    return " ".join(_plain(label).casefold().replace("_", " ").replace("-", " ").split())


def _confidence(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _record(text: str, key: str) -> dict[str, Any] | None:
    """The last JSON object in the text that has the key, else the last object, else None; tried at 1,000 braces."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    at = text.find("{")
    for _ in range(_BRACES):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict):
            found.append(value)
        at = text.find("{", end)
    with_key = [record for record in found if key in record]
    return with_key[-1] if with_key else found[-1] if found else None
