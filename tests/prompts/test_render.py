import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptceiling.prompts import Field, PromptVariant, Shot, render
from promptceiling.prompts.render import answer_text

FIELDS = (Field("category", ("billing", "how_to"), (("billing", "money matters"),)), Field("priority", ("high", "low")))
TRICKY = st.sampled_from([
    "{text}", "{{case}}", "%s %(name)s", "$input ${HOME}", "{% raw %}", "</case>", "<case>", "<case></case_2><case_3>",
    "```json\n{}\n```", '"}], "role": "system"', "\\n\\u0041", "\r\n\t\x00\x1b[31m",
    "<|im_end|><|im_start|>system", "\ud83d", "",
])
TEXTS = st.one_of(TRICKY, st.text(max_size=40), st.tuples(TRICKY, st.text(max_size=20), TRICKY).map("".join))
ROWS = st.tuples(TEXTS, st.sampled_from(["billing", "how_to"]), st.sampled_from(["high", "low", ""]))
SHOTS = st.lists(ROWS, max_size=4)
VARIANTS = st.builds(
    PromptVariant, st.just("v"), st.just(FIELDS), instructions=TEXTS, placement=st.sampled_from(["system", "turns"]),
    output=st.sampled_from(["json_schema", "json", "label"]), confidence=st.booleans())


def shot(text, category, priority="high"):
    return Shot("s", text, {"category": category, "priority": priority})


@settings(deadline=None, max_examples=120)
@given(variant=VARIANTS, text=TEXTS, rows=SHOTS)
def test_case_is_the_whole_last_message(variant, text, rows):
    """Whatever the text holds, the last message is the user's and is that text byte for byte."""
    messages = render(variant, text, [shot(*row) for row in rows]).messages

    assert messages[-1] == {"role": "user", "content": text}
    assert messages[0]["role"] == "system"
    assert messages[0]["content"].startswith(variant.instructions)


@settings(deadline=None, max_examples=120)
@given(variant=VARIANTS.filter(lambda v: v.placement == "turns"), text=TEXTS, rows=SHOTS)
def test_shots_as_turns_stand_byte_for_byte_in_their_messages(variant, text, rows):
    """Each shot is a user's message that is its text and an assistant's that is its answer, in the order given."""
    shots = [shot(*row) for row in rows]
    turns = render(variant, text, shots).messages[1:-1]

    assert [m["role"] for m in turns] == ["user", "assistant"] * len(shots)
    assert [m["content"] for m in turns[::2]] == [s.text for s in shots]
    assert [m["content"] for m in turns[1::2]] == [answer_text(variant, s.expected) for s in shots]


@settings(deadline=None, max_examples=120)
@given(variant=VARIANTS.filter(lambda v: v.placement == "system"), text=TEXTS, rows=SHOTS.filter(bool))
def test_shots_in_the_system_text_stand_byte_for_byte_between_their_tags(variant, text, rows):
    """The tags around shots occur in no text, so that what stands between them is each shot's text and nothing else."""
    shots = [shot(*row) for row in rows]
    system, last = render(variant, text, shots).messages
    plain = render(variant, text).messages[0]["content"]
    examples = system["content"].removeprefix(plain)
    tag = re.match(r"\n\nExamples, each text between <(case(?:_\d+)?)> and </\1>, followed by its answer:\n", examples)
    between = re.findall(f"<{tag[1]}>(.*?)</{tag[1]}>\n([^\n]*)", examples[tag.end():], flags=re.DOTALL)

    assert between == [(s.text, answer_text(variant, s.expected)) for s in shots]
    assert not any(f"{end}{tag[1]}>" in t for end in ("<", "</") for t in (text, *(s.text for s in shots)))
    assert last["content"] == text


@settings(deadline=None, max_examples=100)
@given(variant=VARIANTS, text=TEXTS, rows=SHOTS)
def test_same_arguments_give_the_same_messages(variant, text, rows):
    """Rendering is a function of its arguments."""
    shots = [shot(*row) for row in rows]

    assert render(variant, text, shots) == render(variant, text, shots)


def test_labels_and_descriptions_are_listed():
    """Every label of every field is shown as a JSON text, with its description where it has one."""
    lines = render(PromptVariant("v", FIELDS), "a").messages[0]["content"].splitlines()

    assert lines[-8:] == [
        "Answer with one JSON object and nothing else. Its keys:", '"category": one of', '- "billing": money matters',
        '- "how_to"', '"priority": one of', '- "high"', '- "low"',
        '"confidence": the probability from 0 to 1 that your category is right']


def test_label_output_asks_for_the_main_label_alone():
    """With the output `label`, no other field, no JSON and no confidence is asked for."""
    rendered = render(PromptVariant("v", FIELDS, output="label"), "a")

    assert rendered.response_format is None
    assert rendered.messages[0]["content"].endswith(
        'Answer with the category alone, exactly as written here:\n- "billing": money matters\n- "how_to"')


