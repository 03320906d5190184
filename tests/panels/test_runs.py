"""The progress view."""

import pytest
from tests.panels.made_up import HOSTILE, assert_shown_as_text, page_of, state_of

from promptceiling.panels import RunProgress
from promptceiling.runs import Progress, RunHandle, RunSummary

HALF = Progress(done=50, total=100, sent=30, failed=2, elapsed_s=10.0)


def summary(state="done", problem=None):
    return RunSummary("r", state, 100, 80, 20, {}, 20.0, problem)


def test_hostile_text_is_shown_and_never_run():
    """What a server said in refusing is text."""
    assert_shown_as_text(RunProgress(HALF, summary("stopped", HOSTILE)).view)


def test_bar_counts_rate_and_time_left():
    """The bar stands at the share that is done; counts, rate and time left are beside it."""
    page = page_of(RunProgress(HALF).view)

    assert ("progress", "0.5000") in [(tag, attrs.get("value")) for tag, attrs in page.elements]
    for said in ("50 of 100 (50%)", "30; 20 from the workspace", "3.0 a second", "17 s", "10 s"):
        assert said in page.words


def test_a_run_that_found_every_answer_tells_no_cost_rate_or_outcome_of_its_own():
    """Nothing was asked, so that there is nothing to say of how the asking went."""
    words = page_of(RunProgress(Progress(100, 100, 0, 0, 5.0)).view).words

    assert "0; 100 from the workspace" in words
    assert not any(said in words for said in ("Outcomes", "Cost so far", "a second", "Left"))


def test_reports_move_the_bar_and_the_last_one_always_shows():
    """A report soon after another may wait for the next; the first and the last are drawn at once."""
    panel = RunProgress()
    panel(Progress(0, 100, 0, 0, 0.0))
    assert "0 of 100" in panel.page.value
    panel(Progress(40, 100, 40, 0, 1.0))
    assert "40 of 100" in panel.page.value
    panel(Progress(41, 100, 41, 0, 1.01))
    assert "40 of 100" in panel.page.value
    panel(Progress(100, 100, 100, 0, 1.02))
    assert "100 of 100" in panel.page.value


@pytest.mark.parametrize(("state", "said", "role"), [
    ("done", "Done", "status"), ("incomplete", "Run again", "alert"), ("stopped", "no such model", "alert")])
def test_end_of_the_run_is_said(state, said, role):
    """How a run ended, and what to do, stand below the bar; a problem is an alert."""
    panel = RunProgress(HALF)
    panel.finish(summary(state, "no such model" if state == "stopped" else None))
    page = page_of(panel.view)

    assert said in page.words
    assert role in [attrs.get("role") for _, attrs in page.elements]


def test_update_equals_building():
    """A second run on the same view shows nothing of the first."""
    panel = RunProgress(HALF, summary("stopped", "no such model"))
    other = Progress(1, 10, 1, 0, 0.5)
    panel.update(other)

    assert state_of(panel.view) == state_of(RunProgress(other).view)


def test_stop_button_stops_the_run_once():
    """A click asks the handle to stop; the button is then disabled and says what happens to calls that are out."""
    handle = RunHandle()
    panel = RunProgress(HALF, handle=handle)
    assert (panel.stop.disabled, panel.why.value) == (False, "")
    panel.stop.click()

    assert handle.stopping
    assert panel.stop.disabled
    assert panel.why.value.startswith("Stopping: nothing more is sent")


@pytest.mark.parametrize(("options", "why"), [
    ({"read_only": True}, "This page only shows"), ({"handle": None}, "begun without a handle"),
    ({"summary": summary("done")}, "Nothing is being asked"), ({"progress": None}, "Nothing is being asked")])
def test_disabled_stop_says_why_and_does_nothing(options, why):
    """Read-only, without a handle, before it begins or when it is over, a click stops nothing."""
    handle = RunHandle()
    panel = RunProgress(**({"progress": HALF, "handle": handle} | options))
    panel.stop.click()

    assert panel.stop.disabled
    assert why in panel.why.value
    assert not handle.stopping


def test_cost_outcomes_and_what_is_out_are_shown():
    """While a run asks, the page has what came of it, what it cost, and how many calls are out of how many."""
    words = page_of(RunProgress(Progress(
        5, 10, 5, 1, 2.0, {"answered": 4, "failed": 1}, 0.0125, 3, 8, 12.0)).view).words

    for said in ("answered 4, failed 1", "$0.0125", "3, 8 allowed now; all wait 12 s, as the endpoint asked"):
        assert said in words
