"""The one-call score of a model on test cases."""

import asyncio

import pytest

from promptceiling import EndpointError, InputError, evaluate_classifier

CASES = [
    {"input": "Charged twice for the March invoice", "expected_category": "billing"},
    {"input": "The invoice shows a wrong amount, billing please check", "expected_category": "billing"},
    {"input": "Cannot sign in, the login page rejects my password", "expected_category": "login"},
    {"input": "Login loops back after the password reset", "expected_category": "login"},
]


def test_cases_are_scored_with_interval_and_n(tmp_path):
    """The label names are in two of the texts, which is what the embedded model goes by."""
    score = evaluate_classifier("embedded-in-context", CASES, store=tmp_path)
    assert score.n == score.scored == 4
    assert score.f1_weighted.low <= score.f1_weighted.value <= score.f1_weighted.high
    assert score.f1_weighted.n == 4


def test_it_works_inside_a_running_event_loop(tmp_path):
    """A notebook's cell runs in a loop already."""

    async def cell():
        return evaluate_classifier("embedded-in-context", CASES, store=tmp_path)

    assert asyncio.run(cell()).n == 4


def test_nothing_is_asked_twice(tmp_path, monkeypatch):
    """A second call is served from the store: it answers with an endpoint that cannot be reached."""
    first = evaluate_classifier("embedded-in-context", CASES, store=tmp_path)
    monkeypatch.setattr("promptceiling.runs.endpoint.Endpoint.client", lambda *_, **__: pytest.fail("asked again"))
    assert evaluate_classifier("embedded-in-context", CASES, store=tmp_path) == first


def test_unusable_cases_and_endpoints_are_refused(tmp_path):
    """Each is a sentence of its own kind."""
    with pytest.raises(InputError, match="expected_category"):
        evaluate_classifier("embedded-in-context", [{"input": "a"}, {"input": "b"}], store=tmp_path)
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        evaluate_classifier("gpt-6-luna", CASES, store=tmp_path)
