import json
import string

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from promptceiling.prompts import OUTCOMES, Field, PromptVariant, Reading, read_completion

LABELS = ("how_to", "bug report", "billing", "etc.", "Café")
VARIANT = PromptVariant("v", (Field("category", LABELS), Field("priority", ("high", "low"))))
WHOLE = '{"category": "billing", "priority": "high", "confidence": 0.75}'

ANY = st.text(st.one_of(st.characters(), st.sampled_from("\ud83d\udfff{}[]\",:\\")))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(LABELS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["category", "priority", "confidence", "x"]), inner, max_size=4)),
    max_leaves=8)


def is_sound(reading):
    """Whether the outcome is known, a prediction stands exactly where it answered, and the confidence is in [0, 1]."""
    return (
        reading.outcome in OUTCOMES and reading.outcome != "failed"
        and (reading.prediction in LABELS if reading.outcome == "answered" else reading == Reading(reading.outcome))
        and set(reading.fields.items()) <= {("priority", "high"), ("priority", "low")}
        and (reading.confidence is None or 0 <= reading.confidence <= 1)
    )


@pytest.mark.parametrize("text", [
    WHOLE, f" \n{WHOLE}\n", f"```json\n{WHOLE}\n```", f"```\n{WHOLE}```", f"Sure! Here it is: {WHOLE} Anything else?",
    f'{{"thought": "unclear"}} {WHOLE}', f'{{"category": "how_to"}} or rather {WHOLE}', f"{{not json}} {WHOLE}",
    f"{{ {WHOLE}", f'{WHOLE} {{"note": "done"}}', f"\ufeff{WHOLE}",
    json.dumps(json.loads(WHOLE), indent=2), WHOLE.replace("billing", "bill\\u0069ng"),
])
def test_json_object_is_found_wherever_it_stands(text):
    """Alone, in a fence, in prose, or the last of several: the object with the main key is read."""
    assert read_completion(VARIANT, text) == Reading("answered", "billing", {"priority": "high"}, 0.75)


@pytest.mark.parametrize(("text", "label"), [
    ("billing", "billing"), (" billing\n", "billing"), ("billing.", "billing"), ('"billing"', "billing"),
    ("'billing'.", "billing"), ("`billing`", "billing"), ("“billing”", "billing"), ("«billing»", "billing"),
    ("Billing", "billing"), ("BILLING", "billing"), ("bill\u200bing", "billing"), ("how to", "how_to"),
    ("How-To.", "how_to"), ("bug_report", "bug report"), ("Bug  Report", "bug report"), ("etc.", "etc."),
    ("etc", "etc."), ('"Etc."', "etc."), ("Cafe\u0301", "Café"), ("CAFÉ", "Café"),
])
def test_label_is_matched_by_equality_after_its_cleaning(text, label):
    """Outer space, quotation marks, a final period, case, hyphens and underscores do not part a label from itself."""
    alone = read_completion(VARIANT, text)
    in_json = read_completion(VARIANT, json.dumps({"category": text}))

    assert alone.prediction == in_json.prediction == label


@settings(deadline=None, max_examples=200)
@given(label=st.sampled_from(LABELS), before=st.text(string.ascii_letters + " ,:", max_size=12),
       after=st.text(string.ascii_letters + " ,:", max_size=12))
@example(label="billing", before="not ", after="")
@example(label="billing", before="", after=" or how_to")
@example(label="billing", before="The category is ", after="")
def test_label_is_never_matched_as_a_part_of_a_text(label, before, after):
    """A label with other words or letters around it is no answer, in plain text and as a value in JSON alike."""
    text = f"{before}{label}{after}"
    assume(text.strip() != label)

    assert read_completion(VARIANT, text).outcome == "unparsed"
    assert read_completion(VARIANT, json.dumps({"category": text})).outcome == "unparsed"


@pytest.mark.parametrize("text", ["billing how_to", "billing, how_to", "[\"billing\"]", "billing\nbecause of the sum"])
def test_more_than_the_label_is_no_answer(text):
    """Two labels, a list, or a label with its reason are unparsed: nobody guesses which was meant."""
    assert read_completion(VARIANT, text).outcome == "unparsed"


