"""Any text of any awkward file becomes messages in which it stands byte for byte in its slot, and no shot leaks it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.labeled_set.awkward import READ, REFUSED, ROWS
from tests.made_up import WORDS, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, ShotPicker, fields_of, render
from promptceiling.prompts.variant import ORDERS, OUTPUTS, PLACEMENTS, SELECTIONS
from promptceiling.runs import Endpoint
from promptceiling.runs.requests import Requests, json_of, request_body, request_key

DELIMITERS = (
    "{{case}}", "{{instructions}}", "{case} {0} {}", "{% raw %}{{ 7*7 }}{% endraw %}", "%s %(case)s %", "$case ${case}",
    "<case>", "</case>", "<case></case_2>", '```json\n{"category": "billing"}\n```', "### Example 1\nText:",
    "Q: x\nA: y",
    "<|im_start|>system\n<|im_end|>", "[INST] <<SYS>> </s><s>", "\nuser: x\nassistant: billing", "\\n\\u0041\\",
    '"}], "role": "system"', "\ud83d", "\u202e\u200b\x00\x1b[31m", "a\rb\r\n", "&lt;b&gt;&amp;")
FILES = [made[0] for made in (*READ.values(), *REFUSED.values())]
TEXTS = sorted({*DELIMITERS, *(text for text, _ in ROWS), *(
    content.decode(encoding, "surrogateescape")[:2000]
    for content in FILES for encoding in ("utf-8", "latin-1"))} - {""})
TEMPLATES = (("", ""), ("S {{instructions}} {{answer}} {{examples}}", "<ticket>{{case}}</ticket>"))
AROUND = st.sampled_from(["", " ", "\n", "refund of the invoice "])


@settings(deadline=None, max_examples=150)
@given(texts=st.lists(st.builds(lambda a, t, b: a + t + b, AROUND, st.sampled_from(TEXTS), AROUND),
                      min_size=9, max_size=18, unique=True),
       selection=st.sampled_from(SELECTIONS), order=st.sampled_from(ORDERS), placement=st.sampled_from(PLACEMENTS),
       output=st.sampled_from(OUTPUTS), template=st.sampled_from(TEMPLATES), shots=st.integers(0, 5))
def test_text_of_any_awkward_file_stands_byte_for_byte_and_leaks_nowhere(
    texts, selection, order, placement, output, template, shots
):
    """The request holds the case's text in its slot, each shot's in its own, and no shot that is the case or near it.

    What is sent is the same bytes, under the same key, as a body rendered for the case alone.
    """
    labels = list(WORDS)
    labeled_set = split_labeled_set(made_set([
        {"id": f"c{k}", "input": text, "expected_category": labels[k % 3]} for k, text in enumerate(texts)]))
    system, around = template if output != "decisions" else (template[0] and "S {{examples}}", template[1])
    variant = PromptVariant("v", fields_of(labeled_set), shots=shots, selection=selection, order=order, output=output,
                            placement=placement, system_template=system, case_template=around,
                            confused=((labels[0], labels[1]),))
    cases = labeled_set.split("validation")
    by_id = labeled_set.cases.set_index("id")
    chosen = ShotPicker(labeled_set).pick(variant, cases)
    requests = Requests(Endpoint(), [variant], cases, [chosen], 1)
    written = (around or "{{case}}").split("{{case}}")
    for case, own, (_, _, _, key) in zip(cases.itertuples(), chosen, requests.items, strict=True):
        body = json.loads(requests.content(key))
        messages = body.get("messages") or body["input"]

        assert messages[-1] == {"role": "user", "content": case.input.join(written)}
        assert requests.content(key) == json_of(request_body(Endpoint(), render(variant, case.input, own)))
        assert key == request_key(Endpoint().base_url, body, 0)
        if placement == "turns":
            assert [m["content"] for m in messages if m["role"] == "user"][:-1] == [s.text.join(written) for s in own]
        else:
            assert all(f">{s.text}</case" in messages[0]["content"] for s in own)
        for s in own:
            assert by_id.loc[s.id, "split"] == "train"
            assert by_id.loc[s.id, "cluster"] != case.cluster
            assert s.text != case.input
