"""A canary key that no file, error, log or output may hold."""

import asyncio
import json
import logging
import pickle
import traceback

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import DROP, Reply, completion, error, page, raw, serving

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, measure_latency, probe_endpoint, run_variants

CANARY = "sk-canary-51c0ffee51c0ffee51c0ffee"
SET = split_labeled_set(made_set(made_cases(6)))
VARIANT = PromptVariant("v", fields_of(SET), output="label")
NOW = {"retry_after": "0"}

ECHOES = {
    "a good answer": completion(),
    "an answer that repeats the key": completion(f"billing {CANARY}", model=CANARY, system_fingerprint=CANARY),
    "a refusal that repeats it": completion(message={"role": "assistant", "content": None, "refusal": f"No, {CANARY}"}),
    "the key is wrong": error(401, "invalid_api_key", f"Incorrect API key provided: {CANARY}."),
    "the key in code and parameter": error(400, f"bad {CANARY}", f"no {CANARY}", param=f"authorization={CANARY}"),
    "a server error": error(500, CANARY, f"Bearer {CANARY}", **NOW),
    "a rate limit": error(429, CANARY, CANARY, **NOW),
    "quota": error(429, "insufficient_quota", f"{CANARY} has no credit"),
    "too long": error(400, "context_length_exceeded", CANARY),
    "a page": page(text=f"<pre>authorization: Bearer {CANARY}</pre>"),
    "an error page": page(404, f"<pre>authorization: Bearer {CANARY}</pre>"),
    "broken JSON": raw(b'{"headers": "Bearer ' + CANARY.encode()),
    "JSON of the request's headers": raw(json.dumps({"headers": {"authorization": f"Bearer {CANARY}"}}).encode()),
    "a redirect": Reply(307, b"", (("location", "http://127.0.0.1:9/v1"),)),
    "a hang-up": DROP,
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES.keys())
def test_key_is_sent_and_left_nowhere(tmp_path, monkeypatch, caplog, capfd, reply):
    """Whatever a server echoes, the key is in no error text, file of the workspace, log at any level, or output."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setattr("promptceiling.runs.asking.random.Random.uniform", lambda *_: 0.0)
    caplog.set_level(logging.DEBUG)
    told = []

    async def whole(workspace):
        async with serving([reply]) as server:
            endpoint = Endpoint(server.base_url, "m")
            told.append(repr(await run_variants(workspace, SET, [VARIANT], endpoint, deadline_s=30)))
            try:
                await measure_latency(workspace, SET, VARIANT, endpoint, calls=1, deadline_s=30)
            except PromptCeilingError as caught:
                told.extend([str(caught), repr(caught), traceback.format_exc()])
            asked = list(server.requests)
            try:
                told.append(repr(await probe_endpoint(workspace, endpoint, deadline_s=30)))
            except PromptCeilingError as caught:
                told.extend([str(caught), repr(caught), traceback.format_exc()])
            return asked

    with Workspace(tmp_path, durable=False) as workspace:
        requests = asyncio.run(whole(workspace))
        told.append(completions(workspace, SET).to_csv())
    told += [caplog.text, *capfd.readouterr()]

    assert requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert not [text for text in told if CANARY in text]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path.name


def test_error_that_travels_holds_no_key(tmp_path, monkeypatch):
    """An EndpointError that is pickled, as between processes, takes no request along."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)

    async def whole():
        async with serving([error(500)]) as server:
            with Workspace(tmp_path) as workspace:
                await measure_latency(workspace, SET, VARIANT, Endpoint(server.base_url, "m"), calls=1)

    with pytest.raises(Exception, match="Latency was not measured") as caught:
        asyncio.run(whole())

    assert CANARY.encode() not in pickle.dumps(caught.value)


def test_short_word_in_place_of_a_key_does_not_touch_the_texts(tmp_path, monkeypatch):
    """A local server's stand-in such as "test" or "EMPTY" is no secret: answers that hold the word keep it."""
    monkeypatch.setenv("OPENAI_API_KEY", "test")

    async def whole(workspace):
        async with serving([completion("a test of billing")]) as server:
            await run_variants(workspace, SET, [VARIANT], Endpoint(server.base_url, "m"))

    with Workspace(tmp_path) as workspace:
        asyncio.run(whole(workspace))

        assert set(completions(workspace, SET)["text"]) == {"a test of billing"}
