"""The prompts panel."""

import asyncio
import json
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set
from tests.panels.made_up import HOSTILE, assert_shown_as_text, hostile_set, page_of, plain_set, state_of

from promptceiling.embedded.embeddings import EMBEDDING_MODEL
from promptceiling.labeled_set import split_labeled_set
from promptceiling.panels import PromptsPanel
from promptceiling.prompts import Field, ShotPicker, render, standard_variants
from promptceiling.runs import Endpoint, Workspace, completions, run_variants


def variants_of(labeled_set):
    zero, stratified, similar = standard_variants(labeled_set)
    return (zero, stratified, similar, replace(similar, name="in the system text", placement="system", output="label"))


def test_hostile_text_is_shown_and_never_run():
    """Instructions, labels, shots and the case are text."""
    labeled_set = hostile_set()
    for variant in variants_of(labeled_set):
        assert_shown_as_text(PromptsPanel(labeled_set, [replace(variant, name=HOSTILE, instructions=HOSTILE)]).view)


@pytest.mark.parametrize("number", range(4))
def test_messages_are_shown_exactly_as_they_are_sent(number):
    """Each message stands in the page with its role, and the response format as JSON."""
    labeled_set = plain_set()
    variants = variants_of(labeled_set)
    panel = PromptsPanel(labeled_set, variants)
    panel.variant.value, panel.case.value = number, 5
    case = labeled_set.split("validation").iloc[[5]]
    sent = render(variants[number], case["input"].iloc[0], ShotPicker(labeled_set).pick(variants[number], case)[0])
    words = page_of(panel.view).words

    assert all(f"{m['role']} · " in words and m["content"] in words for m in sent.messages)
    if sent.response_format:
        assert json.dumps(sent.response_format, indent=2) in words
    else:
        assert "None is sent" in words


def test_case_that_begins_with_a_line_break_keeps_it():
    """HTML drops one line break after the tag; the text's own stays."""
    cases = made_cases(60)
    for case in cases:
        case |= {"input": f"\n\n{case['input']}", "split": "train" if case["id"] < "c0030" else "validation"}
    labeled_set = split_labeled_set(made_set(cases))

    assert "<pre>\n\n\n" in PromptsPanel(labeled_set, variants_of(labeled_set)).page.value


def test_choice_of_variant_and_case_changes_what_is_shown():
    """Both controls are answered at once."""
    labeled_set = plain_set()
    panel = PromptsPanel(labeled_set, variants_of(labeled_set))
    first = panel.page.value
    panel.case.value = 1
    second = panel.page.value
    panel.variant.value = 1

    assert len({first, second, panel.page.value}) == 3


def test_set_that_is_not_split_is_said_in_the_panel():
    """What is missing stands where the messages would, and the controls are off."""
    panel = PromptsPanel(made_set(made_cases(30)), standard_variants(plain_set()))

    assert "has not been split" in page_of(panel.view).words
    assert panel.case.disabled


def test_no_variant_is_said_in_the_panel():
    """An empty list of variants is no error."""
    assert "There is no variant" in page_of(PromptsPanel(plain_set(), ()).view).words


def test_update_equals_building():
    """Going from many cases to few leaves nothing of the first, whatever was chosen."""
    many, few = hostile_set(90), plain_set(30)
    panel = PromptsPanel(many, variants_of(many))
    panel.variant.value, panel.case.value = 3, 20
    panel.update(few, standard_variants(few))

    assert state_of(panel.view) == state_of(PromptsPanel(few, standard_variants(few)).view)

    panel.case.value = 2
    assert page_of(panel.view).words != page_of(PromptsPanel(few, standard_variants(few)).view).words


def typed(panel, **values):
    """Change the form as a person would."""
    for name, value in values.items():
        (panel.editor.fields | panel.editor.more)[name].value = value


