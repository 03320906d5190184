"""Connections to one server, each used by one call at a time, whose request goes out in one piece.

A pool looks through all of its connections at every call, and sends the head of a request apart from its body; without
either, a call takes about a third less time.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies

import httpcore2
import httpx2

_AT_ONCE = 65_536  # bytes of a request that are held back for one write
_CONNECT_S = 10.0  # however long the answer itself may take


class Connections(httpx2.AsyncBaseTransport):
    """Lends each call a connection that no other call uses, and opens another where all are lent.

    The whole body is read before the response is handed on, so that the connection is free again. Deadlines are the
    caller's: a call that is cancelled closes its connection.
    """

    def __init__(self) -> None:
        self._verify = httpx2.create_ssl_context()
        self._all: set[httpcore2.AsyncHTTPConnection] = set()
        self._free: list[httpcore2.AsyncHTTPConnection] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        asked = httpcore2.Request(
            request.method, httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw, content=request.stream)
        with _as_httpx2():
            connection = await self._lent(asked.url.origin)
            try:
                response = await connection.handle_async_request(asked)
                body = await response.aread()
                await response.aclose()
            except BaseException:
                await self._closed(connection)
                raise
        if connection.is_idle():
            self._free.append(connection)
        else:  # the server does not keep it
            await self._closed(connection)
        return httpx2.Response(response.status, headers=response.headers, content=body)

    async def _lent(self, origin: httpcore2.Origin) -> httpcore2.AsyncHTTPConnection:
        while self._free:
            connection = self._free.pop()
            if not connection.has_expired():
                return connection
            await self._closed(connection)
        connection = httpcore2.AsyncHTTPConnection(origin, ssl_context=self._verify, network_backend=_Network())
        self._all.add(connection)
        return connection

    async def _closed(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        self._all.discard(connection)
        await connection.aclose()

    async def aclose(self) -> None:
        for connection in list(self._all):
            await self._closed(connection)


class _Network(httpcore2.AsyncNetworkBackend):
    """Connections of this event loop."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(host, port, happy_eyeballs_delay=0.25)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("nothing answered") from None
        except socket.gaierror:
            raise httpcore2.ConnectError(f"the name {host} is not known") from None
        except OSError as error:  # of several addresses it holds the words of all
            refused = f"[Errno {errno.ECONNREFUSED}]" in str(error)
            raise httpcore2.ConnectError("the connection was refused" if refused else str(error)) from None
        return _Stream(reader, writer)


class _Stream(httpcore2.AsyncNetworkStream):
    """What is written goes out with the next read, or once it is large."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._held: list[bytes] = []
        self._size = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            if self._held:
                await self._send()
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held.append(buffer)
        self._size += len(buffer)
        if self._size > _AT_ONCE:
            try:
                await self._send()
            except OSError as error:
                raise httpcore2.WriteError(str(error)) from None

    async def _send(self) -> None:
        self._writer.write(b"".join(self._held))
        self._held, self._size = [], 0
        await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except OSError as error:  # a certificate that does not fit among them
            self._writer.close()
            raise httpcore2.ConnectError(str(error)) from None
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # while nothing is asked that is the end
            return self._reader.at_eof() or self._reader.exception() is not None
        return self._writer.get_extra_info(info)


@contextmanager
def _as_httpx2() -> Iterator[None]:
    """Failures of a connection as httpx2's, by the same name."""
    try:
        yield
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from None


def connections() -> Connections | None:
    """Connections of our own; None behind a proxy, which the client's own transport finds by itself."""
    return None if getproxies() else Connections()