def test_labels_that_differ_in_case_alone_are_told_apart():
    """Where two labels are alike in lower case, only the exact one counts."""
    variant = PromptVariant("v", (Field("category", ("Bug", "bug", "other")),))

    assert [read_completion(variant, text).prediction for text in ("Bug", "bug", "BUG")] == ["Bug", "bug", None]


@pytest.mark.parametrize("label", ["-", "_", ".", '"', "?"])
def test_empty_text_is_no_label(label):
    """A label of mere punctuation is answered by itself, and not by an empty text."""
    variant = PromptVariant("v", (Field("category", (label, "x")),))

    assert read_completion(variant, label).prediction == label
    assert read_completion(variant, "").outcome == "unparsed"


@pytest.mark.parametrize("text", [
    "", "   ", "I cannot tell.", "{}", '{"priority": "high"}', '{"category": null}', '{"category": 3}',
    '{"category": ["billing"]}', '{"category": {"name": "billing"}}', '{"category": "invoices"}',
    '{"category": "billing', '{"Category": "billing"}', '[{"priority": "high"}]', '{"category": ""}', "null",
    "{'category': 'billing'}",
])
def test_text_without_a_usable_label_is_unparsed(text):
    """What names no label is unparsed: no prediction and no confidence come of it."""
    assert read_completion(VARIANT, text) == Reading("unparsed")


def test_cut_text_without_a_label_is_truncated():
    """Where the server stopped at its length limit, a missing label is the limit's."""
    assert read_completion(VARIANT, '{"category": "bill', finish_reason="length") == Reading("truncated")


def test_cut_text_with_its_label_is_answered():
    """A label that was complete before the cut counts."""
    assert read_completion(VARIANT, "billing", finish_reason="length").prediction == "billing"


@pytest.mark.parametrize("how", [{"refusal": "I will not."}, {"finish_reason": "content_filter"}])
def test_refusal_is_refused_whatever_the_text(how):
    """A refusal field or the content filter outweighs a label in the text."""
    assert read_completion(VARIANT, WHOLE, **how) == Reading("refused")


@pytest.mark.parametrize("refusal", [None, ""])
def test_empty_refusal_is_none(refusal):
    """An empty refusal field refuses nothing."""
    assert read_completion(VARIANT, WHOLE, refusal=refusal).outcome == "answered"


@pytest.mark.parametrize(("said", "confidence"), [
    ("0", 0.0), ("1", 1.0), ("0.5", 0.5), ("1.0", 1.0), ("-0.1", None), ("1.01", None), ("90", None), ('"0.9"', None),
    ("true", None), ("null", None), ("NaN", None), ("Infinity", None), ("1e400", None), ("1" + "0" * 400, None),
    ("[0.9]", None),
])
def test_confidence_is_a_number_from_0_to_1_or_none(said, confidence):
    """A confidence that is no probability is left out, and the answer stands."""
    reading = read_completion(VARIANT, f'{{"category": "billing", "confidence": {said}}}')

    assert (reading.prediction, reading.confidence) == ("billing", confidence)


def test_further_field_that_is_no_label_is_left_out():
    """A wrong value in a further field does not spoil the main one."""
    reading = read_completion(VARIANT, '{"category": "billing", "priority": "asap"}')

    assert (reading.prediction, reading.fields) == ("billing", {})


def test_thousand_malformed_completions_are_read_without_an_error():
    """A whole answer, cut, doubled, spliced and with characters exchanged a thousand times, never raises."""
    rng = np.random.default_rng(7)
    odd = list('{}[]":,\\\n0eE-.nu \ud800\x00é')
    for _ in range(1000):
        text = list(WHOLE)
        for _ in range(rng.integers(1, 9)):
            k = int(rng.integers(len(text) + 1))
            text[k : k + int(rng.integers(4))] = rng.choice(odd, int(rng.integers(3)))
        text = "".join(text)[: int(rng.integers(1, 90))] * int(rng.integers(1, 3))
        finish = rng.choice(["stop", "length"])

        assert is_sound(read_completion(VARIANT, text, finish_reason=str(finish))), text


