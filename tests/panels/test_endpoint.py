"""The panel of the endpoint: probe, last day, local servers, latency."""

import asyncio

import pytest
from tests.made_up import made_cases, made_set
from tests.panels.made_up import HOSTILE, assert_shown_as_text, page_of
from tests.runs.misbehaving_server import completion, error, serving
from tests.runs.test_probe import obeys

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.panels import EndpointPanel
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, LocalServer, Workspace

SET = split_labeled_set(made_set(made_cases(30)))
PLAIN = PromptVariant("plain", fields_of(SET), output="label")


@pytest.fixture(autouse=True)
def no_local_servers(monkeypatch):
    monkeypatch.setattr("promptceiling.panels.endpoint.local_servers", tuple)  # whatever runs on this machine


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def at_a_server(workspace, script, work, **options):
    async def whole():
        async with serving(script) as server:
            panel = EndpointPanel(workspace, Endpoint(server.base_url, "m"), SET, [PLAIN], calls=12, **options)
            await work(panel)
            return panel, server.requests

    return asyncio.run(whole())


def words(panel):
    return page_of(panel.view).words


def test_button_probes_and_shows_what_is_honoured(workspace):
    """A click asks the small questions; each feature then has a row, and a panel made later shows the same."""
    async def work(panel):
        assert "This model was not probed yet." in words(panel)
        panel.ask_probe.click()
        panel.ask_probe.click()  # asks no second time
        await asyncio.sleep(0)
        assert panel.ask_probe.disabled
        await panel._task

    panel, _ = at_a_server(workspace, obeys, work)

    for said in ("JSON schema", "honoured", "logprobs", "The endpoint names no day on which it ends."):
        assert said in words(panel)
    assert words(EndpointPanel(workspace, panel.endpoint, SET, [PLAIN], calls=12)) == words(panel)


def test_button_measures_latency_with_three_percentiles(workspace):
    """Twelve calls after a warm-up, one at a time: p50, p95 and p99 with what they rest on."""
    async def work(panel):
        panel.ask_latency.click()
        await panel._task

    panel, requests = at_a_server(workspace, [completion()], work)

    assert len(requests) == 15
    for said in ("p50", "p95", "p99", "n 12"):
        assert said in panel.page.value


def test_failure_is_shown_in_words(workspace):
    """A wrong key is a sentence in the panel, and the buttons are there again."""
    async def work(panel):
        panel.ask_probe.click()
        await panel._task

    panel, _ = at_a_server(workspace, [error(401)], work)

    assert "The server refused the key (401)" in words(panel)
    assert not panel.ask_probe.disabled


def test_read_only_panel_asks_nothing(workspace):
    """Clicks and calls that reach it all the same send nothing, and it looks for no local server."""
    async def work(panel):
        panel.ask_probe.click()
        panel.ask_latency.click()
        with pytest.raises(PromptCeilingError, match="This page only shows"):
            await panel.probe()

    panel, requests = at_a_server(workspace, [completion()], work, read_only=True)

    assert not requests
    assert (panel.ask_probe.disabled, panel.ask_latency.disabled) == (True, True)


def test_running_local_server_is_offered(workspace, monkeypatch):
    """Without an endpoint of one's own, what runs on this machine is named with its models."""
    server = LocalServer("Ollama", "http://127.0.0.1:11434/v1", ("qwen3:8b",))
    monkeypatch.setattr("promptceiling.panels.endpoint.local_servers", lambda: (server,))
    panel = EndpointPanel(workspace, Endpoint())

    assert "http://127.0.0.1:11434/v1" in words(panel)
    assert panel.why.value == "Latency needs a labeled set and variants."


def test_hostile_text_is_shown_and_never_run(workspace):
    """What a server says, and what a model is called, is text."""
    panel = EndpointPanel(workspace, Endpoint("http://127.0.0.1:9/v1", HOSTILE))
    panel._problem = HOSTILE
    panel._render()

    assert_shown_as_text(panel.view)
