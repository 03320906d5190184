"""A variant and a case become messages. Texts from data stand in their slots byte for byte and are never templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptceiling.prompts.template import fill
from promptceiling.prompts.variant import Field, PromptVariant

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Shot:
    """An example for the prompt: a train case's text and its expected values by field name."""

    id: str
    text: str
    expected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent for one case.

    Attributes
    ----------
    messages: the chat, or the input of a decision.
    response_format: of a chat; None where the answer is a bare label or a decision.
    questions: of a decision, the main field's first; none in a chat.
    """

    messages: tuple[Message, ...]
    response_format: dict[str, Any] | None = None
    questions: tuple[dict[str, Any], ...] = ()


def render(variant: PromptVariant, text: str, shots: Sequence[Shot] = ()) -> Rendered:
    """The messages for a case. The first is the system's; the last is the user's and is exactly `text`, or the
    variant's case template around it.

    Templates are filled in one pass, so that nothing in a text is ever a placeholder. Shots are earlier user and
    assistant turns, or stand in the system text between tags that occur in none of the texts. With the output
    `decisions`, instructions and labels go into the questions, and a system text is there for examples alone.
    Deterministic: equal arguments give equal messages.
    """
    case = _case(variant, text)
    examples, turns = "", list[Message]()
    if shots and variant.placement == "system":
        examples = _examples(variant, case, shots)
    else:
        for shot in shots:
            turns.append({"role": "user", "content": _case(variant, shot.text)})
            turns.append({"role": "assistant", "content": answer_text(variant, shot.expected)})
    system = _system(variant, examples)
    first = ({"role": "system", "content": system},) if system else ()
    messages = (*first, *turns, {"role": "user", "content": case})
    if variant.output == "decisions":
        return Rendered(messages, questions=_questions(variant))
    return Rendered(messages, _response_format(variant))


def _system(variant: PromptVariant, examples: str) -> str:
    parts = {"examples": examples}
    if variant.output != "decisions":
        parts = {"instructions": variant.instructions, "answer": _asked(variant)} | parts
    if variant.system_template:
        return fill(variant.system_template, parts | dict(variant.values))
    return "\n\n".join([*(parts[k] for k in parts if k != "examples"), *([examples] if examples else [])])


def _case(variant: PromptVariant, text: str) -> str:
    return fill(variant.case_template, {"case": text} | dict(variant.values)) if variant.case_template else text


def answer_text(variant: PromptVariant, expected: Mapping[str, str]) -> str:
    """The answer that a shot, or a training example, shows for its case; without a confidence, which nobody labeled."""
    if variant.output == "label":
        return expected[variant.fields[0].name]
    return json.dumps({f.name: expected[f.name] for f in variant.fields if expected.get(f.name)}, ensure_ascii=False)


def _asked(variant: PromptVariant) -> str:
    main = variant.fields[0]
    if variant.output == "label":
        about = f" ({main.about})" if main.about else ""
        return f"Answer with the {main.name}{about} alone, exactly as written here:\n" + _listed(main)
    lines = ["Answer with one JSON object and nothing else. Its keys:"]
    for field in variant.fields:
        lines += [f'"{field.name}": {field.about + "; " if field.about else ""}one of', _listed(field)]
    if variant.confidence:
        lines.append(f'"confidence": the probability from 0 to 1 that your {main.name} is right')
    return "\n".join(lines)


def _listed(field: Field) -> str:
    described = dict(field.descriptions)
    return "\n".join(
        f"- {json.dumps(label, ensure_ascii=False)}" + (f": {described[label]}" if label in described else "")
        for label in field.labels
    )


def _examples(variant: PromptVariant, case: str, shots: Sequence[Shot]) -> str:
    tag, number = "case", 1
    while any(f"<{tag}>" in t or f"</{tag}>" in t for t in (case, *(s.text for s in shots))):
        number += 1
        tag = f"case_{number}"
    lines = [f"Examples, each text between <{tag}> and </{tag}>, followed by its answer:"]
    for shot in shots:
        lines.append(f"<{tag}>{shot.text}</{tag}>\n{answer_text(variant, shot.expected)}")
    return "\n".join(lines)


def _questions(variant: PromptVariant) -> tuple[dict[str, Any], ...]:
    """One `choice` question a field, named after it, with its labels and their descriptions."""
    questions = []
    for field in variant.fields:
        described = dict(field.descriptions)
        choices = [{"value": label} | ({"description": described[label]} if label in described else {})
                   for label in field.labels]
        about = f" ({field.about})" if field.about else ""
        asked = f"{variant.instructions}\n\nWhich {field.name}{about} does the user's last message have?"
        questions.append({"type": "choice", "name": field.name, "instructions": asked, "choices": choices})
    return tuple(questions)


def _response_format(variant: PromptVariant) -> dict[str, Any] | None:
    if variant.output == "label":
        return None
    if variant.output == "json":
        return {"type": "json_object"}
    properties: dict[str, Any] = {
        f.name: {"type": "string", "enum": list(f.labels)} | ({"description": f.about} if f.about else {})
        for f in variant.fields}
    if variant.confidence:
        properties["confidence"] = {"type": "number"}
    schema = {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "classification", "strict": True, "schema": schema}}
