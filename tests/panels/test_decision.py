"""The decision panel, the walkthrough, and the what-if controls that both use."""

import html
import re
from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import GOOD, PRICES, evidence, nothing_run
from tests.panels.made_up import (
    OTHERWISE,
    STATED,
    assert_shown_as_text,
    hostile_evidence,
    page_of,
    rich_evidence,
    state_of,
)

from promptceiling.decision import Published
from promptceiling.panels import DecisionPanel, Walkthrough, WhatIf, open_walkthrough
from promptceiling.panels.what_if import Basis


def decision(found, stated):
    return DecisionPanel(found, stated, PRICES)


def walkthrough(found, stated):
    return Walkthrough(Published(found, stated, PRICES, "2026-11-23T12:00:00.000+00:00"))


BOTH = pytest.mark.parametrize("build", [decision, walkthrough])


@BOTH
def test_hostile_text_is_shown_and_never_run(build):
    """Every name from data is text, whatever the controls say."""
    panel = build(hostile_evidence(), STATED)
    assert_shown_as_text(panel.view)

    panel.what_if.controls["f1_ship"].value = 0.6
    assert_shown_as_text(panel.view)


@BOTH
def test_verdict_and_every_row_are_shown(build):
    """The sentence of the verdict stands first, then each row with its status."""
    words = page_of(build(evidence(f1=GOOD), STATED).view).words

    assert "Ship the prompt." in words
    for said in ("The prompt's F1 is above 0.85", "0.90 [0.88, 0.92] · n 400", "not measured", "A prompt plateau"):
        assert said in words


@BOTH
def test_moved_control_is_answered_beside_it(build):
    """Another threshold gives another verdict, with the rows that it changes; the stated verdict stays above."""
    panel = build(evidence(f1=GOOD), STATED)
    above = panel.top.value
    assert "The verdict stays" in panel.what_if.answer.value

    panel.what_if.controls["f1_ship"].value = 0.95
    assert "Ship the prompt." not in panel.what_if.answer.value
    assert "instead of met" in panel.what_if.answer.value
    assert panel.top.value == above


@BOTH
def test_reset_puts_every_control_back(build):
    """After a reset the panel is as it was built."""
    panel = build(evidence(), STATED)
    built = state_of(panel.view)
    for name, value in (("f1_ship", 0.6), ("sla_ms", 5.0), ("labels_enough", 2000)):
        panel.what_if.controls[name].value = value
    assert state_of(panel.view) != built

    panel.what_if.reset.click()
    assert state_of(panel.view) == built


def test_what_is_stated_beyond_a_control_stays_stated():
    """A volume that the slider cannot show is shown at its end, and still decides until the slider is moved."""
    stated = replace(STATED, requests_per_month=5e9)
    panel = decision(evidence(), stated)
    assert panel.what_if.assumptions == stated

    panel.what_if.controls["f1_ship"].value = 0.9
    assert panel.what_if.assumptions == replace(stated, f1_ship=0.9)


def test_control_changes_only_its_own_assumption():
    """What a slider would round stays as it was stated while another one moves."""
    stated = replace(STATED, sla_ms=123.456, price_of="m")
    panel = decision(evidence(), stated)
    panel.what_if.controls["labels_enough"].value = 1500

    assert panel.what_if.assumptions == replace(stated, labels_enough=1500)


@BOTH
def test_embedded_models_scores_are_said_to_be_its_own(build):
    """The notice shows above the embedded model's verdict, and above no other."""
    assert "embedded model's" in page_of(build(rich_evidence(), STATED).view).words
    assert "embedded model's" not in page_of(build(evidence(), STATED).view).words


@BOTH
def test_nothing_measured_is_a_verdict_too(build):
    """Before the first run the page says what to do."""
    assert "Nothing has been measured yet" in page_of(build(nothing_run(), STATED).view).words


def test_decision_updates_to_what_building_gives():
    """Other evidence and assumptions leave nothing of the first, wherever the controls stood."""
    panel = decision(hostile_evidence(), STATED)
    panel.what_if.controls["f1_ship"].value = 0.55
    panel.update(rich_evidence(), OTHERWISE, PRICES)

    assert state_of(panel.view) == state_of(decision(rich_evidence(), OTHERWISE).view)


def test_walkthrough_updates_to_what_building_gives():
    """Another published file leaves nothing of the first, wherever the controls stood."""
    panel = walkthrough(hostile_evidence(), STATED)
    panel.what_if.controls["f1_ship"].value = 0.55
    panel.update(Published(rich_evidence(), OTHERWISE, PRICES, "2026-11-23T12:00:00.000+00:00"))

    assert state_of(panel.view) == state_of(walkthrough(rich_evidence(), OTHERWISE).view)


@pytest.mark.parametrize("path", [None, "nowhere/<img src=x onerror=alert(1)>.sqlite"])
def test_file_that_cannot_be_read_is_said_in_the_page(monkeypatch, path):
    """Without a published file the page holds a sentence, and a path in it is text."""
    monkeypatch.delenv("PROMPTCEILING_PUBLISHED", raising=False)
    page = page_of(open_walkthrough(path))

    assert "published file" in page.words
    assert "img" not in {tag for tag, _ in page.elements}


@pytest.mark.parametrize(("query", "moved"), [
    ("f1_ship=0.7", {"f1_ship": 0.7}),
    ("f1_ship=0.7&labels_enough=900&token=x", {"f1_ship": 0.7, "labels_enough": 900}),
    ("f1_ship=9&requests_per_month=1e300", {"f1_ship": 0.99, "requests_per_month": 1e9}),
    ("f1_ship=nan&sla_ms=inf&budget_usd_per_month=-1e400", {}),
    ("f1_ship=<script>&__class__=1&view=2&reset=3&&&=;%00", {}),
    ("&".join("f1_ship=0.7" for _ in range(50)), {"f1_ship": 0.7}),
])
def test_a_link_restores_its_settings_and_nothing_else(query, moved):
    """Numbers for controls move them, at most to their ends; what is no number or no control is left out."""
    what_if = WhatIf(Basis(evidence(f1=GOOD), STATED, PRICES), basis_is="published", linked=True)

    what_if.restore(query)

    assert what_if.moved() == pytest.approx(moved)
    again = WhatIf(Basis(evidence(f1=GOOD), STATED, PRICES), basis_is="published", linked=True)
    link = re.search(r'href="\?([^"]*)"', what_if.answer.value)
    assert (link is None) == (not moved)
    again.restore(html.unescape(link[1]) if link else "")
    assert again.moved() == pytest.approx(moved, rel=1e-4)
