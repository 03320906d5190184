import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptceiling.embedded.request import answer_values, content_text, read_request
from promptceiling.prompts import Field, PromptVariant, Shot, render

TEXTS = st.text(max_size=30)
LABELS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True).map(tuple)


@settings(deadline=None, max_examples=200)
@given(text=TEXTS, shots=st.lists(st.tuples(TEXTS, st.integers(0, 9)), max_size=3), labels=LABELS, urgent=LABELS,
       placement=st.sampled_from(["system", "turns"]), output=st.sampled_from(["json_schema", "json"]),
       confidence=st.booleans())
def test_request_is_understood_as_it_was_rendered(text, shots, labels, urgent, placement, output, confidence):
    """Labels, shots, case and the wish for a confidence are read back from the messages of any variant with JSON."""
    variant = PromptVariant("v", (Field("category", labels), Field("priority", urgent)), instructions="Sort.",
                            placement=placement, output=output, confidence=confidence)
    shown = [Shot("s", t, {"category": labels[k % len(labels)], "priority": urgent[k % len(urgent)]}) for t, k in shots]
    rendered = render(variant, text, shown)
    asked = read_request(list(rendered.messages), rendered.response_format)

    assert asked.labels == {"category": list(labels), "priority": list(urgent)}
    assert asked.shots == [(s.text, dict(s.expected)) for s in shown]
    assert (asked.text, asked.confidence) == (text, confidence)


@pytest.mark.parametrize("placement", ["system", "turns"])
def test_bare_label_is_understood(placement):
    """With the output `label`, the field has no name, and shots answer with their label alone."""
    field = Field("category", ("billing", "how_to"), (("billing", "money matters"),))
    variant = PromptVariant("v", (field,), placement=placement, output="label")
    asked = read_request(list(render(variant, "a", [Shot("s", "b", {"category": "how_to"})]).messages), None)

    assert asked.labels == {"": ["billing", "how_to"]}
    assert asked.descriptions == {"billing": "money matters"}
    assert asked.shots == [("b", {"": "how_to"})]


@pytest.mark.parametrize(("content", "text"), [
    ("a", "a"), ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"), (None, ""), ([1, {"x": 2}], ""),
    (7, "")])
def test_content_is_text_in_every_form_of_the_protocol(content, text):
    """A text, a list of parts, or nothing: what is there of text is taken."""
    assert content_text({"content": content}) == text


@pytest.mark.parametrize(("text", "values"), [
    ('{"category": "billing", "n": 3}', {"category": "billing", "n": "3"}), (" billing ", {"": "billing"}),
    ('["a"]', {"": '["a"]'}), ("[" * 100_000, {"": "[" * 100_000}), ("", {"": ""})])
def test_answer_is_json_or_a_bare_label(text, values):
    """An assistant's message is a JSON object with values, or else one bare label."""
    assert answer_values(text) == values


def test_last_message_of_an_assistant_leaves_no_case():
    """A dialogue that does not end with the user asks nothing."""
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "billing"}]

    assert read_request(messages, None).text == ""