@settings(deadline=None, max_examples=250)
@given(st.one_of(ANY, JSON.map(json.dumps), st.builds(lambda a, b: a + json.dumps(b), st.text(max_size=5), JSON)),
       st.sampled_from([None, "stop", "length", "content_filter", "tool_calls", ""]))
def test_any_text_and_any_json_have_a_sound_reading(text, finish_reason):
    """Every text ends as exactly one outcome, with a prediction only where it names a label."""
    assert is_sound(read_completion(VARIANT, text, finish_reason=finish_reason))


@pytest.mark.parametrize("content", [None, [], [{"type": "text", "text": "billing"}], {}, 7, b"billing", float("nan")])
def test_content_that_is_no_text_is_unparsed(content):
    """Whatever a server puts where text should be, reading it does not raise."""
    assert read_completion(VARIANT, content) == Reading("unparsed")


@pytest.mark.parametrize("text", ["{" * 100_000, '{"a":' * 20_000, "[" * 100_000, '{"category": ' + "9" * 10_000 + "}",
                                  '{"category": "billing", "x": ' + "[" * 50_000])
def test_deep_and_long_texts_are_unparsed(text):
    """Nesting and numbers beyond what a JSON reader takes are unparsed like any other broken text."""
    assert read_completion(VARIANT, text) == Reading("unparsed")


DECIDED = PromptVariant("v", (Field("category", LABELS), Field("priority", ("high", "low"))), output="decisions")


def decision(*answers):
    return json.dumps({"answers": answers})


def choice(value, name="category", **more):
    return {"type": "choice", "name": name, "choice": value, "confidence": 0.4} | more


@pytest.mark.parametrize(("answers", "reading"), [
    ([choice("billing"), choice("high", "priority")], Reading("answered", "billing", {"priority": "high"}, 0.4)),
    ([choice("high", "priority"), choice("billing")], Reading("answered", "billing", {"priority": "high"}, 0.4)),
    ([choice("billing", None), choice("low", None)], Reading("answered", "billing", {"priority": "low"}, 0.4)),
    ([choice("billing", probabilities=[{"value": "how_to", "probability": 0.2},
                                       {"value": "billing", "probability": 0.8}])],
     Reading("answered", "billing", {}, 0.8)),
    ([choice("billing", confidence=7)], Reading("answered", "billing", {}, None)),
    ([choice("billing", probabilities=7), {"type": "refusal", "name": "priority"}],
     Reading("answered", "billing", {}, 0.4)),
    ([{"type": "refusal", "name": "category"}, choice("high", "priority")], Reading("refused")),
    ([{"type": "refusal", "name": None}], Reading("refused")),
    ([choice("Billing")], Reading("unparsed")), ([choice(True)], Reading("unparsed")),
    ([choice("billing", "other")], Reading("unparsed")), ([choice(["billing"])], Reading("unparsed")),
    ([{"type": "predicate", "name": "category", "probability": 1, "choice": "billing"}], Reading("unparsed")),
    ([], Reading("unparsed")), ([7, None], Reading("unparsed")),
])
def test_decision_is_read_by_the_name_or_the_place_of_its_question(answers, reading):
    """A choice that is a label exactly is the answer, with its own probability; the API's choices are typed."""
    assert read_completion(DECIDED, decision(*answers)) == reading


@settings(deadline=None, max_examples=150)
@given(st.one_of(ANY, JSON.map(json.dumps), st.lists(st.one_of(JSON, st.fixed_dictionaries(
    {"type": st.sampled_from(["choice", "refusal", "x"]), "name": st.sampled_from(["category", None, "priority", 3]),
     "choice": st.one_of(JSON, st.sampled_from(LABELS))}, optional={"probabilities": JSON, "confidence": JSON})))
    .map(lambda answers: json.dumps({"answers": answers}))))
def test_any_decision_has_a_sound_reading(text):
    """Whatever an API answers, one outcome comes of it, and no exception."""
    assert is_sound(read_completion(DECIDED, text))
