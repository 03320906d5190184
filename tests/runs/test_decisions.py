"""Decisions: a variant whose requests go to another route, kept and scored like any other."""

import asyncio
import json

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import Reply, serving

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, Workspace, completions, estimate_run, run_variants
from promptceiling.runs.answer import NoCompletion, read_decision

SET = split_labeled_set(made_set([c | {"expected_priority": ("low", "high")[k % 2]}
                                  for k, c in enumerate(made_cases(45))]))
VARIANT = PromptVariant("decided", fields_of(SET), output="decisions", shots=4, selection="similar")
PRICE = Price("m", 0.10, 0.01, 0.50, "2026-11-23", "a list")


def decision(*answers, usage=None):
    usage = usage or {"input_tokens": 900, "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 0},
                      "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 907}
    return {"model": "m-1", "answers": list(answers), "usage": usage}


def choice(value, probability=0.75):
    return {"type": "choice", "name": "category", "choice": value, "confidence": 0.5,
            "probabilities": [{"value": value, "probability": probability}, {"value": "other", "probability": 0.1}]}


def test_embedded_model_decides_and_every_answer_is_kept(tmp_path):
    """A run asks once for each case, a second one for none; labels, further fields and probabilities are read back."""
    with Workspace(tmp_path, durable=False) as workspace:
        first, again = (asyncio.run(run_variants(workspace, SET, [VARIANT], Endpoint())) for _ in range(2))
        frame = completions(workspace, SET)

    assert (first.state, first.sent, again.sent, again.from_store) == ("done", len(frame), 0, len(frame))
    assert set(frame["outcome"]) == {"answered"}
    assert frame["confidence"].between(0, 1).all()
    assert set(frame["predicted_priority"]) <= {"low", "high"}
    assert (frame["predicted"] == frame["expected"]).mean() > 0.5
    assert (frame["input_tokens"] > 0).all()


def test_request_goes_to_the_decisions_route_without_what_it_does_not_take(tmp_path):
    """The body has input and questions and no temperature, the case is the last message, only the input is paid."""
    async def whole():
        async with serving([Reply(body=json.dumps(decision(choice("billing"))).encode())]) as server:
            endpoint = Endpoint(server.base_url, "m", parameters=(("temperature", 0), ("prompt_cache_key", "k")))
            with Workspace(tmp_path, durable=False) as workspace:
                estimate = estimate_run(workspace, SET, [VARIANT], endpoint, price=PRICE)
                summary = await run_variants(workspace, SET, [VARIANT], endpoint, price=PRICE)
                return estimate, summary, completions(workspace, SET), server.requests

    estimate, summary, frame, requests = asyncio.run(whole())
    texts = set(SET.split("validation")["input"])

    assert all(r.path.endswith("/v1/decisions") for r in requests)
    assert all(set(r.body) == {"model", "input", "questions", "prompt_cache_key"} for r in requests)
    assert {r.body["input"][-1]["content"] for r in requests} == texts
    assert [q["name"] for q in requests[0].body["questions"]] == ["category", "priority"]
    assert set(frame["predicted"]) == {"billing"}
    assert set(frame["confidence"]) == {0.75}
    assert summary.cost_usd == pytest.approx(len(texts) * (800 * 0.10 + 100 * 0.01) / 1e6)
    assert estimate.output_tokens == 0


def test_refused_question_is_a_refusal():
    """A refusal of the main question is kept as one, and asked again by the next run like a chat's."""
    answer = read_decision(json.dumps(decision({"type": "refusal", "name": "category"})).encode())

    assert answer.refusal
    assert (answer.input_tokens, answer.cached_tokens, answer.output_tokens) == (900, 100, 0)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"answers": []}', b'{"answers": [3]}',
                                  b'{"answers": [{}]}', b'{"choices": [{"message": {"content": "billing"}}]}',
                                  b'{"answers": ' + b"[" * 100_000])
def test_body_that_is_no_decision_is_none(body):
    """Whatever else comes is no decision, and no exception of another kind leaves the reader."""
    with pytest.raises(NoCompletion):
        read_decision(body)
