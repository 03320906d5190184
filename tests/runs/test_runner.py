import asyncio
import json
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import HANG, completion, error, serving

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of, standard_variants
from promptceiling.runs import Endpoint, Workspace, completions, flight, run_variants
from promptceiling.runs.asking import ask

SET = split_labeled_set(made_set(made_cases(30)))
CASES = SET.split("validation")
PLAIN = PromptVariant("plain", fields_of(SET), output="label")
WORDED = replace(PLAIN, name="worded", instructions="Sort the case.")
NOW = {"retry_after": "0"}  # sent again without a pause


def ran(workspace, script, variants=(PLAIN,), *, hold=0, **options):
    """The summary of a run against a server with this script, and the requests that it saw."""
    async def whole():
        async with serving(script, hold=hold) as server:
            endpoint = Endpoint(options.pop("base_url", server.base_url), "m")
            return await run_variants(workspace, SET, list(variants), endpoint, **options), server

    return asyncio.run(whole())


def same_address(workspace, scripts, variants=(PLAIN,), **options):
    """Summaries and requests of runs one after another against one server, whose script changes between them."""
    async def whole():
        told = []
        async with serving([]) as server:
            for script in scripts:
                server.script, server.requests = script, []
                summary = await run_variants(workspace, SET, list(variants), Endpoint(server.base_url, "m"), **options)
                told.append((summary, server.requests))
        return told

    return asyncio.run(whole())


def test_every_variant_case_and_repeat_is_asked_once(workspace):
    """Two variants over a split with two repeats are that many requests, each case's text in its variant's words."""
    summary, server = ran(workspace, [completion()], [PLAIN, WORDED], repeats=2)
    asked = sorted((r.body["messages"][0]["content"][:8], r.text) for r in server.requests)

    assert asked == sorted((v.instructions[:8], t) for v in (PLAIN, WORDED) for t in CASES["input"] for _ in range(2))
    assert (summary.state, summary.items, summary.sent, summary.from_store) == ("done", len(asked), len(asked), 0)
    assert (summary.failed, summary.problem) == ({}, None)


def test_no_more_than_the_allowed_calls_are_in_flight(workspace):
    """With a concurrency of 3, the server sees three requests at once and never four."""
    _, server = ran(workspace, [completion()], concurrency=3, hold=3)

    assert server.most_at_once == 3


def test_what_is_stored_is_not_asked_again(workspace):
    """A second run sends nothing and says that everything was there."""
    (first, _), (second, requests) = same_address(workspace, [[completion()], [error(500)]])

    assert (second.state, second.sent, second.from_store, requests) == ("done", 0, first.items, [])


def test_another_variant_asks_only_for_its_own(workspace):
    """Adding a variant to a run that was made asks for the new one's cases alone."""
    async def whole():
        async with serving([completion()]) as server:
            endpoint = Endpoint(server.base_url, "m")
            await run_variants(workspace, SET, [PLAIN], endpoint)
            return await run_variants(workspace, SET, [PLAIN, WORDED], endpoint)

    summary = asyncio.run(whole())

    assert (summary.sent, summary.from_store) == (len(CASES), len(CASES))


def test_variants_that_send_the_same_share_an_answer(workspace):
    """Two names for one prompt are asked once, and both have the answer."""
    summary, server = ran(workspace, [completion()], [PLAIN, replace(PLAIN, name="alias")])
    frame = completions(workspace, SET)

    assert len(server.requests) == summary.items == len(CASES)
    assert frame.groupby("variant").size().to_dict() == {"plain": len(CASES), "alias": len(CASES)}
    assert (frame["predicted"] == "billing").all()


def test_failure_is_kept_and_asked_again_by_the_next_run(workspace):
    """A case that fails after all sends leaves the run incomplete; the next run asks for it alone."""
    bad = CASES["input"].iloc[0]

    def first(request):
        return error(500, **NOW) if request.text == bad else completion()

    (one, _), (two, requests) = same_address(workspace, [first, [completion()]])

    assert (one.state, one.failed, one.sent) == ("incomplete", {"server": 1}, len(CASES))
    assert (two.state, two.failed, two.sent, [r.text for r in requests]) == ("done", {}, 1, [bad])


def test_failures_are_counted_by_kind(workspace):
    """What went wrong is told by kind, and nothing of it is taken for a completion."""
    failures = [error(500, **NOW), error(429, **NOW), error(400, "context_length_exceeded")]
    replies = dict(zip(CASES["input"], failures, strict=False))
    summary, _ = ran(workspace, lambda request: replies.get(request.text, completion()))

    assert summary.failed == {"server": 1, "rate_limit": 1, "context_length": 1}
    assert (completions(workspace, SET)["outcome"] == "failed").sum() == 3


def test_deadline_leaves_a_server_that_hangs(workspace, monkeypatch):
    """A call that gets no answer within the deadline is a failure of the kind timeout, and the run goes on."""
    monkeypatch.setitem(ask.__kwdefaults__, "sends", 1)
    bad = CASES["input"].iloc[0]
    summary, _ = ran(workspace, lambda r: HANG if r.text == bad else completion(), deadline_s=1.0)

    assert summary.failed == {"timeout": 1}
    assert summary.sent == len(CASES)


