"""What a probe finds of endpoints that honour, ignore or reject what is asked of them."""

import asyncio
import json
from itertools import count

import pytest
from tests.runs.misbehaving_server import DROP, Reply, completion, error, page, raw, serving

from promptceiling.errors import EndpointError
from promptceiling.runs import Endpoint, latest_probe, list_models, probe_endpoint, shutdown_dates
from promptceiling.runs.findings import LIMIT, LIMITS, QUESTIONS

NUMBERS = count(10_000_000)
LONG = " ".join(["one"] * 100)
MODELS = {"object": "list", "data": [
    {"id": "m", "shutdown_date": "2027-01-14"}, {"id": "later", "shutdown_date": None},
    {"id": "azure", "deprecation": {"inference": 1_799_884_800}}, {"id": "odd", "shutdown_date": "soon"}, {"id": 5}]}


def usage_of(body, output=1, **details):
    """Usage as a server counts it: a token for every four characters of the messages."""
    given = sum(len(m["content"]) for m in body["messages"]) // 4
    return {"prompt_tokens": given, "completion_tokens": output, "total_tokens": given + output} | details


def obeys(request):
    """Does all that it is asked for."""
    body = request.body
    usage = usage_of(body, completion_tokens_details={"reasoning_tokens": 0})
    if any(name in body for name in LIMITS):
        return completion(choices=[{"index": 0, "finish_reason": "length", "message": {"content": "one two"}}],
                          usage=usage)
    if kind := (body.get("response_format") or {}).get("type"):
        return completion('{"shade": "teal"}' if kind == "json_schema" else '{"greeting": "hello"}', usage=usage)
    if body.get("logprobs"):
        return completion(choices=[{"index": 0, "finish_reason": "stop", "message": {"content": "amber"},
                                    "logprobs": {"content": [{"token": "amber", "logprob": -0.1}]}}], usage=usage)
    if "seed" in body:
        return completion(f"1000000{body['seed']}", usage=usage)
    if "temperature" in body:
        return completion("12345678" if body["temperature"] == 0 else str(next(NUMBERS)), usage=usage)
    return completion("amber", usage=usage)


def ignores(request):
    """Takes every parameter and minds none; it reasons, and says nothing of the input's tokens."""
    text = LONG if "numbers" in request.text else str(next(NUMBERS)) if "random" in request.text else "Hello!"
    return completion(text, usage={"completion_tokens": 40, "completion_tokens_details": {"reasoning_tokens": 38}})


def rejects(request):
    """Takes the messages and nothing else."""
    further = set(request.body) - {"model", "messages"}
    if further:
        return error(400, "unsupported_parameter", param=sorted(further)[0])
    return completion("amber", usage=usage_of(request.body))


def probed(workspace, script, model="m"):
    """What is found of a server, and all that it was asked."""
    def with_models(request):
        return raw(json.dumps(MODELS).encode()) if request.path == "/v1/models" else script(request)

    async def whole():
        async with serving(with_models) as server:
            endpoint = Endpoint(server.base_url, model)
            return endpoint, await probe_endpoint(workspace, endpoint, deadline_s=20), server

    return asyncio.run(whole())


@pytest.mark.parametrize(("script", "verdicts"), [
    (obeys, {"honoured": 9}), (ignores, {"ignored": 9}), (rejects, {"rejected": 7, "honoured": 1, "not told": 1})])
def test_endpoint_is_told_by_what_it_does(workspace, script, verdicts):
    """What is done, silently not done and refused are three things, for each of nine features."""
    _, found, server = probed(workspace, script)
    counted = {}
    for finding in found.findings:
        counted[finding.verdict] = counted.get(finding.verdict, 0) + 1

    assert counted == verdicts, found.findings
    assert len(server.requests) == len(QUESTIONS) + 1
    assert server.most_at_once <= 4


def test_rejection_says_what_the_server_named(workspace):
    """The status, the code and the parameter stand beside the feature."""
    _, found, _ = probed(workspace, rejects)
    seen = {finding.feature: finding.seen for finding in found.findings}

    assert seen["max_tokens"] == "The server said 400, unsupported_parameter, parameter max_tokens."


def test_server_that_always_answers_alike_tells_nothing_of_chance(workspace):
    """Where a random number is the same at any temperature and seed, neither is said to be honoured."""
    _, found, _ = probed(workspace, lambda request: completion("42", usage=usage_of(request.body)))
    verdicts = {finding.feature: finding.verdict for finding in found.findings}

    assert (verdicts["temperature"], verdicts["seed"], verdicts["max_tokens"]) == ("not told",) * 3


def test_limit_is_kept_apart_from_a_long_answer():
    """The limit that is asked for is far below what the question needs."""
    assert all(QUESTIONS[name][1] == {name: LIMIT} for name in LIMITS)


def test_what_was_found_is_kept_with_the_models(workspace):
    """The latest findings of a model, its last day and those of the others can be read again from the store."""
    endpoint, found, server = probed(workspace, obeys)

    assert latest_probe(workspace, endpoint) == found
    assert found.shutdown_date == "2027-01-14"
    assert shutdown_dates(workspace) == {"m": "2027-01-14", "azure": "2027-01-14"}
    assert shutdown_dates(workspace, {(server.base_url, "m"), ("https://other/v1", "azure")}) == {"m": "2027-01-14"}
    assert latest_probe(workspace, Endpoint(server.base_url, "later")) is None


def test_sends_of_a_probe_are_written_down(workspace):
    """A probe is paid for like a run: every send has its row and its outcome."""
    probed(workspace, rejects)

    assert workspace.sends()["outcome"].value_counts().to_dict() == {"rejected": 14, "answered": 2}


def test_busy_server_is_asked_again(workspace):
    """A 429 or a 500 is no answer about a feature: the call is sent again."""
    busy = iter([error(429, retry_after="0"), error(500, retry_after="0")])
    _, found, _ = probed(workspace, lambda request: next(busy, None) or obeys(request))

    assert {finding.verdict for finding in found.findings} == {"honoured"}


@pytest.mark.parametrize(("reply", "said"), [
    (error(401), "refused the key"), (error(404), "does not know the model"),
    (error(429, "insufficient_quota"), "quota is used up"), (error(400, "no"), "plain question was not answered: 400"),
    (DROP, "the connection failed"), (page(), "200 without a chat completion"),
    (Reply(307, b"", (("location", "http://127.0.0.1:9/v1"),)), "redirects are not followed")])
def test_endpoint_that_cannot_be_used_is_said_in_a_sentence(workspace, monkeypatch, reply, said):
    """Nothing is found of an endpoint that answers no plain question, and nothing is kept."""
    async def at_once(seconds):
        return None

    monkeypatch.setattr("promptceiling.runs.probe.asyncio.sleep", at_once)
    with pytest.raises(EndpointError, match=said):
        probed(workspace, lambda request: reply)

    with workspace.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM probes").scalar() == 0


@pytest.mark.parametrize("reply", [page(), error(404), raw(b"[]"), raw(b'{"data": 5}'), raw(b"[" * 100_000)])
def test_endpoint_without_a_list_of_models_has_none(workspace, reply):
    """Whatever comes instead of a list, no model is made up, and what was known stays."""
    async def whole():
        async with serving([raw(json.dumps(MODELS).encode()), reply]) as server:
            return [await list_models(workspace, Endpoint(server.base_url, "m")) for _ in range(2)]

    first, second = asyncio.run(whole())

    assert (len(first), second) == (4, {})
    assert shutdown_dates(workspace) == {"m": "2027-01-14", "azure": "2027-01-14"}
