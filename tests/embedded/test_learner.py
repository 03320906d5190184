import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptceiling.embedded.learner import answer
from promptceiling.embedded.request import Asked

LABELS = {"category": ["billing", "how_to", "bug_report"]}


def asked(text, shots=(), labels=None, descriptions=None, confidence=False):
    return Asked(labels or LABELS, descriptions or {}, list(shots), text, confidence)


@pytest.mark.parametrize("category", LABELS["category"])
def test_case_is_answered_like_the_shot_that_it_repeats(category):
    """A case with a shot's words gets the shot's label, whatever the label is called."""
    shots = [("the printer ate my paper again", {"category": category}),
             ("greetings from the seaside", {"category": next(c for c in LABELS["category"] if c != category)})]

    assert json.loads(answer(asked("the printer ate the paper", shots))) == {"category": category}


def test_label_named_in_the_text_wins_without_shots():
    """Without shots, likeness to a label's own words decides: underscores and spaces alike."""
    assert json.loads(answer(asked("a question about how to do it"))) == {"category": "how_to"}


def test_description_draws_cases_to_its_label():
    """A label that is described by the case's words is the answer."""
    described = {"bug_report": "crash freeze error stacktrace"}

    assert json.loads(answer(asked("crash with a stacktrace", descriptions=described))) == {"category": "bug_report"}


def test_every_field_is_answered_in_the_order_asked():
    """Each field gets one of its own labels."""
    labels = {"priority": ["high", "low"], **LABELS}
    shots = [("server down", {"priority": "high", "category": "bug_report"})]
    record = json.loads(answer(asked("the server is down", shots, labels)))

    assert list(record.items()) == [("priority", "high"), ("category", "bug_report")]


def test_bare_label_is_answered_bare():
    """Asked for a label alone, it answers with the label alone."""
    shots = [("server down", {"": "bug_report"})]

    assert answer(asked("the server is down", shots, {"": LABELS["category"]})) == "bug_report"


def test_shot_with_an_unknown_label_is_passed_over():
    """A shot whose answer is none of the allowed labels adds nothing."""
    shots = [("server down", {"category": "nonsense"}), ("server slow", {})]

    assert answer(asked("billing", shots)) == answer(asked("billing"))


@settings(deadline=None, max_examples=60)
@given(text=st.text(min_size=1), shots=st.lists(st.tuples(st.text(), st.sampled_from(LABELS["category"])), max_size=4))
def test_answer_is_an_allowed_label_with_a_probability(text, shots):
    """Whatever the texts are, the answer is one of the labels, its confidence at least 1 / 3 and at most 1."""
    record = json.loads(answer(asked(text, [(t, {"category": c}) for t, c in shots], confidence=True)))

    assert record["category"] in LABELS["category"]
    assert 0.333 <= record["confidence"] <= 1


def test_same_request_has_the_same_answer():
    """The model draws nothing: it answers alike twice."""
    request = asked("the invoice is wrong", [("invoice of may", {"category": "billing"})], confidence=True)

    assert answer(request) == answer(request)


def test_nearer_shot_is_surer():
    """The likelier a label, the higher the stated confidence."""
    stated = []
    for shot in ("the invoice of may is wrong", "invoice stuff from another year"):
        request = asked("the invoice of may is wrong now", [(shot, {"category": "billing"})], confidence=True)
        stated.append(json.loads(answer(request))["confidence"])

    assert stated[0] > stated[1]
