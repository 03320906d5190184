"""The panel that asks: what would be asked, the button, the bar, and what a page shows that is opened again."""

import asyncio

import pytest
from tests.made_up import made_cases, made_set
from tests.panels.made_up import HOSTILE, assert_shown_as_text, page_of
from tests.runs.misbehaving_server import completion, serving

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.panels import RunPanel
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, Workspace, latest_run, run_variants

SET = split_labeled_set(made_set(made_cases(90)))
CASES = SET.split("validation")
PLAIN = PromptVariant("plain", fields_of(SET), output="label")
PRICE = Price("m", 1.0, 0.1, 5.0, "", "made up")


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def panel_of(workspace, endpoint, **options):
    return RunPanel(workspace, SET, [PLAIN], endpoint, **options)


def at_a_server(script, work, **options):
    async def whole():
        async with serving(script, **options) as server:
            return await work(server, Endpoint(server.base_url, "m"))

    return asyncio.run(whole())


def words(panel):
    return page_of(panel.view).words


def test_before_asking_it_says_what_that_is_and_costs(workspace):
    """The calls, the model, the place and a rough price stand there before anything is sent."""
    panel = panel_of(workspace, Endpoint("http://127.0.0.1:9/v1", "m"), price=PRICE, budget_usd=2)

    assert panel.ask.description == f"Ask {len(CASES)} calls"
    for said in ("http://127.0.0.1:9/v1", f"{len(CASES)} answers", "about $0.00", "counted roughly", "$2, for all"):
        assert said in words(panel)
    assert "no price is known" in words(panel_of(workspace, Endpoint("http://127.0.0.1:9/v1", "m")))


def test_button_asks_and_the_bar_ends_full(workspace):
    """A click asks for everything; afterwards nothing is missing and the button says why it is disabled."""
    async def work(server, endpoint):
        panel = panel_of(workspace, endpoint)
        panel.ask.click()
        panel.ask.click()  # asks no second time
        await panel._task
        return panel, len(server.requests)

    panel, requests = at_a_server([completion()], work)

    assert requests == len(CASES)
    assert (panel.ask.disabled, panel.why.value) == (True, "Every answer is in the workspace.")
    assert "Done: every answer is in the workspace." in words(panel)
    assert f"{len(CASES)} of {len(CASES)} (100%)" in words(panel)


def test_page_opened_again_has_the_bar_and_the_stop_of_the_run(workspace):
    """A second panel, as after a reload, follows the run of the first; its Stop ends it, and both say so."""
    async def work(server, endpoint):
        first = panel_of(workspace, endpoint, concurrency=2)
        first.ask.click()
        await server.asked(3)
        second = panel_of(workspace, endpoint)
        assert (second.ask.disabled, second.progress.stop.disabled) == (True, False)
        assert "Asking: the bar below moves." in second.why.value
        second.progress.stop.click()
        summary = await second.run()  # waits for the run that is asking
        await first._task
        return first, second, summary, len(server.requests)

    first, second, summary, requests = at_a_server([completion()], work)

    assert summary.state == "cancelled"
    assert summary.sent == requests < len(CASES)
    for panel in (first, second):
        assert "Stopped by hand: nothing more was sent" in words(panel)
        assert panel.ask.description == f"Ask {len(CASES) - summary.sent} calls"


@pytest.mark.parametrize(("state", "said"), [
    ("running", "Another process may be asking"), ("cancelled", "Stopped by hand"), ("budget", "Stopped at the budget"),
])
def test_run_of_another_process_is_shown_from_the_store(workspace, state, said):
    """What a run of another process came to, or how far it is, is read from the store; it has no Stop here."""
    async def work(server, endpoint):
        await run_variants(workspace, SET, [PLAIN], endpoint)
        run = latest_run(workspace, SET.key)
        workspace.finish_run(run.run_id, state)
        return panel_of(workspace, endpoint)

    panel = at_a_server([completion("billing")], work)

    assert said in words(panel) + panel.progress.why.value
    assert f"{len(CASES)} of {len(CASES)} (100%)" in words(panel)
    assert f"answered {len(CASES)}" in words(panel)
    assert panel.progress.stop.disabled


def test_silent_run_was_interrupted(workspace):
    """A run whose process died says it is running; after two and a half minutes of silence that is not believed."""
    async def work(server, endpoint):
        await run_variants(workspace, SET, [PLAIN], endpoint)
        workspace.finish_run(latest_run(workspace, SET.key).run_id, "running")
        return latest_run(workspace, SET.key, at="2999-01-01T00:00:00.000+00:00"), latest_run(workspace, SET.key)

    late, soon = at_a_server([completion()], work)

    assert (late.interrupted, soon.interrupted) == (True, False)


def test_read_only_panel_asks_nothing(workspace):
    """Its button says why it is disabled, and a click or a call that reaches it all the same sends nothing."""
    async def work(server, endpoint):
        panel = panel_of(workspace, endpoint, read_only=True)
        panel.ask.click()
        with pytest.raises(PromptCeilingError, match="This page only shows"):
            await panel.run()
        return panel, len(server.requests)

    panel, requests = at_a_server([completion()], work)

    assert requests == 0
    assert panel.ask.disabled
    assert panel.why.value.startswith("This page only shows")


def test_what_cannot_be_asked_is_shown_in_words(workspace):
    """A budget without a price is refused in the panel, not in a traceback."""
    async def work(server, endpoint):
        panel = panel_of(workspace, endpoint, budget_usd=1)
        panel.ask.click()
        await panel._task
        return panel

    assert "No price is known for the model" in words(at_a_server([completion()], work))


def test_hostile_text_is_shown_and_never_run(workspace):
    """What a server says, and what the model is called, is text."""
    panel = panel_of(workspace, Endpoint("http://127.0.0.1:9/v1", HOSTILE))
    panel._problem = HOSTILE
    panel._render()

    assert_shown_as_text(panel.view)


def test_nothing_is_asked_twice_by_two_processes(workspace):
    """While another process asks, the button is disabled and says so."""
    async def work(server, endpoint):
        await run_variants(workspace, SET, [PLAIN], endpoint)
        workspace.finish_run(latest_run(workspace, SET.key).run_id, "running")
        other = PromptVariant("other", fields_of(SET), output="label", instructions="Sort it.")
        panel = RunPanel(workspace, SET, [PLAIN, other], endpoint)
        panel.ask.click()
        return panel

    panel = at_a_server([completion()], work)

    assert panel.why.value == "Another process is asking: nothing is asked twice."
    assert panel.ask.disabled
    assert panel._task is None
