import asyncio
from dataclasses import replace

import pytest

from promptceiling.embedded import MODEL
from promptceiling.errors import EndpointError, InputError
from promptceiling.runs import EMBEDDED_URL, Endpoint, parameter

REMOTE = Endpoint("https://api.example.com/v1", "m")


def client_of(endpoint, tmp_path):
    """The client's properties that matter, read and closed in one loop."""
    async def whole():
        async with endpoint.client(tmp_path, deadline_s=3.0) as client:
            return client.max_retries, client.timeout, client._client.follow_redirects, client.api_key

    return asyncio.run(whole())


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": "sk-a"}])
def test_nothing_configured_is_the_embedded_model(environment):
    """Without a model or a URL nothing is called, even where a key lies about in the environment."""
    endpoint = Endpoint.configured(environment=environment)

    assert (endpoint.base_url, endpoint.model, endpoint.embedded) == (EMBEDDED_URL, MODEL, True)


@pytest.mark.parametrize(("options", "environment", "url", "model"), [
    ({"model": "m"}, {}, "https://api.openai.com/v1", "m"),
    ({"model": "m", "base_url": "http://127.0.0.1:8000/v1/"}, {}, "http://127.0.0.1:8000/v1", "m"),
    ({"model": "m"}, {"OPENAI_BASE_URL": "http://localhost:1/v1"}, "http://localhost:1/v1", "m"),
    ({"model": "m", "base_url": "http://a/v1"}, {"OPENAI_BASE_URL": "http://b/v1"}, "http://a/v1", "m"),
    ({"model": MODEL}, {}, EMBEDDED_URL, MODEL),
    ({"model": f"ft:{MODEL}:x"}, {}, EMBEDDED_URL, f"ft:{MODEL}:x"),
    ({"model": MODEL, "base_url": "http://127.0.0.1:9/v1"}, {}, "http://127.0.0.1:9/v1", MODEL),
])
def test_model_and_url_are_taken_as_named(options, environment, url, model):
    """The caller's words come first, then the environment's URL, then OpenAI's; the embedded model needs no URL."""
    endpoint = Endpoint.configured(environment=environment, **options)

    assert (endpoint.base_url, endpoint.model) == (url, model)
    assert endpoint.embedded == (MODEL in model)


def test_url_without_a_model_is_refused():
    """Nobody guesses which of a server's models is meant."""
    with pytest.raises(EndpointError, match=r"No model is named for http://a/v1\. Name one with --model\."):
        Endpoint.configured(base_url="http://a/v1", environment={})


@pytest.mark.parametrize("url", ["", "api.example.com/v1", "ftp://h/v1", "file:///etc/passwd", "http://", "http://[::1"])
def test_address_that_is_none_is_refused(url):
    """A base URL must be an http or https address."""
    with pytest.raises(EndpointError, match="is not an http or https address"):
        Endpoint(url, "m")


@pytest.mark.parametrize("url", ["https://me:secret@h/v1", "https://secret@h/v1", "ftp://me:secret@h/v1"])
def test_password_in_the_address_is_refused_unsaid(url):
    """A base URL is kept with the answers, so that it may hold no password; the refusal does not repeat it."""
    with pytest.raises(EndpointError, match="holds a user name or password") as caught:
        Endpoint(url, "m")

    assert "secret" not in str(caught.value)


def test_remote_host_needs_a_key(tmp_path, monkeypatch):
    """Without a key in the named variable, a host that is not this machine is not called."""
    monkeypatch.delenv("OTHER_KEY", raising=False)

    with pytest.raises(EndpointError, match=r"api\.example\.com needs a key, and OTHER_KEY is not set"):
        replace(REMOTE, api_key_env="OTHER_KEY").client(tmp_path)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "embedded"])
