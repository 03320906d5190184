"""Where the calls go: any OpenAI-compatible URL, or the embedded model where nothing is configured."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from promptceiling.errors import EndpointError, InputError
from promptceiling.runs.read_only import WHY, only_shows

if TYPE_CHECKING:
    import httpx2
    import openai

EMBEDDED_MODEL = "embedded-in-context"
EMBEDDED_URL = "http://embedded/v1"
Route = Literal["chat/completions", "decisions", "embeddings"]
ROUTES: tuple[Route, ...] = get_args(Route)
_OWN = ("model", "messages", "input", "questions", "response_format", "stream", "n")
_LOCAL = ("localhost", "127.0.0.1", "::1", "embedded")


@dataclass(slots=True)
class Wire:
    """What a call needs: the address of each route and of "models", the headers that the `openai` client would send
    (but for those that tell of this machine), and its connections. Its typed call walks every message, and even its
    `post` spends as much time again as the call itself; so the bytes go to the client's connections without either. An
    async context that closes them.

    Attributes
    ----------
    reached: whether anything was answered yet, be it an error.
    """

    urls: Mapping[str, httpx2.URL]
    headers: Mapping[str, str] = field(repr=False)
    http: httpx2.AsyncClient = field(repr=False)
    key: str = field(repr=False)
    transport: httpx2.AsyncBaseTransport | None = field(repr=False, default=None)
    reached: bool = False

    async def exchange(self, method: str, route: str, content: bytes | None = None) -> httpx2.Response:
        """The whole response of one request. Raises httpx2's errors."""
        import httpx2  # imported late: pages that only read need not wait for it

        request = httpx2.Request(method, self.urls[route], headers=self.headers, content=content)
        if self.transport is None:
            response = await self.http.send(request)
        else:
            response = await self.transport.handle_async_request(request)
            await response.aread()
        self.reached = True
        return response

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()


