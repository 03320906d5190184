import asyncio
import gzip
import json
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runs.misbehaving_server import DROP, ENDLESS, HANG, Reply, completion, error, page, raw, serving

from promptceiling.errors import EndpointError
from promptceiling.prompts import Field, PromptVariant, render
from promptceiling.runs import Endpoint
from promptceiling.runs.answer import MAX_TEXT
from promptceiling.runs.asking import MAX_SENDS, UNREACHED_S, ask
from promptceiling.runs.requests import json_of, request_body, request_key

BODY = {"model": "m", "messages": [{"role": "user", "content": "a"}]}


def short(value):
    return repr(value)[:20]


class NoWait(random.Random):
    """Draws 0, so that a pause before the next send takes no time."""

    def uniform(self, a, b):
        return 0.0


@asynccontextmanager
async def wire_of(server, tmp_path, deadline_s=30.0):
    async with Endpoint(server.base_url, "m").wire(tmp_path, deadline_s=deadline_s) as wire:
        yield wire


def asked(tmp_path, script, *, body=BODY, deadline_s=30.0, **options):
    """The answer that `ask` ends with, and the requests that the server saw."""
    async def whole():
        async with serving(script) as server, wire_of(server, tmp_path, deadline_s) as wire:
            answer = await ask(wire, json_of(body), deadline_s=deadline_s, **({"rng": NoWait()} | options))
            return answer, server.requests

    return asyncio.run(whole())


def stopped(tmp_path, script, **options):
    """The sentence of the EndpointError that `ask` raises, and the requests that the server saw."""
    async def whole():
        async with serving(script) as server, wire_of(server, tmp_path) as wire:
            with pytest.raises(EndpointError) as caught:
                await ask(wire, json_of(BODY), deadline_s=30, rng=NoWait(), **options)
            return str(caught.value), server.requests

    return asyncio.run(whole())


def test_answer_holds_what_the_server_said(tmp_path):
    """Text, model, finish reason and token counts are the server's, and one send sufficed."""
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 64},
             "completion_tokens_details": {"reasoning_tokens": 3}}
    answer, requests = asked(tmp_path, [completion("billing", usage=usage)])

    assert (answer.text, answer.model, answer.finish_reason, answer.refusal) == ("billing", "m-2026", "stop", None)
    assert (answer.input_tokens, answer.cached_tokens, answer.output_tokens, answer.reasoning_tokens) == (100, 64, 7, 3)
    assert (answer.attempts, answer.error_kind, answer.error, len(requests)) == (1, None, None, 1)


def test_request_is_sent_as_it_was_made(tmp_path):
    """The server gets the body as it stands, at the path of chat completions."""
    body = {"model": "m", "messages": [{"role": "user", "content": "naïve 😀\n\x00"}], "temperature": 0}
    _, [request] = asked(tmp_path, [completion()], body=body)

    assert (request.path, request.body) == ("/v1/chat/completions", body)


def test_server_errors_are_sent_again(tmp_path):
    """After two times 500 the third send is the answer, with its number."""
    answer, requests = asked(tmp_path, [error(500), error(500), completion("billing")])

    assert (answer.text, answer.attempts, answer.error_kind, len(requests)) == ("billing", 3, None, 3)


@pytest.mark.parametrize(("reply", "kind"), [
    (error(500), "server"), (error(503), "server"), (error(529), "server"), (error(599), "server"),
    (page(502), "server"), (error(408), "server"), (error(409), "server"), (error(429), "rate_limit"),
    (error(429, "rate_limit_exceeded"), "rate_limit"),
    (page(), "bad_body"), (raw(b""), "bad_body"), (raw(b"{"), "bad_body"), (raw(b"\xff\xfe\x00"), "bad_body"),
    (raw(b"[]"), "bad_body"), (raw(b'"billing"'), "bad_body"), (raw(b"null"), "bad_body"), (raw(b"{}"), "bad_body"),
    (raw(b'{"error": {"message": "overloaded"}}'), "bad_body"), (completion(choices=[]), "bad_body"),
    (completion(choices=None), "bad_body"), (completion(choices={"0": 1}), "bad_body"),
    (completion(choices=[{"index": 0}]), "bad_body"), (completion(choices=[{"message": None}]), "bad_body"),
    (completion(choices=[{"message": "billing"}]), "bad_body"), (raw(b"[" * 100_000), "bad_body"),
    (raw(b"plain text", content_type="text/plain"), "bad_body"), (DROP, "connection"),
    (raw(b"not gzip", content_encoding="gzip"), "connection"),
], ids=str)
def test_failure_after_all_sends_is_kept_as_one(tmp_path, reply, kind):
    """A reply that is no completion is asked for again, and is then a failure of a named kind without a text."""
    answer, requests = asked(tmp_path, [reply], sends=2)

    assert (answer.error_kind, answer.text, answer.attempts, len(requests)) == (kind, "", 2, 2)
    assert answer.error.startswith("2 sends; at last ")
    assert answer.error.endswith(".")
    assert "<" not in answer.error


