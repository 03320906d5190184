"""Connections over plain sockets and TLS."""

import asyncio
import json
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager

import httpcore2
import httpx2
import pytest

from promptceiling.runs.connections import Connections

BODY = json.dumps({"text": "x" * 200_000}).encode()


@asynccontextmanager
async def keeping(context=None, *, close_after=10**9):
    """A server that keeps connections; its URL and, for each connection, the pieces in which each request came."""
    seen = []

    async def serve(reader, writer):
        requests = []
        seen.append(requests)
        while len(requests) < close_after and (first := await reader.read(2**20)):
            pieces = [first]
            head, _, rest = first.partition(b"\r\n\r\n")
            missing = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) - len(rest)
            while missing > 0:
                pieces.append(await reader.read(missing))
                missing -= len(pieces[-1])
            requests.append(pieces)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=2**20)
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.sockets[0].getsockname()[1]}/v1/x?a=b", seen
    finally:
        server.close()


async def sent(transport, url, body=b"{}"):
    response = await transport.handle_async_request(httpx2.Request("POST", url, content=body))
    return response.status_code, response.content


def test_calls_one_after_another_use_one_connection_and_send_in_one_piece():
    """Three calls: one connection, and the head of each comes with its body."""
    async def whole():
        async with keeping() as (url, seen):
            transport = Connections()
            for _ in range(3):
                assert await sent(transport, url) == (200, b"ok")
            await transport.aclose()
            return seen

    (requests,) = asyncio.run(whole())

    assert [len(pieces) for pieces in requests] == [1, 1, 1]
    assert requests[0][0].startswith(b"POST /v1/x?a=b HTTP/1.1\r\n")


def test_large_request_comes_whole():
    """A request of 200 kB is the same at the other end."""
    async def whole():
        async with keeping() as (url, seen):
            transport = Connections()
            assert await sent(transport, url, BODY) == (200, b"ok")
            await transport.aclose()
            return b"".join(seen[0][0])

    assert asyncio.run(whole()).endswith(b"\r\n\r\n" + BODY)


def test_calls_at_once_have_a_connection_each():
    """Five calls at the same time: five connections, and the next five use them again."""
    async def whole():
        async with keeping() as (url, seen):
            transport = Connections()
            for _ in range(2):
                await asyncio.gather(*(sent(transport, url) for _ in range(5)))
            await transport.aclose()
            return seen

    assert [len(requests) for requests in asyncio.run(whole())] == [2] * 5


def test_connection_that_the_server_closed_is_not_used_again():
    """A server that closes after each answer, without a word: every call gets a new connection and an answer."""
    async def whole():
        async with keeping(close_after=1) as (url, seen):
            transport = Connections()
            for _ in range(3):
                assert await sent(transport, url) == (200, b"ok")
                await asyncio.sleep(0.05)  # its end must have come
            await transport.aclose()
            return len(seen)

    assert asyncio.run(whole()) == 3


def test_nothing_listens():
    """A refused connection is httpx2's error of that name."""
    async def whole():
        await sent(Connections(), "http://127.0.0.1:1/v1/x")

    with pytest.raises(httpx2.ConnectError, match="the connection was refused"):
        asyncio.run(whole())


def test_address_that_says_nothing(monkeypatch):
    """Where no connection is made within seconds, that is httpx2's error of that name, however long a call may take."""
    async def silent(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr("promptceiling.runs.connections.asyncio.open_connection", silent)
    monkeypatch.setattr("promptceiling.runs.connections._CONNECT_S", 0.01)

    async def whole():
        await sent(Connections(), "http://127.0.0.1:1/v1/x")

    with pytest.raises(httpx2.ConnectTimeout, match="nothing answered"):
        asyncio.run(whole())


@pytest.fixture
def certificate(tmp_path):
    """A key and a certificate for localhost that nobody vouches for."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed.")
    path = tmp_path / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path, "-out",
                    tmp_path / "c.pem", "-days", "1", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "c.pem").read_text())
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_certificate_is_checked(certificate, monkeypatch, trusted):
    """A server whose certificate is trusted is asked; any other is not sent a byte of the request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr(httpcore2, "default_ssl_context", httpcore2.default_ssl_context.__wrapped__)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def whole():
        async with keeping(context) as (url, seen):
            transport = Connections()
            try:
                return await sent(transport, url), seen
            finally:
                assert trusted or not any(seen)
                await transport.aclose()

    if trusted:
        assert asyncio.run(whole())[0] == (200, b"ok")
    else:
        with pytest.raises(httpx2.ConnectError, match="certificate"):
            asyncio.run(whole())
