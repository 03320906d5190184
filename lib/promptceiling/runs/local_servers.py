"""Model servers that already run on this machine, at the ports that they usually have."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass

USUAL_PORTS = {"Ollama": 11434, "vLLM": 8000, "llama.cpp": 8080}
_WAIT_S = 0.5
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server on 127.0.0.1 that lists its models as OpenAI does.

    Attributes
    ----------
    usual: the program whose usual port it has; what really answers is not told.
    """

    usual: str
    base_url: str
    models: tuple[str, ...]

    def __str__(self) -> str:
        return (f"A local server answers at {self.base_url} (the usual port of {self.usual}) with "
                f"{', '.join(self.models)}: --base-url {self.base_url} --model {self.models[0]}")


def local_servers(ports: Mapping[str, int] = USUAL_PORTS) -> tuple[LocalServer, ...]:
    """Those that answer within half a second, in the order of `ports`. Only 127.0.0.1 is asked, and without a key."""
    found = []
    for usual, port in ports.items():
        if models := _models(port):
            found.append(LocalServer(usual, f"http://127.0.0.1:{port}/v1", models))
    return tuple(found)


def _models(port: int) -> tuple[str, ...]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_S)
    try:
        connection.request("GET", "/v1/models", headers={"Accept": "application/json"})
        response = connection.getresponse()
        listed = json.loads(response.read(_MOST_BYTES))["data"] if response.status == 200 else []
        return tuple(str(m["id"])[:200] for m in listed if isinstance(m.get("id"), str) and m["id"].isprintable())
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    finally:
        connection.close()
