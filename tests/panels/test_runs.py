"""The progress view."""

import pytest
from tests.panels.made_up import HOSTILE, assert_shown_as_text, page_of, state_of

from promptceiling.panels import RunProgress
from promptceiling.runs import Progress, RunSummary

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


def test_run_of_stored_answers_has_no_rate():
    """Where nothing is asked, no rate and no time left is made up."""
    words = page_of(RunProgress(Progress(100, 100, 0, 0, 5.0)).view).words

    assert "nothing asked" in words
    assert "a second" not in words


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
