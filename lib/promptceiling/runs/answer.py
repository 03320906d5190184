"""What came of one request, read from the raw body that the server sent."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

MAX_TEXT = 100_000  # characters of a completion that are kept
_MAX_TOKENS = 10**9
_MOST_OUTPUT = 10**6


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    Attributes
    ----------
    text: the completion's text, at most 100,000 characters; "" for none.
    model: the model that the server says answered.
    latency_s: seconds from the last send to the whole body.
    attempts: sends, the last one included.
    error_kind: None where a completion came; else "timeout", "unreachable" (nothing was sent), "connection",
        "rate_limit", "server", "bad_body", "context_length".
    error: one sentence for people, without header or body.
    tier: the service tier that the server says answered, such as "flex"; None where it says none.
    Token counts are the server's own, None where it gave none or an absurd one. Cached tokens and those that were
    written to a cache are among the input's; reasoning is among the output's.
    """

    text: str = ""
    model: str = ""
    finish_reason: str | None = None
    refusal: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    latency_s: float = 0.0
    attempts: int = 1
    error_kind: str | None = None
    error: str | None = None
    cache_write_tokens: int | None = None
    tier: str | None = None


class NoCompletion(Exception):
    """A body that is not a chat completion, or not a decision."""


def read_answer(raw: bytes) -> Answer:
    """The answer in a response body. Raises NoCompletion where it is not a chat completion."""
    try:
        body = json.loads(raw)
        choice = body["choices"][0]
        message = choice["message"]
        content = message.get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise NoCompletion from None
    if isinstance(content, list):
        content = "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    output = _count(usage, "completion_tokens")
    reasoning = _count(usage.get("completion_tokens_details"), "reasoning_tokens")
    if output is not None and reasoning and _apart(usage, output, reasoning):
        output += reasoning
    told = usage.get("prompt_tokens_details")
    return Answer(
        text=content[:MAX_TEXT] if isinstance(content, str) else "",
        model=_word(body.get("model")) or "",
        finish_reason=_word(choice.get("finish_reason")),
        refusal=_word(message.get("refusal"), MAX_TEXT),
        input_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=_count(told, "cached_tokens"),
        output_tokens=output,
        reasoning_tokens=reasoning,
        cache_write_tokens=_count(told, "cache_write_tokens"),
        tier=_word(body.get("service_tier")),
    )


def read_decision(raw: bytes) -> Answer:
    """The answer in a response body of the Decisions API: its text is a JSON object with the body's `answers`.

    The first question is the main field's: where it is refused, so is the answer. Output tokens are 0, since a decision
    has none that are charged. Raises NoCompletion where the body is not a decision.
    """
    try:
        body = json.loads(raw)
        answers = body["answers"]
        first = answers[0]
        refused = first["type"] == "refusal"
        usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise NoCompletion from None
    text = json.dumps({"answers": answers})
    return Answer(
        text=text if len(text) <= MAX_TEXT else "",
        model=_word(body.get("model")) or "",
        finish_reason="stop",
        refusal="The question was refused." if refused else None,
        input_tokens=_count(usage, "input_tokens"),
        cached_tokens=_count(usage.get("input_tokens_details"), "cached_tokens"),
        output_tokens=0,
        reasoning_tokens=_count(usage.get("output_tokens_details"), "reasoning_tokens"),
        cache_write_tokens=_count(usage.get("input_tokens_details"), "cache_write_tokens"),
    )


def plausible(answer: Answer, most_input: int) -> Answer:
    """The answer without counts that cannot be: an input longer than the request allows, an output of over a million
    tokens, a part that is larger than the whole. Such a count becomes None.
    """
    given, output = answer.input_tokens, answer.output_tokens
    given = given if given is not None and given <= most_input else None
    output = output if output is not None and output <= _MOST_OUTPUT else None
    cached, written = answer.cached_tokens, answer.cache_write_tokens
    if (cached or 0) + (written or 0) > (most_input if given is None else given):
        cached = written = None
    reasoning = answer.reasoning_tokens if output is not None else None
    counts = (given, cached, written, output, reasoning)
    if counts == (answer.input_tokens, answer.cached_tokens, answer.cache_write_tokens, answer.output_tokens,
                  answer.reasoning_tokens):
        return answer
    return replace(answer, input_tokens=given, cached_tokens=cached, cache_write_tokens=written, output_tokens=output,
                   reasoning_tokens=reasoning)


def read_vectors(raw: bytes) -> Answer:
    """The vectors in a response body of the embeddings route, as a JSON list in the order of the texts.

    Raises NoCompletion where the body is none, or a vector is not made of as many finite numbers as the others.
    """
    try:
        body = json.loads(raw)
        rows = sorted(body["data"], key=lambda row: row["index"])
        vectors = [[float(x) for x in row["embedding"]] for row in rows]
        usage = body.get("usage")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError):
        raise NoCompletion from None
    if len({len(v) for v in vectors}) != 1 or not vectors[0] or not all(math.isfinite(x) for v in vectors for x in v):
        raise NoCompletion
    return Answer(text=json.dumps(vectors), model=_word(body.get("model")) or "",
                  input_tokens=_count(usage, "prompt_tokens"), output_tokens=0)


def _apart(usage: dict[str, object], output: int, reasoning: int) -> bool:
    """Whether a server counts its reasoning beside the completion's tokens; most count it among them."""
    total = _count(usage, "total_tokens")
    return reasoning > output or total == (_count(usage, "prompt_tokens") or 0) + output + reasoning


def _word(value: object, longest: int = 200) -> str | None:
    """A text that a database can hold, cut; None for anything else and for an empty one."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "")[:longest] or None


def _count(usage: object, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_TOKENS else None