@pytest.mark.parametrize(("url", "said"), [
    ("http://127.0.0.1:1", "the connection was refused"), ("http://localhost:1", "the connection was refused"),
    ("http://no-such-host.invalid", "the name no-such-host.invalid is not known")])
def test_server_that_was_never_reached_is_tried_for_seconds(tmp_path, monkeypatch, url, said):
    """Where nothing listens or no host has the name, the error says so after a few tries, and that nothing is paid."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    told = Told()

    async def whole():
        async with Endpoint(f"{url}/v1", "m").wire(tmp_path) as wire:
            await ask(wire, json_of(BODY), deadline_s=30, turns=told)

    with pytest.raises(EndpointError, match=f"{url} cannot be reached: {said}. Nothing was sent"):
        asyncio.run(whole())
    assert set(told.ends) == {"sent", ("unreachable", None)}
    assert max(told.pauses) <= UNREACHED_S


def test_server_that_answered_before_is_waited_for(tmp_path):
    """One that answered and then is not there is asked as often as any that fails, and the failure is one answer's."""
    async def whole():
        async with AsyncExitStack() as stack:
            async with serving([completion()]) as server:
                wire = await stack.enter_async_context(wire_of(server, tmp_path))
                first = await ask(wire, json_of(BODY), deadline_s=30)
            return first, await ask(wire, json_of(BODY), deadline_s=30, rng=NoWait())

    first, then = asyncio.run(whole())

    assert (first.error_kind, then.error_kind, then.attempts) == (None, "unreachable", MAX_SENDS)


@pytest.mark.parametrize("reply", [HANG, ENDLESS], ids=["hang", "endless"])
def test_deadline_bounds_the_whole_call(tmp_path, reply):
    """A server that says nothing, and one whose body never ends, are left at the deadline."""
    answer, _ = asked(tmp_path, [reply], deadline_s=0.2, sends=1)

    assert (answer.error_kind, answer.error) == ("timeout", "1 sends; at last no whole answer within 0.2 s.")
    assert 0.2 <= answer.latency_s < 5


def test_latency_is_that_of_the_last_send(tmp_path):
    """The time of sends that failed before is not the answer's latency."""
    answer, _ = asked(tmp_path, [HANG, completion()], deadline_s=1.0)

    assert answer.attempts == 2
    assert 0 < answer.latency_s < 1.0


class Told:
    """Lets every send out at once, and remembers what it was told."""

    def __init__(self):
        self.ends, self.pauses = [], []

    async def before(self):
        self.ends.append("sent")

    def after(self, kind, wait_s):
        self.ends.append((kind, wait_s))

    async def pause(self, seconds):
        self.pauses.append(seconds)


@pytest.mark.parametrize(("headers", "told"), [
    ({"retry_after": "7"}, 7.0), ({"retry_after": "0.5"}, 0.5), ({"retry_after": "0"}, 0.0),
    ({"retry_after_ms": "250"}, 0.25), ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
    ({"retry_after_ms": "soon", "retry_after": "7"}, 7.0), ({"retry_after": "121"}, 120.0),
    ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0), ({"retry_after": "Wed, 21 Oct 2099 07:28:00 GMT"}, 120.0),
])
@pytest.mark.parametrize("status", [429, 503])
def test_wish_to_wait_is_everybodys(tmp_path, status, headers, told):
    """Seconds, milliseconds and an HTTP date are told to all calls, at most two minutes; the call itself adds none."""
    turns = Told()
    answer, _ = asked(tmp_path, [error(status, **headers), completion()], turns=turns)

    assert answer.attempts == 2
    assert turns.ends == ["sent", ("rate_limit" if status == 429 else "server", told), "sent", (None, None)]
    assert turns.pauses == []


@pytest.mark.parametrize("odd", ["", "-1", "nan", "inf", "soon", "Wed, 21 Oct", "1e999", "²"])
def test_odd_wish_to_wait_is_not_followed(tmp_path, odd):
    """What is no time gives the pause that a failure has without a wish."""
    turns = Told()
    asked(tmp_path, [error(503, retry_after=odd), completion()], turns=turns, rng=random.Random(1))  # noqa: S311

    assert turns.ends[1] == ("server", None)
    assert 0.5 <= turns.pauses[0] <= 1.0