def is_embedded(model: str) -> bool:
    """Whether a name is the embedded model's or one of its fine-tunes', wherever it is served.

    >>> is_embedded("embedded-in-context"), is_embedded("gpt-6-luna")
    (True, False)
    """
    return model == EMBEDDED_MODEL or model.startswith(f"ft:{EMBEDDED_MODEL}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model behind an OpenAI-compatible URL.

    Attributes
    ----------
    base_url: up to and including the version part, e.g. "http://127.0.0.1:8000/v1". With `?api-version=...` behind it,
        as Azure's deployments have it, that goes with every call, and the key goes as `api-key`.
    model: the model's name as the server knows it.
    api_key_env: the environment variable that holds the key; the key itself is never stored.
    parameters: further parameters of every call, e.g. (("temperature", 0),).

    Raises EndpointError for a URL that is no address or holds a password, and for a parameter that is not one.
    """

    base_url: str = EMBEDDED_URL
    model: str = EMBEDDED_MODEL
    api_key_env: str = "OPENAI_API_KEY"
    parameters: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
        except ValueError:
            parts = urlsplit("")
        if parts.username or parts.password:
            raise EndpointError(f"The base URL for {parts.hostname} holds a user name or password, and would be kept "
                                "with the answers. Put a key into the environment instead.")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EndpointError(f"The base URL {self.base_url!r} is not an http or https address.")
        asked = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        if asked not in ([], ["api-version"]):
            names = ", ".join(dict.fromkeys(asked))
            raise EndpointError(f"The base URL for {parts.hostname} has {names} in its query. Only api-version may "
                                "stand there, since the address is kept with the answers; a key belongs into the "
                                "environment.")
        if own := [name for name, _ in self.parameters if name in _OWN]:
            raise EndpointError(f"{own[0]!r} is no parameter that can be set: the variant and the endpoint decide it.")

    @classmethod
    def configured(
        cls, model: str | None = None, base_url: str | None = None, api_key_env: str = "OPENAI_API_KEY",
        environment: Mapping[str, str] = os.environ, parameters: tuple[tuple[str, Any], ...] = (),
    ) -> Endpoint:
        """The endpoint that a user asked for: the embedded model unless a model or a URL is named.

        A key in the environment alone configures nothing, so that nobody spends money without having said where.
        """
        url = base_url or environment.get("OPENAI_BASE_URL")
        if not model and not url:
            return cls(parameters=parameters)
        if model and is_embedded(model):
            return cls(model=model, base_url=url or EMBEDDED_URL, parameters=parameters)
        if not model:
            raise EndpointError(f"No model is named for {url}. Name one with --model.")
        return cls(base_url=(url or "https://api.openai.com/v1").rstrip("/"), model=model, api_key_env=api_key_env,
                   parameters=parameters)

    @property
    def embedded(self) -> bool:
        """Whether the answers are the embedded model's and not an LLM's."""
        return is_embedded(self.model)

    def client(self, folder: Path, *, deadline_s: float = 120.0) -> openai.AsyncOpenAI:
        """A client for one event loop, with its own retries off and redirects not followed.

        `folder` is where the embedded model keeps uploads when it is called in-process. Raises EndpointError where the
        host is not this machine and the key's variable is empty, or where it holds what cannot be a key.
        """
        return self._connected(folder, deadline_s)[0]

    def wire(self, folder: Path, *, deadline_s: float = 120.0) -> Wire:
        """The same client's connections, for calls whose body is ready; raises what `client` raises."""
        client, http, transport = self._connected(folder, deadline_s)
        named = {k.lower(): v for k, v in {**client.auth_headers, **client.default_headers}.items()}
        headers = {**http.headers, **{name: value for name, value in named.items()
                                      if isinstance(value, str) and not name.startswith("x-stainless-")}}
        base, query = str(client.base_url).rstrip("/"), {k: str(v) for k, v in client.default_query.items()}
        urls = {route: http.build_request("POST", f"{base}/{route}", params=query).url for route in (*ROUTES, "models")}
        return Wire(urls, headers, http, client.api_key, transport)

    def _connected(
        self, folder: Path, deadline_s: float
    ) -> tuple[openai.AsyncOpenAI, httpx2.AsyncClient, httpx2.AsyncBaseTransport | None]:
        import httpx2  # imported late: pages that only read need not wait for it
        import openai

        if only_shows():
            raise EndpointError(WHY)
        host = urlsplit(self.base_url).hostname
        key = os.environ.get(self.api_key_env, "").strip() if host != "embedded" else ""
        if not key and host not in _LOCAL:
            raise EndpointError(f"{host} needs a key, and {self.api_key_env} is not set in the environment.")
        if not (key.isascii() and key.isprintable()):
            raise EndpointError(f"{self.api_key_env} holds characters that no key has. Copy the key again.")
        from promptceiling.runs.connections import connections

        transport: httpx2.AsyncBaseTransport | None
        if host != "embedded":
            transport = connections()
        else:
            from promptceiling.embedded import create_app

            transport = httpx2.ASGITransport(app=create_app(folder))
        http = httpx2.AsyncClient(
            transport=transport, follow_redirects=False, timeout=deadline_s,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None))  # the runner bounds them
        parts = urlsplit(self.base_url)
        query = dict(parse_qsl(parts.query))
        token = key.startswith("eyJ") and key.count(".") == 2  # one of a directory's, which Azure takes as a bearer
        named: dict[str, Any] = {"api-key": key, "Authorization": openai.omit} if query and key and not token else {}
        client = openai.AsyncOpenAI(
            base_url=urlunsplit(parts._replace(query="")), api_key=key or "none", max_retries=0, timeout=deadline_s,
            http_client=http, default_query=query, default_headers=named,
        )
        return client, http, transport


def parameter(said: str) -> tuple[str, Any]:
    """A parameter of calls as it is written on a command line, NAME=VALUE. Raises InputError for anything else.

    >>> parameter("temperature=0"), parameter("reasoning_effort=none")
    (('temperature', 0), ('reasoning_effort', 'none'))
    """
    name, sign, value = said.partition("=")
    if not (sign and name.isidentifier()):
        raise InputError(f"The parameter {said!r} is not written as NAME=VALUE, such as temperature=0.")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
