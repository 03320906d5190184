"""An OpenAI-compatible server on 127.0.0.1 that replies as its script says, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What goes back. `how`: "whole"; "hang" sends nothing; "endless" sends a body without end; "drop" hangs up."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    how: str = "whole"

    def __str__(self) -> str:
        return f"{self.status} {self.how} {self.body[:24]!r}"


@dataclass(frozen=True)
class Request:
    """What came in: the path, the headers in lower case, and the JSON body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """The case that is asked about."""
        return str(self.body["messages"][-1]["content"])


Script = Sequence[Reply] | Callable[[Request], Reply]


@dataclass
class Server:
    """A running server.

    Attributes
    ----------
    requests: all that came in, in order.
    hold: while it is set to a number, replies wait until so many requests are in at once.
    most_at_once: the largest number of requests that were in at once.
    """

    script: Script
    base_url: str = ""
    requests: list[Request] = field(default_factory=list)
    hold: int = 0
    most_at_once: int = 0
    _now: int = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def asked(self, times: int) -> None:
        """Returns once `times` requests are in."""
        async with self._moved:
            await self._moved.wait_for(lambda: len(self.requests) >= times)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            raw = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Request(head[0].split(" ")[1], headers, json.loads(raw or b"{}"))
            async with self._moved:
                self.requests.append(request)
                number = len(self.requests)
                self._now += 1
                self.most_at_once = max(self.most_at_once, self._now)
                self._moved.notify_all()
                await self._moved.wait_for(lambda: self.most_at_once >= self.hold)
            script = self.script
            reply = script(request) if callable(script) else script[min(number, len(script)) - 1]
            self._now -= 1
            await self._send(reply, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller hung up
        finally:
            writer.close()

    @staticmethod
    async def _send(reply: Reply, writer: asyncio.StreamWriter) -> None:
        if reply.how == "hang":
            await asyncio.Event().wait()
        if reply.how == "drop":
            return
        length = 10**12 if reply.how == "endless" else len(reply.body)
        lines = [f"HTTP/1.1 {reply.status} So", f"content-length: {length}",
                 "connection: close", *(f"{k}: {v}" for k, v in reply.headers)]
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
        await writer.drain()
        while reply.how == "endless":
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(script: Script, *, hold: int = 0) -> AsyncIterator[Server]:
    """A server for as long as the block runs. Of a list of replies each is given once, the last one ever after."""
    server = Server(script, hold=hold)
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(server._answer(reader, writer)))

    listener = await asyncio.start_server(begin, "127.0.0.1", 0)
    server.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def completion(content: object = "billing", *, message: object = None, usage: object = None, **further: Any) -> Reply:
    """A chat completion with this content; `message`, `usage` and further keys replace what stands there."""
    body = {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m-2026",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": content} if message is None else message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12} if usage is None else usage,
    }
    return Reply(body=json.dumps(body | further).encode())


def error(
    status: int, code: str | None = None, message: str = "No.", param: str | None = None, **headers: str
) -> Reply:
    """An error in the protocol's form."""
    body = {"error": {"message": message, "type": "e", "code": code, "param": param}}
    return raw(json.dumps(body).encode(), status, **headers)


def page(status: int = 200, text: str = "<html><body>Welcome to the proxy</body></html>") -> Reply:
    """A page of HTML, such as a proxy or a captive portal sends."""
    return Reply(status, text.encode(), (("content-type", "text/html"),))


def raw(body: bytes, status: int = 200, **headers: str) -> Reply:
    """These bytes as JSON, with headers by name, underscores for hyphens."""
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, tuple(named.items()))


HANG, ENDLESS, DROP = Reply(how="hang"), Reply(how="endless", body=b"{"), Reply(how="drop")
