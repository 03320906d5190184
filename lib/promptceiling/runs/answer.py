"""One call: its request, its key, and the answer or the failure that it ends with."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptceiling.errors import EndpointError
from promptceiling.prompts import Rendered
from promptceiling.runs.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx2
    import openai

MAX_SENDS = 6
MAX_TEXT = 100_000  # characters of a completion that are kept
_MAX_TOKENS = 10**9
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    Attributes
    ----------
    text: the completion's text, at most 100,000 characters; "" for none.
    model: the model that the server says answered.
    latency_s: seconds from the last send to the whole body.
    attempts: sends, the last one included.
    error_kind: None where a completion came; else "timeout", "connection", "rate_limit", "server", "bad_body",
        "context_length".
    error: one sentence for people, without header or body.
    Token counts are the server's own, None where it gave none or an absurd one.
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


class _Again(Exception):  # a signal between two functions here, never an error that a caller sees
    def __init__(self, kind: str, said: str, wait_s: float | None = None) -> None:
        super().__init__(said)
        self.kind, self.wait_s = kind, wait_s


def request_body(endpoint: Endpoint, rendered: Rendered) -> dict[str, Any]:
    """The JSON body of the call."""
    body: dict[str, Any] = {"model": endpoint.model, "messages": list(rendered.messages)}
    if rendered.response_format is not None:
        body["response_format"] = rendered.response_format
    return body | dict(endpoint.parameters)


def request_key(base_url: str, body: dict[str, Any], repeat: int) -> str:
    """SHA-256 over base URL, model, every message, every parameter and the repeat; nothing else."""
    canonical = json.dumps([base_url, body, repeat], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def ask(
    client: openai.AsyncOpenAI, body: dict[str, Any], *, deadline_s: float, sends: int = MAX_SENDS,
    gate: Callable[[float | None], Awaitable[None]] | None = None, rng: random.Random | None = None,
) -> Answer:
    """The answer to one request; a failure after all sends is an Answer with an `error_kind`.

    `deadline_s` bounds each send as a whole, not a read. `gate(None)` is awaited before each send, and
    `gate(seconds)` told when the server asks everybody to wait. Raises EndpointError for what can never succeed: a
    wrong key, an unknown model, an exhausted quota, a parameter that is not supported.
    """
    import httpx2  # imported late: pages that only read need not wait for it
    import openai

    draw = rng or random.Random()  # noqa: S311 - jitter
    failure = Answer(error_kind="connection")
    for attempt in range(1, sends + 1):
        if gate:
            await gate(None)
        start = time.perf_counter()
        try:
            async with asyncio.timeout(deadline_s):
                response = await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
            latency = time.perf_counter() - start
            return replace(_read(_without(client.api_key, response.content)), latency_s=latency, attempts=attempt)
        except TimeoutError:
            again = _Again("timeout", f"no whole answer within {deadline_s:g} s")
        except openai.APIStatusError as error:
            kind = _kind(error, client.api_key)
            if kind == "context_length":
                return Answer(error_kind=kind, error="The prompt is too long for the model.", attempts=attempt,
                              latency_s=time.perf_counter() - start)
            again = _Again(kind, f"the server answered {error.status_code}", _retry_after(error.response.headers))
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            again = _Again("connection", f"the connection failed ({type(error).__name__})")
        except _Again as signal:
            again = signal
        failure = Answer(error_kind=again.kind, error=f"{attempt} sends; at last {again}.", attempts=attempt,
                         latency_s=time.perf_counter() - start)
        if attempt < sends:
            if again.wait_s is not None and gate:
                await gate(again.wait_s)
            else:
                await asyncio.sleep(again.wait_s or min(20.0, 0.5 * 2**attempt) * draw.uniform(0.5, 1.0))
    return failure


def _without(key: str, raw: bytes) -> bytes:
    """A body without the key, which a server may echo; a word short enough to be no secret stays."""
    return raw.replace(key.encode(), b"***") if len(key) >= 16 else raw


def _kind(error: openai.APIStatusError, key: str) -> str:
    """The kind of a failed status. Raises EndpointError for one that no further send can mend."""
    body = error.body if isinstance(error.body, dict) else {}
    # a server may echo the key
    code, param, said = (str(body.get(k) or "").replace(key, "…")[:200] for k in ("code", "param", "message"))
    status = error.status_code
    if code == "insufficient_quota":
        raise EndpointError("The account's quota is used up (insufficient_quota). Add credit; run again.") from None
    if "context_length" in code or "context length" in said.lower() or "maximum context" in said.lower():
        return "context_length"
    if status in (401, 403):
        raise EndpointError(f"The server refused the key ({status}). Check the variable that holds it.") from None
    if status == 404:
        raise EndpointError("The server does not know the model or the address (404). Check --model and "
                            "--base-url.") from None
    if 300 <= status < 400:
        raise EndpointError(f"The server redirects ({status}); redirects are not followed, since the texts would go "
                            "elsewhere. Use the final address as the base URL.") from None
    if status not in _AGAIN and status < 500:
        about = ", ".join([str(status), *([code] if code else []), *([f"parameter {param}"] if param else [])])
        raise EndpointError(f"The server rejects the request ({about}). It will reject every case alike.") from None
    return "rate_limit" if status == 429 else "server"


def _retry_after(headers: httpx2.Headers) -> float | None:
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        if 0 <= wait <= 120:
            return wait
    return None


def _read(raw: bytes) -> Answer:
    """The answer in a response body. Raises _Again where it is not a chat completion."""
    try:
        body = json.loads(raw)
        choice = body["choices"][0]
        message = choice["message"]
        content = message.get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _Again("bad_body", "the answer was not a chat completion") from None
    if isinstance(content, list):
        content = "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    return Answer(
        text=content[:MAX_TEXT] if isinstance(content, str) else "",
        model=_word(body.get("model")) or "",
        finish_reason=_word(choice.get("finish_reason")),
        refusal=_word(message.get("refusal"), MAX_TEXT),
        input_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _word(value: object, longest: int = 200) -> str | None:
    """A text that a database can hold, cut; None for anything else and for an empty one."""
    return value.encode("utf-8", "replace").decode()[:longest] if isinstance(value, str) and value else None


def _count(usage: object, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_TOKENS else None
