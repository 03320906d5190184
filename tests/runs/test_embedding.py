"""Vectors from the endpoint's embeddings route: asked for once, paid for within the budget, and what is near."""

import asyncio
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import Reply, completion, error, serving

from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, RunHandle, embed_texts, estimate_run, run_variants
from promptceiling.runs.answer import NoCompletion, read_vectors
from promptceiling.runs.runner import requests_of

SET = split_labeled_set(made_set(made_cases(60)))
NEAR = PromptVariant("near", fields_of(SET), shots=3, selection="similar", embedding="embedded-ngrams")
TEXTS = [f"text {k}" for k in range(150)]
PRICE = Price("e", 1.0, 1.0, 1.0, "2026-11-23", "a list")


def vectors(request):
    """A server that gives each text a vector of its length, last one first, and counts a token a text."""
    texts = request.body.get("input", [])
    data = [{"object": "embedding", "index": k, "embedding": [len(t), 1]} for k, t in enumerate(texts)]
    return Reply(body=json.dumps({"object": "list", "model": "e-1", "data": data[::-1],
                                  "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}}).encode())


def asked(workspace, script=vectors, texts=TEXTS, **options):
    async def whole():
        async with serving(script) as server:
            endpoint = Endpoint(options.pop("base_url", server.base_url), "m", parameters=(("temperature", 0),))
            return await embed_texts(workspace, endpoint, "e", texts, **options), server.requests, endpoint

    return asyncio.run(whole())


def test_every_text_has_its_vector_and_is_asked_for_once(workspace):
    """Texts go in batches without chat's parameters; what is stored is not asked for again, and the order does not
    matter."""
    async def whole():
        async with serving(vectors) as server:
            endpoint = Endpoint(server.base_url, "m", parameters=(("temperature", 0),))
            first = await embed_texts(workspace, endpoint, "e", [*TEXTS, TEXTS[0]])
            again = await embed_texts(workspace, endpoint, "e", [*TEXTS[::-1], "one more"])
            return first, again, server.requests

    first, again, requests = asyncio.run(whole())

    assert first == {text: [len(text), 1] for text in TEXTS}
    assert again == first | {"one more": [8, 1]}
    assert [len(r.body["input"]) for r in requests] == [64, 64, 22, 1]
    assert all(r.path.endswith("/v1/embeddings") for r in requests)
    assert all(set(r.body) == {"model", "input", "encoding_format"} for r in requests)


def test_vectors_are_paid_for_within_the_budget(workspace):
    """What they cost is counted; a budget that does not hold the next request ends it in words."""
    with pytest.raises(EndpointError, match="might pass the budget"):
        asked(workspace, budget_usd=0.0008, price=PRICE)
    spent = workspace.spent_usd()
    with pytest.raises(InputError, match="No price is known for the model 'e'"):
        asked(workspace, budget_usd=1.0)

    assert 0 < spent <= 0.0008


@pytest.mark.parametrize(("script", "said"), [
    ([error(404)], "does not know the model"),
    ([error(401)], "refused the key"),
    ([Reply(body=b'{"data": [{"index": 0, "embedding": [1, 2]}]}')], "1 came for 64 texts"),
])
def test_endpoint_without_vectors_is_said(workspace, script, said):
    """A route or a model that is not there, or fewer vectors than texts, is an error in words."""
    with pytest.raises(EndpointError, match=said):
        asked(workspace, script)


def test_stopped_handle_asks_for_nothing_more(workspace):
    """After stop() no text is sent."""
    handle = RunHandle()
    handle.stop()
    with pytest.raises(EndpointError, match="Stopped before every text"):
        asked(workspace, handle=handle)

    assert workspace.sends().empty


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[]", b'{"data": []}', b'{"data": [{"index": 0, "embedding": []}]}', b'{"data": [{"embedding": [1]}]}',
    b'{"data": [{"index": 0, "embedding": ["a"]}]}', b'{"data": [{"index": 0, "embedding": [NaN]}]}',
    b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}',
    b'{"data": [{"index": 0, "embedding": "AAAA"}]}', b'{"data": ' + b"[" * 100_000])
def test_body_without_vectors_is_none(body):
    """Whatever else comes is no list of vectors, and no exception of another kind leaves the reader."""
    with pytest.raises(NoCompletion):
        read_vectors(body)


def test_run_chooses_shots_by_the_embedded_models_vectors(workspace):
    """A variant that names an embedding model gets its vectors first, then its answers; again, nothing is asked."""
    estimate = estimate_run(workspace, SET, [NEAR], Endpoint())
    first = asyncio.run(run_variants(workspace, SET, [NEAR], Endpoint()))
    sends = len(workspace.sends())
    again = asyncio.run(run_variants(workspace, SET, [NEAR], Endpoint()))
    plain = asyncio.run(run_variants(workspace, SET, [replace(NEAR, name="words", embedding=None)], Endpoint()))

    assert (first.state, first.sent, again.sent) == ("done", len(SET.split("validation")), 0)
    assert estimate.calls == first.sent
    assert sends == len(workspace.sends()) - plain.sent
    assert plain.sent > 0  # other shots than by words


def test_shots_are_the_nearest_by_the_vectors(workspace):
    """What a run sends holds the shots whose vectors have the largest cosines to the case's."""
    pool, cases = SET.split("train"), SET.split("validation")
    texts = [*pool["input"], *cases["input"]]
    known = asyncio.run(embed_texts(workspace, Endpoint(), "embedded-ngrams", texts))
    requests = requests_of(SET, [NEAR], Endpoint(), "validation", 1, None, {"embedded-ngrams": known})
    for text, (_, _, _, key) in zip(cases["input"], requests.items, strict=True):
        messages = json.loads(requests.content(key))["messages"]
        near = [float(np.dot(known[text], known[m["content"]])) for m in messages[1:-1:2]]
        best = sorted((float(np.dot(known[text], known[t])) for t in pool["input"]), reverse=True)[:3]

        np.testing.assert_allclose(near, best, atol=1e-5)


def test_missing_vectors_are_an_error_in_words(workspace):
    """Nothing is chosen by vectors that are not there."""
    with pytest.raises(InputError, match="There is no vector of 'embedded-ngrams'"):
        requests_of(SET, [NEAR], Endpoint(), "validation", 1)


def test_endpoint_that_has_no_embeddings_ends_the_run_before_it_asks(workspace):
    """The run says so and opens nothing."""
    async def whole():
        async with serving([error(404), completion()]) as server:
            await run_variants(workspace, SET, [NEAR], Endpoint(server.base_url, "m"))

    with pytest.raises(EndpointError, match="does not know the model"):
        asyncio.run(whole())
    assert workspace.sets().empty