def test_messages_follow_what_is_typed():
    """Instructions, shots and a template stand in the messages at once, with the size and the kind of change."""
    labeled_set = plain_set()
    panel = PromptsPanel(labeled_set, variants_of(labeled_set))
    typed(panel, instructions="Sort & answer <now>.", shots=2, case_template="Ticket: {{case}}")
    words = page_of(panel.view).words

    assert "Sort & answer <now>." in words
    assert words.count("Ticket: ") == 3
    assert "zero-shot, another instructions" in words
    assert "tokens (estimate: four bytes a token" in words
    assert f"{len(labeled_set.split('validation')):,} calls" in words


@pytest.mark.parametrize(("change", "said"), [
    ({"case_template": "Ticket:"}, "the placeholder {{case}} is missing"),
    ({"system_template": "{{instruction}}"}, "{{instruction}} is unknown"),
    ({"labels": "invoices: money"}, "'invoices: money', which is none of access, billing, export"),
    ({"shots": 2, "selection": "hard"}, "hard shots are chosen by what was confused earlier"),
])
def test_what_is_no_variant_is_said_while_it_is_typed(tmp_path, change, said):
    """The sentence stands where the messages were, nothing can be sent or kept, and mending it brings them back."""
    labeled_set = plain_set()
    with Workspace(tmp_path, durable=False) as workspace:
        panel = PromptsPanel(labeled_set, variants_of(labeled_set), workspace)
        before = state_of(panel.view)
        old = {name: (panel.editor.fields | panel.editor.more)[name].value for name in change}
        typed(panel, **change)

        assert said in page_of(panel.view).words
        assert panel.keep.disabled
        assert panel.try_one.disabled
        typed(panel, **old)
        assert state_of(panel.view) == before


def prioritised():
    """A set with a further field."""
    cases = [case | {"expected_priority": ("low", "high")[k % 2]} for k, case in enumerate(made_cases(60))]
    return split_labeled_set(made_set(cases))


def test_further_fields_are_described_added_and_left_out():
    """What is typed of them is what a variants file would say; each stands in the request at once."""
    labeled_set = prioritised()
    panel = PromptsPanel(labeled_set, variants_of(labeled_set))
    assert panel.editor.more["further"].value == "priority:\n  high\n  low"
    assert panel.draft() is panel.variants[0]

    typed(panel, about="what it is about", further="priority: how urgent\n  high: today\nmood: <of> the writer\n"
                                                   "  calm\n  angry: shouts")
    assert panel.draft().fields == (
        Field("category", ("access", "billing", "export"), (), "what it is about"),
        Field("priority", ("high", "low"), (("high", "today"),), "how urgent"),
        Field("mood", ("calm", "angry"), (("angry", "shouts"),), "<of> the writer"))
    assert "<of> the writer" in page_of(panel.view).words

    typed(panel, further="")
    assert [field.name for field in panel.draft().fields] == ["category"]
    typed(panel, further="priority")
    assert panel.draft().fields[1] == Field("priority", ("high", "low"))


@pytest.mark.parametrize(("further", "said"), [
    ("  calm", "begin with the value 'calm'; begin with the name of a field"),
    ("mood:\n  calm", "'mood' is not in the labeled set, so it needs two values or more"),
    ("priority:\n  urgent", "'priority' describe 'urgent', which is none of high, low"),
    ("priority\npriority", "'priority' is asked for twice"),
    ("category: what it is", "'category' is asked for twice"),
    ("mood, of them\n  calm\n  angry\nmood, of them\n  a\n  b", "is asked for twice"),
])
def test_fields_that_cannot_be_asked_are_said_while_they_are_typed(further, said):
    """The sentence stands where the messages were."""
    labeled_set = prioritised()
    panel = PromptsPanel(labeled_set, variants_of(labeled_set))
    typed(panel, further=further)

    assert said in page_of(panel.view).words
    assert panel.keep.disabled


