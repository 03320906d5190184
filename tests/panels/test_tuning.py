"""The tuning panel."""

import asyncio
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

from promptceiling.decision import ClassChange, Readiness, ShareChange
from promptceiling.errors import TuningError
from promptceiling.panels import JobProgress, TuningPanel
from promptceiling.scores import Interval, Variation, learning_curve


def words_of(*alternatives, job=None, stated=STATED):
    return page_of(TuningPanel(evidence(alternatives=alternatives), stated, PRICES, job).view).words


def test_hostile_text_is_shown_and_never_run():
    """Names of models, variants and jobs are text."""
    job = JOB | {"base_model": HOSTILE, "fine_tuned_model": HOSTILE}

    assert_shown_as_text(TuningPanel(hostile_evidence(), STATED, PRICES, job).view)


@pytest.mark.parametrize(("delta", "said"), [
    (around(0.12, 0.03), "worth it. +12.0 pp [+9.0, +15.0] of weighted F1"),
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


# --- what an alternative changed


LOST, WORSE, BROKEN = around(-0.2, 0.05, 50), around(-0.1, 0.02), around(0.05, 0.01)


def changed(*, recall=LOST, regressed=True, priority=WORSE, unusable=BROKEN):
    """A fine-tune that gains, with one label, one further field and its format as given."""
    share = around(0.5, 0.05)
    return replace(
        alternative("fine-tune", around(0.12, 0.03)),
        per_class=(ClassChange(HOSTILE, 50, share, share, recall, 12, 2, regressed),
                   ClassChange("billing", 350, share, share, around(0.1, 0.02, 350), 2, 37, False)),
        fields=(ShareChange("priority", share, share, priority, priority.high < 0),),
        formats=(ShareChange("unusable", share, share, unusable, unusable.low > 0),))


def test_a_gain_that_breaks_something_is_said_beside_the_verdict():
    """Labels that were lost, a further field that got worse and answers that cannot be used stand in the same words."""
    words = words_of(changed())

    assert "worth it. +12.0 pp" in words
    assert "It got worse at: priority, answers without a usable label." in words
    assert "1 of 2 labels lost recall beyond doubt" in words
    assert HOSTILE in words


def test_a_gain_that_breaks_nothing_is_said_too():
    """Without a loss beyond doubt that is the sentence, and a loss of one label alone is "perhaps"."""
    words = words_of(changed(regressed=False, priority=around(0.0, 0.02), unusable=around(0.0, 0.01)))

    assert "No label of 2 lost recall beyond doubt." in words
    assert "It got worse" not in words
    assert "perhaps" in words


def test_seeds_are_told_with_their_spread():
    """Several training seeds give one difference over cases and seeds, and their spread in points."""
    seeds = Variation((0.1, 0.12, 0.14), around(0.12, 0.05), Interval(0.02, 0.0104, 0.1257, 3), 0.02, 0.01)
    words = words_of(replace(changed(), seeds=seeds))

    assert "Trained with 3 seeds: the difference is +12.0 pp [+7.0, +17.0]" in words
    assert "the standard deviation between seeds is 2.0 pp [1.0, 12.6] (n 3)" in words


# --- readiness


def test_readiness_answers_four_conditions_and_draws_the_curve():
    """Each condition has its state, numbers and remedy; the curve has a text alternative with its refusal."""
    curve = learning_curve({k: [0.9 - k**-0.5 + d / 100 for d in range(5)] for k in (25, 50, 100, 200)})
    readiness = Readiness(1000, 200, around(0.9, 0.03, 300), around(0.8, 0.05, 300), None, curve)
    page = page_of(TuningPanel(evidence(readiness=readiness), STATED, PRICES).view)

    assert "500 or more labels" in page.words
    assert "Cohen's kappa is 0.80 [0.75, 0.85]" in page.words
    assert "No production sample was given." in page.words
    assert any(tag == "svg" and "Score by number of labels" in attrs["aria-label"] for tag, attrs in page.elements)


def test_files_of_before_have_no_readiness():
    """Nothing is said where it was not asked."""
    assert "Are the labels ready?" not in words_of()


# --- the job


RUNNING = JOB | {"status": "running", "fine_tuned_model": None, "details": {"total_steps": 12, "epochs": 3, "usd": 1.5}}


def test_running_job_shows_how_far_it_is_and_what_it_costs():
    """Steps of all as a bar, the estimated cost, epochs; a validation loss is drawn and told."""
    job = RUNNING | {"details": RUNNING["details"] | {"validation_losses": [[1, 1.0], [3, 0.7]]}}
    page = page_of(JobProgress(job).view)

    bars = [attrs for tag, attrs in page.elements if tag == "progress"]
    assert bars[0]["value"] == "0.2500"
    assert "Step 3 of 12." in page.words
    assert "$1.50" in page.words
    assert any(tag == "svg" and "Validation loss from 1 to 0.7" in attrs["aria-label"] for tag, attrs in page.elements)


def test_failed_job_says_why_and_what_is_kept():
    """The server's reason is shown as text."""
    panel = JobProgress(JOB | {"status": "failed", "details": {"error": HOSTILE}})

    assert_shown_as_text(panel.view)
    assert "The job was failed" in page_of(panel.view).words
    assert "Its state is kept" in page_of(panel.view).words


@pytest.mark.parametrize(("options", "record", "why"), [
    ({}, None, "No job is running."), ({}, JOB, "No job is running."), ({}, RUNNING, "use cancel_job"),
    ({"read_only": True, "workspace": object(), "endpoint": object()}, RUNNING, "only shows")])
def test_disabled_cancel_says_why_and_does_nothing(options, record, why):
    """A click that reaches a disabled button starts nothing."""
    panel = JobProgress(record, **options)
    panel.cancel.click()

    assert panel.cancel.disabled
    assert why in panel.why.value


def test_cancel_asks_the_server_and_shows_what_it_answers(monkeypatch):
    """While it is asked the button is disabled; then the job is shown as cancelled, or what went wrong."""
    answers = [TuningError("The server refused."), RUNNING | {"status": "cancelled"}]

    async def cancel(workspace, record, endpoint):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def clicked(panel):
        panel.cancel.click()
        assert panel.cancel.disabled
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    monkeypatch.setattr("promptceiling.panels.tuning_job.cancel_job", cancel)
    panel = JobProgress(RUNNING, workspace=object(), endpoint=object())
    asyncio.run(clicked(panel))
    assert "The server refused." in page_of(panel.view).words
    assert not panel.cancel.disabled
    asyncio.run(clicked(panel))
    assert "The job was cancelled" in page_of(panel.view).words
    assert panel.cancel.disabled


def test_progress_equals_a_panel_made_with_its_last_record():
    """Reports before the last one leave nothing."""
    panel = JobProgress()
    panel(RUNNING)
    panel(JOB)

    assert state_of(panel.view) == state_of(JobProgress(JOB).view)