def test_rate_limit_without_a_wish_holds_everybody_for_a_growing_time(tmp_path):
    """The pause after the k-th 429 is drawn between a half and the whole of 2**k / 2 s, at most 20, for everybody."""
    turns = Told()
    answer, requests = asked(tmp_path, [error(429)], turns=turns, rng=random.Random(1))  # noqa: S311
    waits = [end[1] for end in turns.ends if end != "sent"]

    assert (answer.error_kind, len(requests), turns.pauses) == ("rate_limit", 6, [])
    for k, wait in enumerate(waits, start=1):
        assert min(20, 2**k / 2) / 2 <= wait <= min(20, 2**k / 2)


def test_call_that_timed_out_is_sent_once_more(tmp_path):
    """A call without an answer may have been paid for, so it is not sent six times."""
    answer, requests = asked(tmp_path, [HANG], deadline_s=0.1)

    assert (answer.error_kind, answer.attempts, len(requests)) == ("timeout", 2, 2)


@pytest.mark.parametrize(("reply", "said"), [
    (error(401, "invalid_api_key"), "The server refused the key (401). Check the variable that holds it."),
    (error(403), "The server refused the key (403)."),
    (error(404, "model_not_found"), "does not know the model or the address (404). Check --model and --base-url."),
    (page(404), "does not know the model or the address (404)"),
    (error(429, "insufficient_quota"), "quota is used up (insufficient_quota). Add credit"),
    (error(400, "unsupported_value", param="temperature"),
     "rejects the request (400, unsupported_value, parameter temperature). It will reject every case alike."),
    (error(422), "rejects the request (422)."), (page(413), "rejects the request (413)."),
    (Reply(301, b"", (("location", "/v2/chat/completions"),)), "redirects (301); redirects are not followed"),
], ids=str)
def test_what_can_never_succeed_stops_at_the_first_send(tmp_path, reply, said):
    """A wrong key, model, quota or parameter raises at once, in a sentence that says what to do."""
    sentence, requests = stopped(tmp_path, [reply])

    assert said in sentence
    assert len(requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_takes_no_text_elsewhere(tmp_path, status):
    """The server that a redirect names gets no request: neither the texts nor the key."""
    async def whole():
        async with serving([completion()]) as elsewhere:
            to = Reply(status, b"", (("location", f"{elsewhere.base_url}/chat/completions"),))
            async with serving([to]) as server, wire_of(server, tmp_path) as wire:
                with pytest.raises(EndpointError, match="Use the final address as the base URL"):
                    await ask(wire, json_of(BODY), deadline_s=30, rng=NoWait())
            return elsewhere.requests

    assert asyncio.run(whole()) == []


@pytest.mark.parametrize("reply", [
    error(400, "context_length_exceeded"), error(400, None, "This model's maximum context length is 8192 tokens."),
    error(413, None, "Input exceeds the context length."),
])
def test_prompt_that_is_too_long_fails_alone(tmp_path, reply):
    """A case beyond the model's context fails by itself, unrepeated, and does not end the run."""
    answer, requests = asked(tmp_path, [reply])

    assert (answer.error_kind, answer.error, len(requests)) == (
        "context_length", "The prompt is too long for the model.", 1)


@pytest.mark.parametrize(("content", "text"), [
    (None, ""), ("", ""), ([{"type": "text", "text": "bil"}, {"type": "text", "text": "ling"}], "billing"), ([], ""),
    ([None, 7, {"type": "image"}], ""), (7, ""), ({"text": "a"}, ""), ("\ud83d", "\ud83d"),
    ("x" * MAX_TEXT + "y", "x" * MAX_TEXT),
], ids=short)
def test_content_of_any_kind_is_a_text(tmp_path, content, text):
    """Null, a list of parts or another thing where text should be is taken for what text it holds, cut at its limit."""
    answer, _ = asked(tmp_path, [completion(content)])

    assert (answer.text, answer.error_kind) == (text, None)


@pytest.mark.parametrize(("message", "refusal"), [
    ({"content": None, "refusal": "I will not."}, "I will not."), ({"content": "a", "refusal": ""}, None),
    ({"content": "a", "refusal": {"reason": 1}}, None), ({"content": "a", "refusal": "\ud83d"}, "?")])
def test_refusal_is_a_text_or_none(tmp_path, message, refusal):
    """A refusal is kept in words; an empty or an odd one is none."""
    assert asked(tmp_path, [completion(message=message)])[0].refusal == refusal


@pytest.mark.parametrize("odd", [-1, 10**9, 10**400, 1.5, True, "12", None, [], {"n": 1}], ids=short)
def test_absurd_token_counts_are_none(tmp_path, odd):
    """A count that is no whole number of tokens is not known, whichever of the four it is."""
    usage = {"prompt_tokens": odd, "completion_tokens": odd, "prompt_tokens_details": {"cached_tokens": odd},
             "completion_tokens_details": {"reasoning_tokens": odd}}
    answer, _ = asked(tmp_path, [completion(usage=usage)])

    assert (answer.text, answer.input_tokens, answer.cached_tokens, answer.output_tokens, answer.reasoning_tokens) == (
        "billing", None, None, None, None)


@pytest.mark.parametrize("usage", [{}, [], "free", {"prompt_tokens_details": 3, "completion_tokens_details": None}])
def test_missing_usage_is_none(tmp_path, usage):
    """A server that counts nothing leaves the counts unknown, not 0."""
    answer, _ = asked(tmp_path, [completion(usage=usage)])

    assert (answer.input_tokens, answer.cached_tokens, answer.reasoning_tokens) == (None, None, None)


@pytest.mark.parametrize("odd", [None, 7, {"name": "m"}, ["m"], "\ud83d", "m" * 10_000], ids=short)
def test_odd_model_and_finish_reason_can_be_stored(tmp_path, odd):
    """Model and finish reason are short texts that a database can hold, whatever the server put there."""
    choice = {"index": 0, "finish_reason": odd, "message": {"role": "assistant", "content": "billing"}}
    answer, _ = asked(tmp_path, [completion(model=odd, choices=[choice])])

    assert answer.text == "billing"
    for word in (answer.model, answer.finish_reason or ""):
        assert len(word.encode()) <= 200


def test_body_holds_model_messages_format_and_parameters():
    """What is sent is the rendered prompt with the endpoint's model and parameters, and nothing else."""
    rendered = render(PromptVariant("v", (Field("category", ("x", "y")),)), "a")
    endpoint = Endpoint("http://127.0.0.1/v1", "m", parameters=(("temperature", 0), ("seed", 7)))

    assert request_body(endpoint, rendered) == {
        "model": "m", "messages": list(rendered.messages), "response_format": rendered.response_format,
        "temperature": 0, "seed": 7}


def test_format_is_left_out_where_there_is_none():
    """A bare label is asked for without a response format, which some servers do not know."""
    rendered = render(PromptVariant("v", (Field("category", ("x", "y")),), output="label"), "a")

    assert set(request_body(Endpoint("http://127.0.0.1/v1", "m"), rendered)) == {"model", "messages"}


def test_request_key_stays_the_same_from_version_to_version():
    """Answers that were paid for are found again: SHA-256 of the compact JSON of URL, body (keys sorted) and repeat.

    Computed once with sha256sum over '["http://h/v1",{"messages":[],"model":"m"},0]'.
    """
    assert request_key("http://h/v1", {"model": "m", "messages": []}, 0) == (
        "77bb6bbf1e47dffe3522e688bdbbba0758c5d2547f4cb373fb5c1395328ed068")


@pytest.mark.parametrize(("url", "body", "repeat"), [
    ("http://other/v1", BODY, 0), ("http://h/v1", BODY, 1), ("http://h/v1", BODY | {"model": "n"}, 0),
    ("http://h/v1", BODY | {"temperature": 0}, 0), ("http://h/v1", BODY | {"messages": []}, 0),
    ("http://h/v1", BODY | {"messages": [{"role": "user", "content": "b"}]}, 0),
    ("http://h/v1", BODY | {"messages": [{"role": "system", "content": "a"}]}, 0),
])
def test_request_key_covers_url_model_messages_parameters_and_repeat(url, body, repeat):
    """A change of any of them is another request."""
    assert request_key(url, body, repeat) != request_key("http://h/v1", BODY, 0)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(), st.booleans()), max_size=5))
def test_request_key_does_not_follow_the_order_of_parameters(body):
    """The same parameters in another order are the same request."""
    assert request_key("u", dict(reversed(body.items())), 0) == request_key("u", body, 0)


def test_request_key_is_made_of_text_with_half_a_character():
    """A prompt with a lone surrogate has a key like any other."""
    assert len(request_key("u", {"messages": [json.loads('"\\ud83d"')]}, 0)) == 64


def test_compressed_answer_is_read(tmp_path):
    """A server may compress what it sends."""
    plain = completion("billing").body

    assert asked(tmp_path, [raw(gzip.compress(plain), content_encoding="gzip")])[0].text == "billing"