def test_what_is_near_can_be_told_by_an_embedding_model(tmp_path):
    """The model is set where shots are chosen by what is near; its vectors come with the first try."""
    labeled_set = plain_set()
    with Workspace(tmp_path, durable=False) as workspace:
        panel = PromptsPanel(labeled_set, variants_of(labeled_set), workspace)
        near = panel.editor.fields["embedding"]
        assert near.disabled
        assert near.placeholder == "only where near shots are chosen"

        typed(panel, shots=3, selection="similar", embedding=EMBEDDING_MODEL)
        assert not near.disabled
        assert panel.draft().embedding == EMBEDDING_MODEL
        assert f"A try or a run asks {EMBEDDING_MODEL} for the vectors" in page_of(panel.view).words
        assert not panel.try_one.disabled
        asyncio.run(panel.try_on(1))
        assert "3 of 3, similar" in page_of(panel.view).words
        assert not panel.keep.disabled


def test_kept_variant_joins_the_list_with_its_parent():
    """Kept once it is chosen, knows its parent and kind, and has a name of its own."""
    labeled_set = plain_set()
    panel = PromptsPanel(labeled_set, variants_of(labeled_set))
    assert panel.keep.disabled
    typed(panel, shots=3)
    panel.keep.click()
    kept = panel.variants[-1]

    assert (kept.name, kept.parent, kept.kind, kept.shots) == ("zero-shot, shots", "zero-shot", "shots", 3)
    assert panel.variants[panel.variant.value] is kept
    assert panel.keep.disabled


def test_try_asks_for_so_many_cases_and_shows_what_came(tmp_path):
    """Ten cases are asked once and shown with their answers; a second try asks for none of them again."""
    labeled_set = plain_set(90)
    with Workspace(tmp_path, durable=False) as workspace:
        panel = PromptsPanel(labeled_set, variants_of(labeled_set), workspace)
        asyncio.run(panel.try_on(10))
        first = page_of(panel.view).words
        asyncio.run(panel.try_on(10))
        answers = completions(workspace, labeled_set)

    assert len(answers) == 10
    assert "10 answers came now; nothing was paid." in first
    assert "10 stored answers used; nothing was sent, nothing was paid." in page_of(panel.view).words
    assert " of 10 right" in first
    assert "on average as the endpoint counted" in first


def test_button_tries_and_errors_are_said(tmp_path):
    """A click begins the try in the running loop, and an endpoint that cannot be used is told in the panel."""
    labeled_set = plain_set()

    async def whole(workspace):
        endpoint = Endpoint("http://example.invalid/v1", "m")
        panel = PromptsPanel(labeled_set, variants_of(labeled_set), workspace, endpoint)
        panel.try_one.click()
        await panel.task
        return page_of(panel.view).words

    with Workspace(tmp_path, durable=False) as workspace:
        assert "needs a key" in asyncio.run(whole(workspace))


@pytest.mark.parametrize("how", ["read_only", "no workspace", "workspace"])
def test_page_that_only_shows_sends_nothing(tmp_path, how):
    """The buttons say why they are off, and clicks and calls that reach them all the same write and ask nothing."""
    labeled_set = plain_set()
    with Workspace(tmp_path, durable=False) as workspace:
        workspace.save_set(labeled_set)
    with Workspace(tmp_path, read_only=how == "workspace") as workspace:
        panel = PromptsPanel(labeled_set, variants_of(labeled_set), None if how == "no workspace" else workspace,
                             read_only=how == "read_only")
        assert panel.try_one.disabled
        assert panel.try_ten.disabled
        assert panel.why.value
        panel.try_ten.click()
        asyncio.run(panel.try_on(1))

        assert workspace.items(labeled_set.key).empty
    assert panel.task is None


def test_hard_shots_come_from_what_the_variant_confused(tmp_path):
    """With stored wrong answers of the variant that one starts from, hard shots can be chosen."""
    labeled_set = plain_set(90)
    zero, *_ = variants_of(labeled_set)
    with Workspace(tmp_path, durable=False) as workspace:
        cases = labeled_set.split("validation")
        asyncio.run(run_variants(workspace, labeled_set, [zero], Endpoint()))
        panel = PromptsPanel(labeled_set, [zero], workspace)
        typed(panel, shots=2, selection="hard")
        wrong = completions(workspace, labeled_set).query("predicted != expected")

        assert len(cases) > len(wrong) > 0
        assert panel.draft().confused
