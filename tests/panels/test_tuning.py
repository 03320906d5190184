"""The tuning panel."""

from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import PRICES, alternative, around, evidence
from tests.panels.made_up import (
    HOSTILE,
    JOB,
    OTHERWISE,
    STATED,
    assert_shown_as_text,
    hostile_evidence,
    page_of,
    rich_evidence,
    state_of,
)

from promptceiling.panels import TuningPanel


def words_of(*alternatives, job=None, stated=STATED):
    return page_of(TuningPanel(evidence(alternatives=alternatives), stated, PRICES, job).view).words


def test_hostile_text_is_shown_and_never_run():
    """Names of models, variants and jobs are text."""
    job = JOB | {"base_model": HOSTILE, "fine_tuned_model": HOSTILE}

    assert_shown_as_text(TuningPanel(hostile_evidence(), STATED, PRICES, job).view)


@pytest.mark.parametrize(("delta", "said"), [
    (around(0.12, 0.03), "worth it. +12.0 pp of weighted F1 [+9.0 pp, +15.0 pp]"),
    (around(0.01, 0.02), "not worth it. +1.0 pp"), (around(0.065, 0.01), "borderline. +6.5 pp"),
    (around(0.06, 0.05), "undecidable. +6.0 pp"),
])
def test_verdict_is_in_words_with_its_numbers(delta, said):
    """Each alternative has a sentence that cites its difference, its interval and its cases."""
    words = words_of(alternative("fine-tune", delta))

    assert f"Fine-tune: {said}" in words
    assert "the same 400 test cases" in words


def test_worth_follows_the_stated_margins():
    """With other margins the same difference gets another verdict, in the table as in words."""
    words = words_of(alternative("local", around(0.12, 0.03)), stated=replace(STATED, margin_low=0.2, margin_high=0.3))

    assert "Local: not worth it" in words
    assert "worth it at 20–30 pp?" in words


def test_sides_that_cannot_be_compared_get_no_verdict():
    """Where failures differ, the sentence says so instead of a verdict."""
    words = words_of(alternative("fine-tune", around(0.12, 0.03), comparable=False))

    assert "Fine-tune: undecidable" in words
    assert "failed on different shares" in words


def test_job_shows_its_loss_curve():
    """A job with losses has a chart with a text alternative; without them, that is said."""
    page = page_of(TuningPanel(evidence(), STATED, PRICES, JOB).view)
    assert any(tag == "svg" and "from 0.9 to 0.4" in attrs["aria-label"] for tag, attrs in page.elements)

    assert "reported no training loss" in words_of(job=JOB | {"losses": []})
    assert "Nothing has been tuned" in words_of()


def test_embedded_models_scores_are_said_to_be_its_own():
    """The notice shows above the embedded model's figures."""
    assert "embedded model's" in page_of(TuningPanel(rich_evidence(), STATED, PRICES).view).words


def test_update_equals_building():
    """Another evidence, other assumptions and another job leave nothing of the first."""
    panel = TuningPanel(hostile_evidence(), STATED, PRICES, JOB)
    panel.update(rich_evidence(), OTHERWISE, PRICES, None)

    assert state_of(panel.view) == state_of(TuningPanel(rich_evidence(), OTHERWISE, PRICES).view)
