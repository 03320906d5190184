import asyncio
import json

import pytest
from tests.runs.misbehaving_server import DROP, HANG, Reply, error, page, raw, serving

from promptceiling.runs import local_servers

LISTED = raw(json.dumps({"data": [{"id": "qwen3:8b"}, {"id": 1}, {"id": "bad\nname"}]}).encode())


def found(reply):
    """What is found of a server that gives this reply, and what it was asked."""
    async def whole():
        async with serving([reply]) as server:
            port = int(server.base_url.rsplit(":", 1)[1].split("/")[0])
            return await asyncio.to_thread(local_servers, {"Ollama": port}), server.requests

    return asyncio.run(whole())


def test_running_server_is_offered_with_its_models(monkeypatch):
    """It is asked for its models, without a key, and told by the words that use it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    (server,), (request,) = found(LISTED)

    assert server.models == ("qwen3:8b",)
    assert (request.path, "sk-canary" in str(request.headers)) == ("/v1/models", False)
    assert f"--base-url {server.base_url} --model qwen3:8b" in str(server)


@pytest.mark.parametrize("reply", [
    page(), error(404), DROP, HANG, raw(b"{"), raw(b'{"data": []}'), Reply(301, b"", (("location", "http://h"),))])
def test_what_lists_no_models_is_not_offered(reply):
    """Another program at the port, one that hangs, or one without models is nothing to offer."""
    assert found(reply)[0] == ()


def test_closed_ports_are_nothing():
    """Without a server there is nothing to offer, and no error."""
    assert local_servers({"Ollama": 1}) == ()
