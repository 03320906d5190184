"""The prompts panel."""

import json
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set
from tests.panels.made_up import HOSTILE, assert_shown_as_text, hostile_set, page_of, plain_set, state_of

from promptceiling.labeled_set import split_labeled_set
from promptceiling.panels import PromptsPanel
from promptceiling.prompts import ShotPicker, render, standard_variants


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