def test_unusable_endpoint_stops_the_run_and_keeps_what_came(workspace):
    """A quota that ends after five answers stops the run in a sentence; five answers are kept and used next time."""
    seen = []

    def script(request):
        seen.append(request)
        return completion() if len(seen) <= 5 else error(429, "insufficient_quota")

    (one, first), (two, second) = same_address(workspace, [script, [completion()]], concurrency=1)

    assert (one.state, one.sent, len(first)) == ("stopped", 5, 6)
    assert one.problem.startswith("The account's quota is used up")
    assert (two.state, two.from_store, len(second)) == ("done", 5, len(CASES) - 5)


def test_missing_key_stops_the_run_without_a_call(workspace, monkeypatch):
    """Without a key for a remote host nothing is sent, and the summary says which variable is empty."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    summary, _ = ran(workspace, [completion()], base_url="https://api.example.com/v1")

    assert (summary.state, summary.sent) == ("stopped", 0)
    assert "OPENAI_API_KEY is not set" in summary.problem


def test_cancelled_run_keeps_what_came_and_says_so(workspace, monkeypatch):
    """Cancelled after four requests, the answers that were in stay, and the run is marked as cancelled."""
    monkeypatch.setattr(flight, "INTERRUPT_GRACE_S", 0.1)

    async def whole():
        async with serving([completion()] * 3 + [HANG]) as server:
            endpoint = Endpoint(server.base_url, "m")
            run = asyncio.create_task(run_variants(workspace, SET, [PLAIN], endpoint, concurrency=1))
            await server.asked(4)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

    asyncio.run(whole())
    items = workspace.items(SET.key)

    assert items["received_at"].notna().sum() == 3
    assert set(items["state"]) == {"cancelled"}


def test_every_answer_is_kept_before_it_is_told(workspace, store):
    """When progress says that k are done, another reader of the store finds k answers."""
    seen = []

    def look(progress):
        with Workspace(store, read_only=True) as reader:
            seen.append((progress.done, int(reader.items(SET.key)["received_at"].notna().sum())))

    ran(workspace, [completion()], on_progress=look)

    assert seen == [(k, k) for k in range(len(CASES) + 1)]


def test_progress_counts_what_was_there_what_was_sent_and_what_failed(workspace):
    """Progress begins with what the store has and ends with everything, failures among them."""
    told = []
    bad = CASES["input"].iloc[0]

    def first(request):
        return error(500, **NOW) if request.text == bad else completion()

    same_address(workspace, [first, [completion()]], on_progress=told.append)
    n = len(CASES)

    assert [(p.done, p.sent) for p in told] == [(k, k) for k in range(n + 1)] + [(n - 1, 0), (n, 1)]
    assert {p.total for p in told} == {n}
    assert (told[n].failed, told[-1].failed) == (1, 0)


@pytest.mark.parametrize(("split", "variants"), [("test", ["plain", "worded"]), ("all", ["plain", "worded"]),
                                                 ("validation", []), ("train", [])])
def test_ledger_has_every_variant_that_touched_the_test_split(workspace, split, variants):
    """Only runs over the test split, or over all, open the seal; each variant is an opening."""
    ran(workspace, [completion()], [PLAIN, WORDED], split=split, repeats=2)

    assert workspace.openings(SET.key)["variant"].tolist() == variants


def test_empty_split_is_refused(workspace):
    """A split without cases is refused before anything is sent or written."""
    with pytest.raises(InputError, match="The split 'dev' of made has no cases"):
        ran(workspace, [completion()], split="dev")

    assert workspace.sets().empty


def test_answer_with_half_a_character_is_kept(workspace):
    """What a server cuts in the middle of an emoji is stored and read like any text."""
    summary, _ = ran(workspace, [completion("billing \ud83d", model="\ud83d")])
    frame = completions(workspace, SET)

    assert (summary.state, set(frame["outcome"]), set(frame["text"])) == ("done", {"unparsed"}, {"billing \ud83d"})


@pytest.mark.parametrize("times", [1, 2])
def test_embedded_model_answers_everything_the_same_each_time(tmp_path, times):
    """Without an endpoint the standard variants are answered in-process, alike in every workspace."""
    frames = []
    for k in range(2):
        with Workspace(tmp_path / str(k)) as workspace:
            summary = asyncio.run(run_variants(workspace, SET, standard_variants(SET), Endpoint(), concurrency=times))
            frames.append(completions(workspace, SET))
            assert (summary.state, summary.items) == ("done", 3 * len(CASES))

    assert set(frames[0]["outcome"]) == {"answered"}
    columns = ["variant", "case_id", "predicted", "confidence", "text", "input_tokens", "output_tokens"]
    assert json.loads(frames[0][columns].to_json()) == json.loads(frames[1][columns].to_json())


def test_server_that_is_down_ends_the_run(workspace, monkeypatch):
    """After twenty calls in a row that found no server nothing more is sent, and the end says so."""
    monkeypatch.setattr("promptceiling.runs.asking._JITTER.uniform", lambda *_: 0.0)
    monkeypatch.setitem(ask.__kwdefaults__, "sends", 2)
    summary, _ = ran(workspace, [error(503, **NOW)], [PLAIN, WORDED], concurrency=4, repeats=4)

    assert summary.state == "stopped"
    assert 20 <= summary.sent <= 24 < summary.items
    assert "The endpoint seems to be down: 20 calls in a row failed" in summary.problem