def test_this_machine_needs_no_key(tmp_path, monkeypatch, host):
    """A local server and the embedded model are called without a key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert client_of(Endpoint(f"http://{host}/v1", "m"), tmp_path)[3] == "none"


def test_key_of_this_environment_is_not_shown_to_the_embedded_model(tmp_path, monkeypatch):
    """The in-process server gets no key, since it needs none."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")

    assert client_of(Endpoint(), tmp_path)[3] == "none"


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-…", "sk-\x7f", "sk-\u00e4"])
def test_key_that_cannot_be_one_is_refused_unsaid(tmp_path, monkeypatch, key):
    """A key with a line break or a letter that no header takes is refused, without repeating it."""
    monkeypatch.setenv("OPENAI_API_KEY", key)

    with pytest.raises(EndpointError, match="OPENAI_API_KEY holds characters that no key has") as caught:
        REMOTE.client(tmp_path)

    assert "sk-" not in str(caught.value)


def test_space_around_a_key_is_no_part_of_it(tmp_path, monkeypatch):
    """A line break that came with the key from a file is taken away."""
    monkeypatch.setenv("OPENAI_API_KEY", " sk-a\n")

    assert client_of(REMOTE, tmp_path)[3] == "sk-a"


def test_client_neither_retries_nor_follows(tmp_path, monkeypatch):
    """Retries and redirects are off, since the caller counts the one and refuses the other."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a")

    assert client_of(REMOTE, tmp_path)[:3] == (0, 3.0, False)


def test_endpoint_never_holds_the_key(monkeypatch):
    """What can be printed and compared names the variable, not its value."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a")

    assert "sk-a" not in repr(Endpoint.configured(model="m", environment={"OPENAI_API_KEY": "sk-a"}))


AZURE = "https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21"


def wire_of(endpoint, tmp_path):
    async def whole():
        async with endpoint.wire(tmp_path) as wire:
            return {route: str(url) for route, url in wire.urls.items()}, dict(wire.headers)

    return asyncio.run(whole())


def test_api_version_goes_with_every_call_and_the_key_in_its_own_header(tmp_path, monkeypatch):
    """An address as Azure's deployments have it: the query stands behind the route, the key is no bearer."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a")
    urls, headers = wire_of(Endpoint(AZURE, "d"), tmp_path)

    assert urls["chat/completions"] == (
        "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21")
    assert (headers["api-key"], "authorization" in headers) == ("sk-a", False)


@pytest.mark.parametrize(("url", "key"), [(AZURE, "eyJ0.eyJ1.sig"), ("https://h/v1", "sk-a")])
def test_other_keys_are_bearers(tmp_path, monkeypatch, url, key):
    """A directory's token, and a key for an address without an api-version, go as a bearer."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    headers = wire_of(Endpoint(url, "d"), tmp_path)[1]

    assert (headers["authorization"], "api-key" in headers) == (f"Bearer {key}", False)


@pytest.mark.parametrize("query", ["key=secret", "api-version=1&sig=secret", "api-version=1&api-version=2"])
def test_query_that_would_be_kept_is_refused(query):
    """The address is kept with the answers: only an api-version may stand in its query, and no value is repeated."""
    with pytest.raises(EndpointError, match=r"in its query\. Only api-version may stand there") as caught:
        Endpoint(f"https://h/v1?{query}", "m")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("said", "found"), [
    ("temperature=0", ("temperature", 0)), ("reasoning_effort=none", ("reasoning_effort", "none")),
    ("logit_bias={\"5\": 1}", ("logit_bias", {"5": 1})), ("user=a=b", ("user", "a=b"))])
def test_parameter_is_read_as_json_or_as_text(said, found):
    """NAME=VALUE, the value as JSON where it is that."""
    assert parameter(said) == found


@pytest.mark.parametrize("said", ["temperature", "=1", "a b=1"])
def test_parameter_that_is_none_is_refused(said):
    with pytest.raises(InputError, match="is not written as NAME=VALUE"):
        parameter(said)


@pytest.mark.parametrize("name", ["model", "messages", "stream", "n", "response_format"])
def test_parameter_that_the_variant_decides_is_refused(name):
    """What is asked cannot be changed behind the variant's back."""
    with pytest.raises(EndpointError, match=f"'{name}' is no parameter that can be set"):
        Endpoint("https://h/v1", "m", parameters=((name, 1),))
