"""One call: sent through the endpoint's own client, again where that can help, within a deadline."""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Protocol

from promptceiling.errors import EndpointError
from promptceiling.runs.answer import Answer, NoCompletion, read_answer, read_decision, read_vectors
from promptceiling.runs.endpoint import Route, Wire

MAX_SENDS = 6
MAX_TIMEOUTS = 2  # of these sends: one that timed out may have been paid for
LONGEST_WAIT_S = 120.0
UNREACHED_S = 3.0  # for which a server that was never reached is tried
_JITTER = random.Random()  # noqa: S311
_READ = {"chat/completions": read_answer, "decisions": read_decision, "embeddings": read_vectors}
_SAID = {"chat/completions": "chat completion", "decisions": "decision", "embeddings": "list of vectors"}
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}


class Turns(Protocol):
    """What a run holds each send to."""

    async def before(self) -> None:
        """Returns when the next send may go out; raises to end the call."""

    def after(self, kind: str | None, wait_s: float | None) -> None:
        """Told how a send ended: None for an answer, else the kind of failure; `wait_s` where all are to wait."""

    async def pause(self, seconds: float) -> None:
        """Lets time pass before the call is sent again."""


class _Free:
    """Alone, a call waits for nobody."""

    async def before(self) -> None:
        pass

    def after(self, kind: str | None, wait_s: float | None) -> None:
        self._wait_s = wait_s

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Failed(Exception):
    def __init__(self, kind: str, said: str, wait_s: float | None = None) -> None:
        super().__init__(said)
        self.kind, self.wait_s = kind, wait_s


async def ask(
    wire: Wire, content: bytes, *, route: Route = "chat/completions", deadline_s: float, sends: int = MAX_SENDS,
    turns: Turns | None = None, rng: random.Random | None = None,
) -> Answer:
    """The answer to one request, given as its JSON; a failure after all sends is an Answer with an `error_kind`.

    `deadline_s` bounds each send as a whole, not a read; a call is sent at most six times, and at most twice where it
    timed out. Raises EndpointError for what can never succeed: a wrong key, an unknown model, an exhausted quota, a
    parameter that is not supported; and after three seconds for a server to which no connection can be made, unless it
    answered before: then it may come back.
    """
    draw = rng or _JITTER
    order: Turns = turns or _Free()
    timeouts, began = 0, time.monotonic()
    for attempt in range(1, sends + 1):
        await order.before()
        kind, wait_s = "cancelled", None
        start = time.perf_counter()
        try:
            answer = await _once(wire, content, route, deadline_s)
            answer = replace(answer, latency_s=time.perf_counter() - start, attempts=attempt)
            kind = answer.error_kind or "answered"
            return answer
        except EndpointError:
            kind = "rejected"
            raise
        except _Failed as failed:
            kind, wait_s = failed.kind, failed.wait_s
            failure = Answer(error_kind=kind, error=f"{attempt} sends; at last {failed}.", attempts=attempt,
                             latency_s=time.perf_counter() - start)
            timeouts += kind == "timeout"
            last = attempt == sends or timeouts >= MAX_TIMEOUTS
            pause_s = wait_s if wait_s is not None else min(20.0, 0.5 * 2**attempt) * draw.uniform(0.5, 1.0)
            if kind == "rate_limit":
                wait_s = pause_s  # everybody's, the caller's own among them
            over = last or time.monotonic() - began + pause_s > UNREACHED_S
            if kind == "unreachable" and not wire.reached and over:
                raise unreachable(wire, failed) from None
        finally:
            order.after(None if kind == "answered" else kind, wait_s)
        if last:
            return failure
        if turns is None or wait_s is None:
            await order.pause(pause_s)
    raise ValueError(f"sends is {sends}; expected 1 or more")


async def _once(wire: Wire, content: bytes, route: Route, deadline_s: float) -> Answer:
    """The answer to one send, or one that says why this case has none. Raises _Failed where a further send may help."""
    import httpx2  # imported late: pages that only read need not wait for it

    try:
        async with asyncio.timeout(deadline_s):
            response = await wire.exchange("POST", route, content)
    except (TimeoutError, httpx2.HTTPError, httpx2.StreamError) as error:
        raise _Failed(*without_response(error, deadline_s)) from None
    if response.status_code != 200:
        kind = kind_of(response.status_code, response.content, wire.key)
        if kind == "context_length":
            return Answer(error_kind=kind, error="The prompt is too long for the model.")
        raise _Failed(kind, f"the server answered {response.status_code}", retry_after(response.headers))
    try:
        return _READ[route](without(wire.key, response.content))
    except NoCompletion:
        raise _Failed("bad_body", f"the answer was no {_SAID[route]}") from None


def without_response(error: Exception, deadline_s: float) -> tuple[str, str]:
    """The kind of an exchange that ended without a response, and what happened. Of one that is "unreachable" nothing
    left this machine, so nothing is paid."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        return "unreachable", str(error) or type(error).__name__
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return "timeout", f"no whole answer within {deadline_s:g} s"
    return "connection", f"the connection failed ({type(error).__name__})"


def unreachable(wire: Wire, said: object) -> EndpointError:
    """The error for a server to which no connection can be made."""
    url = wire.urls["models"]
    return EndpointError(f"{url.scheme}://{url.netloc.decode()} cannot be reached: {said}. Nothing was sent and "
                         "nothing is to be paid. Check the base URL, and that the server runs; then try again.")


def without(key: str, raw: bytes) -> bytes:
    """A body without the key, which a server may echo; a word short enough to be no secret stays."""
    return raw.replace(key.encode(), b"***") if len(key) >= 16 else raw


def kind_of(status: int, content: bytes, key: str) -> str:
    """The kind of a failed status. Raises EndpointError for one that no further send can mend."""
    code, _, said = _said(content, key)
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
        raise EndpointError(f"The server rejects the request ({rejection(status, content, key)}). It will reject every "
                            "case alike.") from None
    return "rate_limit" if status == 429 else "server"


def rejection(status: int, content: bytes, key: str) -> str:
    """A failed status with the code and the parameter that the server names.

    >>> rejection(400, b'{"error": {"code": "unsupported_value", "param": "seed"}}', "sk-a")
    '400, unsupported_value, parameter seed'
    """
    code, param, _ = _said(content, key)
    return ", ".join([str(status), *([code] if code else []), *([f"parameter {param}"] if param else [])])


def _said(content: bytes, key: str) -> list[str]:
    """The code, the parameter and the message of an error's body, "" for each that is not there; without the key."""
    try:
        body = json.loads(content[:100_000])["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        body = None
    body = body if isinstance(body, dict) else {}
    return [str(body.get(name) or "").replace(key, "…")[:200] for name in ("code", "param", "message")]


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that a server asks to wait (`retry-after-ms`, or `retry-after` as seconds or as an HTTP date), at most
    120; None for no wish and for one that cannot be read.

    >>> retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, now=784111770.0)
    7.0
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        said = headers.get(name, "")
        try:
            wait = float(said) / scale
        except ValueError:
            try:
                wait = parsedate_to_datetime(said).timestamp() - (time.time() if now is None else now)
                wait = max(0.0, wait)
            except (ValueError, TypeError, OverflowError, IndexError):
                continue
        if 0 <= wait < math.inf:
            return min(wait, LONGEST_WAIT_S)
    return None