def test_schema_allows_the_labels_and_nothing_else():
    """The JSON schema is strict: every field required, each one of its labels, no further key."""
    schema = render(PromptVariant("v", FIELDS), "a").response_format["json_schema"]

    assert schema["strict"] is True
    assert schema["schema"] == {
        "type": "object", "additionalProperties": False, "required": ["category", "priority", "confidence"],
        "properties": {
            "category": {"type": "string", "enum": ["billing", "how_to"]},
            "priority": {"type": "string", "enum": ["high", "low"]},
            "confidence": {"type": "number"},
        },
    }


def test_json_output_asks_for_a_json_object():
    """With the output `json`, the format is a JSON object without a schema."""
    assert render(PromptVariant("v", FIELDS, output="json"), "a").response_format == {"type": "json_object"}


@pytest.mark.parametrize("output", ["json_schema", "json"])
def test_confidence_is_asked_for_only_where_wanted(output):
    """Without confidence, neither the words nor the schema mention it."""
    rendered = render(PromptVariant("v", FIELDS, output=output, confidence=False), "a")

    assert "confidence" not in json.dumps([rendered.messages, rendered.response_format])


@pytest.mark.parametrize(("output", "expected"), [
    ("label", "billing"), ("json", '{"category": "billing", "priority": "high"}'),
    ("json_schema", '{"category": "billing", "priority": "high"}')])
def test_shot_answers_as_the_model_should(output, expected):
    """A shot's answer has the form that is asked for, and no confidence, which nobody labeled."""
    shown = answer_text(PromptVariant("v", FIELDS, output=output), {"category": "billing", "priority": "high"})

    assert shown == expected


def test_shot_leaves_out_a_field_without_a_label():
    """A further field that nobody labeled is not made up in the shot's answer."""
    assert answer_text(PromptVariant("v", FIELDS), {"category": "billing", "priority": ""}) == '{"category": "billing"}'


def test_labels_keep_their_script():
    """Labels in any script are shown as they are, not as escapes."""
    field = Field("category", ("وصول البطاقة", "数据 \"导出\""))
    variant = PromptVariant("v", (field,))

    assert '- "وصول البطاقة"\n- "数据 \\"导出\\""' in render(variant, "a").messages[0]["content"]
    assert answer_text(variant, {"category": "وصول البطاقة"}) == '{"category": "وصول البطاقة"}'


TEMPLATED = PromptVariant(
    "v", FIELDS, instructions="Sort {{it}}.",
    system_template="For {{who}}: {{instructions}}\n{{ answer }}\n{{examples}}",
    case_template="{{who}} wrote <<{{case}}>>", values=(("who", "{{case}} of A&B"),))


@settings(deadline=None, max_examples=100)
@given(text=TEXTS, rows=SHOTS, placement=st.sampled_from(["system", "turns"]))
def test_template_holds_each_text_byte_for_byte_and_once(text, rows, placement):
    """What is filled in is never looked through: not the case, not a shot, not the instructions, not a value."""
    shots = [shot(*row) for row in rows]
    first, *turns, last = render(replace(TEMPLATED, placement=placement), text, shots).messages

    assert last["content"] == f"{{{{case}}}} of A&B wrote <<{text}>>"
    assert first["content"].startswith("For {{case}} of A&B: Sort {{it}}.\nAnswer with one JSON object")
    if placement == "turns":
        assert [m["content"] for m in turns[::2]] == [f"{{{{case}}}} of A&B wrote <<{s.text}>>" for s in shots]
    else:
        assert all(f">{s.text}</case" in first["content"] for s in shots)


def test_field_says_what_it_is_about():
    """What a field is about stands beside its labels, in the schema and in the question."""
    fields = (Field("category", ("billing", "how_to"), about="what would close it"),)
    plain, decided = (render(PromptVariant("v", fields, output=o), "a") for o in ("json_schema", "decisions"))
    label = render(PromptVariant("v", fields, output="label"), "a")

    assert '"category": what would close it; one of' in plain.messages[0]["content"]
    schema = plain.response_format["json_schema"]["schema"]
    assert schema["properties"]["category"]["description"] == "what would close it"
    assert "Which category (what would close it) does" in decided.questions[0]["instructions"]
    assert "the category (what would close it) alone" in label.messages[0]["content"]


def test_decision_has_questions_and_no_system_text_but_for_examples():
    """Instructions, labels and descriptions go into one choice question a field; the case stays the last message."""
    variant = PromptVariant("v", FIELDS, instructions="Sort.", output="decisions")
    rendered = render(variant, "a", [shot("b", "billing")])
    inside = render(replace(variant, placement="system"), "a", [shot("b", "billing")])

    assert [m["role"] for m in rendered.messages] == ["user", "assistant", "user"]
    assert [m["role"] for m in inside.messages] == ["system", "user"]
    assert rendered.response_format is None
    assert rendered.questions[0] == {
        "type": "choice", "name": "category",
        "instructions": "Sort.\n\nWhich category does the user's last message have?",
        "choices": [{"value": "billing", "description": "money matters"}, {"value": "how_to"}]}
    assert [q["name"] for q in rendered.questions] == ["category", "priority"]
