"""The scores panel."""

from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import nothing_run, plateau, prompt
from tests.panels.made_up import (
    OTHERWISE,
    STATED,
    assert_shown_as_text,
    hostile_evidence,
    page_of,
    rich_evidence,
    state_of,
)

from promptceiling.panels import ScoresPanel
from promptceiling.panels.score_sections import names_of, plateau_section


def test_hostile_text_is_shown_and_never_run():
    """Names of variants, models and labels are text, in the charts as in the tables."""
    assert_shown_as_text(ScoresPanel(hostile_evidence()).view)


def test_leaderboard_plateau_and_confusions_are_shown_with_interval_and_n():
    """The three parts stand below each other, every score with its interval and its cases."""
    words = page_of(ScoresPanel(rich_evidence(plateau=plateau("confirmed"))).view).words

    for said in ("0.70 [0.67, 0.73]", "400 of 400", "The plateau: confirmed", "Where it is wrong", "70 of 200"):
        assert said in words


def test_variants_without_a_rank_say_why_and_namesakes_are_told_apart():
    """One that a search left is no failure; two of one name have the model, or the fingerprint, beside it."""
    best, left = prompt(), replace(prompt(model="other"), fingerprint="abcdef99", delta_to_best=None, tied=None)
    failed = replace(prompt(name="down", failed=100), delta_to_best=None, tied=None)
    words = page_of(ScoresPanel(replace(rich_evidence(), prompts=(best, left, failed))).view).words

    assert "not ranked: a part of the cases" in words
    assert "not ranked: too many failures" in words
    assert "of 1 prompt variants on 400 validation cases, and below them of 2 without a rank" in words
    assert names_of((best, left)) == ["5 shots (m)", "5 shots (other)"]
    assert names_of((best, replace(left, model="m"))) == ["5 shots (f-5 sh)", "5 shots (abcdef)"]


@pytest.mark.parametrize(("found", "threshold", "said"), [
    (plateau("confirmed"), 0.85, "The plateau: confirmed"),
    (plateau("confirmed"), 0.6, "The plateau: not confirmed, since the best is at or above the threshold"),
    (plateau("still climbing"), 0.85, "The plateau: not confirmed, still climbing"),
])
def test_the_plateau_is_headed_by_what_its_row_of_the_table_says(found, threshold, said):
    """At the threshold that is shown: a prompt that is good enough has no confirmed plateau."""
    assert f"<h3>{said}</h3>" in str(plateau_section(found, threshold))


def test_embedded_models_scores_are_said_to_be_its_own():
    """The notice shows for the embedded model, and for no other."""
    assert "embedded model's" in page_of(ScoresPanel(rich_evidence()).view).words
    assert "embedded model's" not in page_of(ScoresPanel(hostile_evidence()).view).words


def test_choice_of_variant_changes_the_labels_shown():
    """The table by label is the chosen variant's."""
    panel = ScoresPanel(rich_evidence())
    assert "5 shots: label by label" in page_of(panel.view).words
    assert "0.70 [0.67, 0.73]" in panel.classes.value

    panel.variant.value = 1
    assert "zero-shot: label by label" in page_of(panel.view).words
    assert "0.60 [0.57, 0.63]" in panel.classes.value


def test_nothing_scored_is_said():
    """Before the first run the panel says so, and offers nothing to choose."""
    panel = ScoresPanel(nothing_run())

    assert "No prompt has been scored" in page_of(panel.view).words
    assert panel.variant.disabled


def test_update_equals_building():
    """Going from one evidence to another, or to none, leaves nothing of the first."""
    for evidence, assumptions in ((rich_evidence(), OTHERWISE), (nothing_run(), STATED)):
        panel = ScoresPanel(hostile_evidence())
        panel.variant.value = 1
        panel.update(evidence, assumptions)

        assert state_of(panel.view) == state_of(ScoresPanel(evidence, assumptions).view)
