"""Connections to one server, each in a pool of its own: one pool looks through all of its connections at every call."""

from __future__ import annotations

from urllib.request import getproxies

import httpx2


class Connections(httpx2.AsyncBaseTransport):
    """Lends each call a connection that no other call uses, and opens another where all are lent.

    The whole body is read before the response is handed on, so that the connection is free again.
    """

    def __init__(self) -> None:
        self._verify = httpx2.create_ssl_context()
        self._all: list[httpx2.AsyncHTTPTransport] = []
        self._free: list[httpx2.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._free:
            connection = self._free.pop()
        else:
            connection = httpx2.AsyncHTTPTransport(verify=self._verify)
            self._all.append(connection)
        try:
            response = await connection.handle_async_request(request)
            try:
                stream = response.stream
                if not isinstance(stream, httpx2.AsyncByteStream):
                    raise TypeError("the transport gave no stream to be awaited")
                body = b"".join([part async for part in stream])
            finally:
                await response.aclose()
        finally:
            self._free.append(connection)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=httpx2.ByteStream(body),
            extensions=response.extensions)

    async def aclose(self) -> None:
        for connection in self._all:
            await connection.aclose()


def connections() -> Connections | None:
    """Connections of our own; None behind a proxy, which the client's own transport finds by itself."""
    return None if getproxies() else Connections()
