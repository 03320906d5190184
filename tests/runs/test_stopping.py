import asyncio
import threading

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import HANG, completion, error, serving

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, RunHandle, begin_run, completions, flight, run_variants

SET = split_labeled_set(made_set(made_cases(150)))
CASES = SET.split("validation")
PLAIN = PromptVariant("plain", fields_of(SET), output="label")


def at_a_server(script, work, **options):
    """What `work(server, endpoint)` gives."""
    async def whole():
        async with serving(script, **options) as server:
            return await work(server, Endpoint(server.base_url, "m"))

    return asyncio.run(whole())


@pytest.mark.parametrize("from_thread", [False, True])
def test_stop_sends_nothing_more_and_keeps_what_came(workspace, from_thread):
    """Stopped when five answers are in, from this thread or another, only calls that were out are still answered."""
    handle, told = RunHandle(), []

    def look(progress):
        told.append(progress)
        if progress.sent == 5:
            if from_thread:
                other = threading.Thread(target=handle.stop)
                other.start()
                other.join()
            else:
                handle.stop()

    async def work(server, endpoint):
        summary = await run_variants(workspace, SET, [PLAIN], endpoint, concurrency=4, on_progress=look, handle=handle)
        return summary, len(server.requests)

    summary, requests = at_a_server([completion()], work)

    assert summary.state == "cancelled"
    assert requests <= 5 + 4
    assert summary.sent == requests
    assert told[-1].stopping
    assert (completions(workspace, SET)["outcome"] == "answered").sum() == summary.sent


def test_stop_does_not_wait_for_calls_that_wait_themselves(workspace):
    """While everybody waits two minutes for a 429, a stop ends the run at once."""
    handle = RunHandle()

    async def work(server, endpoint):
        run = asyncio.create_task(run_variants(
            workspace, SET, [PLAIN], endpoint, concurrency=1, handle=handle, deadline_s=30))
        await server.asked(1)
        handle.stop()
        async with asyncio.timeout(20):
            return await run, len(server.requests)

    summary, requests = at_a_server([error(429, retry_after="120")], work)

    assert (summary.state, summary.sent, requests) == ("cancelled", 0, 1)


def test_stop_before_the_start_sends_nothing(workspace):
    """A handle that was stopped already lets nothing out."""
    handle = RunHandle()
    handle.stop()
    handle.stop()

    async def work(server, endpoint):
        return await run_variants(workspace, SET, [PLAIN], endpoint, handle=handle), len(server.requests)

    summary, requests = at_a_server([completion()], work)

    assert (summary.state, requests) == ("cancelled", summary.sent)
    assert summary.sent <= 4


def test_begun_run_goes_on_by_itself_and_can_be_awaited(workspace):
    """A notebook's cell begins a run and goes on; another awaits its summary."""
    async def work(server, endpoint):
        handle = begin_run(workspace, SET, [PLAIN], endpoint, concurrency=3)
        await server.asked(2)
        return await handle

    assert at_a_server([completion()], work).state == "done"


def test_interrupted_run_keeps_what_comes_soon(workspace):
    """Two calls are out when a run is cancelled: nothing more is sent, and both answers, a moment later, are kept."""
    async def work(server, endpoint):
        run = asyncio.create_task(run_variants(workspace, SET, [PLAIN], endpoint, concurrency=2))
        await server.asked(2)
        run.cancel()
        await asyncio.sleep(0)
        async with server._moved:
            server.hold = 0
            server._moved.notify_all()
        await asyncio.gather(run, return_exceptions=True)
        return run.cancelled(), len(server.requests)

    assert at_a_server([completion()], work, hold=3) == (True, 2)
    assert (completions(workspace, SET)["outcome"] == "answered").sum() == 2
    assert workspace.sends()["outcome"].tolist() == ["answered"] * 2


def test_interrupted_run_leaves_its_calls_marked_as_sent(workspace, monkeypatch):
    """What was out when a run was cancelled has no outcome, and the next run says that it may have been paid for."""
    monkeypatch.setattr(flight, "INTERRUPT_GRACE_S", 0.1)

    async def work(server, endpoint):
        run = asyncio.create_task(run_variants(workspace, SET, [PLAIN], endpoint, concurrency=2))
        await server.asked(2)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        unheard = workspace.sends()["outcome"].isna().sum()
        server.script = [completion()]
        return unheard, await run_variants(workspace, SET, [PLAIN], endpoint)

    unheard, summary = at_a_server([HANG], work)

    assert unheard == 2
    assert summary.notices[0].startswith("2 of these calls were sent by an earlier run of which nothing was heard")
    assert summary.state == "done"


def test_unusable_endpoint_keeps_what_is_still_out(workspace):
    """When one call says that the key is wrong, answers of the others that were out are kept."""
    bad = CASES["input"].iloc[0]

    async def work(server, endpoint):
        return await run_variants(workspace, SET, [PLAIN], endpoint, concurrency=4), len(server.requests)

    summary, requests = at_a_server(lambda r: error(401) if r.text == bad else completion(), work)

    assert summary.state == "stopped"
    assert summary.sent >= requests - 1
    assert requests <= 8


def test_rejected_calls_are_asked_again_and_each_send_is_in_the_store(workspace):
    """A server that rejects two of twelve requests is asked again until all is answered, and every send is known."""
    count = {"all": 0, "rejected": 0}

    def script(request):
        count["all"] += 1
        if count["all"] % 12 < 10:
            return completion()
        count["rejected"] += 1
        return error(429, retry_after_ms="1")

    async def work(server, endpoint):
        return await run_variants(workspace, SET, [PLAIN], endpoint, concurrency=16)

    assert at_a_server(script, work).state == "done"
    assert workspace.sends()["outcome"].value_counts().to_dict() == {
        "answered": len(CASES), "rate_limit": count["rejected"]}
