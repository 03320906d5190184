"""The labeled-set panel."""

from dataclasses import replace

from tests.panels.made_up import assert_shown_as_text, hostile_set, page_of, plain_set, state_of

from promptceiling.labeled_set import Finding, Notice, audit
from promptceiling.panels import LabeledSetPanel


def finding(severity, rows=(), message="found"):
    return Finding("code", severity, message, "why it matters", "what to do", rows)


def test_hostile_text_is_shown_and_never_run():
    """Labels, texts, notices and the set's name are text, in the chart as in the page."""
    labeled_set = hostile_set()

    assert_shown_as_text(LabeledSetPanel(labeled_set, audit(labeled_set)).view)


def test_classes_fields_and_splits_are_counted():
    """The overview holds every class with its cases, the fields with their labels, and the splits."""
    words = page_of(LabeledSetPanel(plain_set(60), ()).view).words

    for said in ("billing", "access", "export", "20", "category (3 labels)", "train 24, validation 18, test 18"):
        assert said in words


def test_finding_says_severity_reason_remedy_and_three_examples():
    """A finding about many rows opens to three of their texts."""
    labeled_set = plain_set(60)
    page = page_of(LabeledSetPanel(labeled_set, [finding("weakens", rows=(1, 2, 3, 4, 5))]).view)
    texts = labeled_set.cases["input"]

    for said in ("weakens", "found", "why it matters", "what to do", "3 of 5 cases", *texts.iloc[:3]):
        assert said in page.words
    assert texts.iloc[3] not in page.words


def test_severity_chooses_the_findings():
    """Moving the dropdown leaves the findings of that severity alone."""
    panel = LabeledSetPanel(plain_set(), [finding("blocks", message="first"), finding("fine", message="second")])
    assert "first" in panel.findings.value
    assert "second" in panel.findings.value

    panel.severity.label = "fine"
    assert "first" not in panel.findings.value
    assert "second" in panel.findings.value

    panel.severity.label = "weakens"
    assert "No finding of this kind" in panel.findings.value


def test_notices_of_the_reading_are_said():
    """What was cleaned while reading stands in the panel."""
    labeled_set = plain_set()
    noticed = replace(labeled_set, notices=(Notice("empty_label", "Left out: 2 rows without a label."),))

    assert "Left out: 2 rows without a label." in page_of(LabeledSetPanel(noticed, ()).view).words


def test_update_equals_building():
    """Going from one set to another leaves nothing of the first, whatever was chosen."""
    panel = LabeledSetPanel(hostile_set(), [finding("blocks")])
    panel.severity.label = "fine"
    panel.update(plain_set(), [finding("weakens")])

    assert state_of(panel.view) == state_of(LabeledSetPanel(plain_set(), [finding("weakens")]).view)
