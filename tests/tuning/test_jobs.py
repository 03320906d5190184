import asyncio
import json
import math
from datetime import date

import httpx2
import openai
import pytest
from tests.made_up import made_cases, made_set

from promptceiling.embedded.jobs import Jobs
from promptceiling.errors import TuningError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.tuning import (
    cancel_job,
    fine_tune,
    follow_job,
    open_jobs,
    register_fine_tune,
    training_variant,
)

LABELED_SET = split_labeled_set(made_set(made_cases(90)))
VARIANT = PromptVariant("zero-shot", fields_of(LABELED_SET))
ASKED = training_variant(VARIANT, LABELED_SET)
KEY = "sk-canary-5b0c"


class Tuner:
    """A server whose job takes the statuses of its script one after the other, the last one ever after.

    `replies` maps (method, last part of the path) to what is sent instead: a status, bytes of a 200, or an exception.
    """

    def __init__(self, *statuses, error=None, replies=(), events=(), known=()):
        self.statuses, self.error, self.replies, self.asked = statuses, error, dict(replies), []
        self.events, self.known = list(events), list(known)

    def __call__(self, request):
        part = request.url.path.split("/")[-1]
        self.asked.append((request.method, part))
        reply = self.replies.get((request.method, part))
        if isinstance(reply, list):  # one after the other, then the usual
            reply = reply.pop(0) if reply else None
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, int):
            said = {"error": {"message": f"No, {request.headers['authorization']}.", "code": None}}
            return httpx2.Response(reply, json=said)
        if isinstance(reply, bytes):
            return httpx2.Response(200, content=reply, headers={"content-type": "text/html"})
        if part == "files":
            return httpx2.Response(200, json={"id": "file-1", "object": "file", "bytes": 1, "created_at": 1,
                                              "filename": "t", "purpose": "fine-tune", "status": "processed"})
        if part == "events":
            after = request.url.params.get("after")
            at = 0 if after is None else next(k for k, e in enumerate(self.events) if e["id"] == after) + 1
            page = self.events[at:at + 100]
            return httpx2.Response(200, json={"object": "list", "data": page,
                                              "has_more": at + 100 < len(self.events)})
        if (request.method, part) == ("GET", "jobs"):
            return httpx2.Response(200, json={"object": "list", "data": self.known, "has_more": False})
        if part == "cancel":
            self.statuses = ("cancelled",)
        name = part if part.startswith("ftjob") else f"ftjob-{max(1, self.asked.count(('POST', 'jobs')))}"
        times = max(self.asked.count(("GET", name)), part == "cancel")
        status = self.statuses[min(times, len(self.statuses)) - 1] if times else "queued"
        return httpx2.Response(200, json={
            "id": name, "object": "fine_tuning.job", "created_at": 1, "status": status, "model": "m", "seed": 0,
            "error": self.error if status == "failed" else None, "trained_tokens": 7 if status == "succeeded" else None,
            "fine_tuned_model": "ft:m:1" if status == "succeeded" else None, "finished_at": None,
            "hyperparameters": {"n_epochs": 3}, "organization_id": "o", "result_files": [], "training_file": "file-1",
            "validation_file": None})


@pytest.fixture
def served(monkeypatch):
    """Hands `Endpoint.client` a scripted server instead of the network."""
    def by(tuner):
        def client(endpoint, folder, *, deadline_s=120.0):
            http = httpx2.AsyncClient(transport=httpx2.MockTransport(tuner))
            return openai.AsyncOpenAI(base_url=endpoint.base_url, api_key=KEY, max_retries=0, http_client=http)

        monkeypatch.setattr(Endpoint, "client", client)
        return Endpoint("http://127.0.0.1:1/v1", "m")

    return by


def tuned(workspace, endpoint=None, **options):
    options = {"poll_s": 0.001} | options
    return asyncio.run(fine_tune(workspace, LABELED_SET, VARIANT, endpoint or Endpoint(), **options))


def kept(workspace):
    """The job's record as the workspace has it."""
    (record,) = workspace.jobs(LABELED_SET.key).to_dict("records")
    return record


def test_a_fine_tune_succeeds_its_losses_fall_and_its_model_answers(tmp_path):
    """The embedded model is tuned in-process; the record is kept, and the tuned model is right on new cases."""
    seen = []
    with Workspace(tmp_path) as workspace:
        record = tuned(workspace, seed=3, epochs=5, on_status=lambda r: seen.append(r["status"]))
        losses = [loss for _, loss in record["losses"]]
        answered = asyncio.run(run_variants(
            workspace, LABELED_SET, [VARIANT], Endpoint(model=record["fine_tuned_model"])))
        frame = completions(workspace, LABELED_SET)

        assert kept(workspace) | {"trained_tokens": None} == record
    assert record["status"] == seen[-1] == "succeeded"
    assert [step for step, _ in record["losses"]] == [1, 2, 3, 4, 5]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]
    assert record["examples"] == len(LABELED_SET.split("train"))
    assert record["seed"] == 3
    assert record["finished_at"] >= record["created_at"]
    assert answered.state == "done"
    assert (frame["predicted"] == frame["expected"]).mean() > 0.8


def test_another_process_follows_a_job_to_its_end(tmp_path, monkeypatch):
    """A job that was left queued is found in a newly opened workspace and followed by a new client until it is done."""
    with monkeypatch.context() as stopped, Workspace(tmp_path) as workspace:
        stopped.setattr(Jobs, "_start", lambda *_: None)  # the process ends before training begins
        with pytest.raises(TuningError, match="is still queued after 0 s"):
            tuned(workspace, patience_s=0)

    with Workspace(tmp_path) as workspace:
        left = kept(workspace)
        assert left["status"] == "queued"
        record = asyncio.run(follow_job(workspace, left, Endpoint(), poll_s=0.001))

        assert kept(workspace)["fine_tuned_model"] == record["fine_tuned_model"]
    assert record["status"] == "succeeded"
    assert record["job_id"] == left["job_id"]
    assert record["fine_tuned_model"].startswith("ft:embedded-in-context")
    assert len(record["losses"]) > 1


@pytest.mark.parametrize("route", [("POST", "files"), ("POST", "jobs")])
def test_a_server_without_the_route_is_named(tmp_path, served, route):
    """A 404 says that the server does not tune, and what to do; it is kept as a job that failed."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match=r"cannot start .* \(404\): it has no such route") as caught:
            tuned(workspace, served(Tuner(replies={route: 404})))

        assert (kept(workspace)["status"], "404" in kept(workspace)["details"]["error"]) == ("failed", True)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(("reply", "said"), [
    (401, r"refused to start .* \(401\)"),
    (httpx2.ConnectError("refused"), r"could not be reached \(APIConnectionError\)"),
    (httpx2.ReadTimeout("slow"), r"could not be reached \(APITimeoutError\)"),
    (b"<html>Welcome to the proxy</html>", r"answered with something else than a fine-tuning"),
    (b"", r"answered with something else than a fine-tuning"),
], ids=["refused", "unreachable", "timeout", "page", "empty"])
@pytest.mark.parametrize("route", [("POST", "files"), ("POST", "jobs")])
def test_a_job_that_cannot_be_started_is_one_sentence(tmp_path, served, route, reply, said):
    """Whatever the server does instead of taking the file or the job, a sentence says it, without the key."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match=said) as caught:
            tuned(workspace, served(Tuner(replies={route: reply})))

        unheard = route == ("POST", "jobs") and isinstance(reply, Exception)
        assert kept(workspace)["status"] == ("starting" if unheard else "failed")
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("reply", [500, httpx2.ConnectError("gone"), b"<html></html>"], ids=["500", "gone", "page"])
@pytest.mark.parametrize("route", [("GET", "ftjob-1"), ("GET", "events")])
def test_a_server_that_is_lost_while_following_leaves_the_job_to_take_up(tmp_path, served, route, reply):
    """The record with the job's id is in the workspace, and the sentence says to follow it again."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match=r"The job's id is kept; follow it again later\.$"):
            tuned(workspace, served(Tuner("running", replies={route: reply})))
        left = kept(workspace)
        record = asyncio.run(follow_job(workspace, left, served(Tuner("running", "succeeded")), poll_s=0.001))

    assert (left["job_id"], left["status"]) == ("ftjob-1", "queued")
    assert record["status"] == "succeeded"
    assert record["trained_tokens"] == 7


@pytest.mark.parametrize(("tuner", "said"), [
    (Tuner("running", "failed", error={"code": "x", "message": "line 3 is odd", "param": None}),
     "failed: line 3 is odd"),
    (Tuner("failed"), "failed: the server gives no reason"),
    (Tuner("validating_files", "running", "cancelled"), "cancelled: the server gives no reason"),
])
def test_a_job_that_ends_badly_is_said_and_kept(tmp_path, served, tuner, said):
    """A failed or cancelled job is a sentence with the server's reason; its record says how and when it ended."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match=rf"^The fine-tuning job ftjob-1 was {said}\.$"):
            tuned(workspace, served(tuner))

        record = kept(workspace)
    assert record["status"] == tuner.statuses[-1]
    assert record["fine_tuned_model"] is None
    assert record["finished_at"] >= record["created_at"]


def test_patience_ends_and_the_job_goes_on(tmp_path, served):
    """A job that is still running after the stated seconds is left to the server, and kept as running."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match=r"still running after 0\.01 s\. It goes on at the server"):
            tuned(workspace, served(Tuner("running")), patience_s=0.01)

        record = kept(workspace)
    assert record["status"] == "running"
    assert record["finished_at"] is None


def test_a_file_that_teaches_nothing_is_refused_by_the_embedded_model(tmp_path):
    """One label in the whole train split makes the job fail, with the trainer's reason."""
    alone = split_labeled_set(made_set([c | {"expected_category": "billing"} for c in made_cases(40)]))
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match="failed: every example has the same answer"):
            asyncio.run(fine_tune(workspace, alone, PromptVariant("v", fields_of(alone)), Endpoint()))

        assert workspace.jobs(alone.key)["status"].tolist() == ["failed"]


def test_the_job_says_what_it_was_trained_on(tmp_path, served):
    """The uploaded file is the one under exports, named for the set and the variant, and holds no key."""
    with Workspace(tmp_path) as workspace:
        tuned(workspace, served(Tuner("succeeded")))

    path = tmp_path / "exports" / f"{LABELED_SET.key}-{ASKED.fingerprint}" / "train.jsonl"
    lines = path.read_text(encoding="ascii").splitlines()
    assert len(lines) == len(LABELED_SET.split("train"))
    assert json.loads(lines[0])["messages"][0]["content"].startswith(VARIANT.instructions)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


# --- nothing is trained twice


def test_recipe_that_succeeded_is_given_back_and_another_one_is_trained(tmp_path, served):
    """The same data, variant, model, seed and epochs start nothing; another seed does, and so does `again`."""
    tuner = Tuner("succeeded")
    with Workspace(tmp_path) as workspace:
        first = tuned(workspace, served(tuner))
        started = tuner.asked.count(("POST", "jobs"))
        assert tuned(workspace, served(tuner))["job_id"] == first["job_id"]
        assert tuner.asked.count(("POST", "jobs")) == started == 1
        tuned(workspace, served(tuner), seed=1)
        tuned(workspace, served(tuner), again=True)
        tuned(workspace, served(tuner), epochs=2)

    assert tuner.asked.count(("POST", "jobs")) == 4


def test_running_job_is_followed_and_not_started_again(tmp_path, served):
    """A job that patience left running is listed as open, and the next call follows it to its end."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError):
            tuned(workspace, served(Tuner("running")), patience_s=0)
        assert [job["job_id"] for job in open_jobs(workspace, LABELED_SET.key)] == ["ftjob-1"]
        later = Tuner("running", "succeeded")
        record = tuned(workspace, served(later))

        assert open_jobs(workspace, LABELED_SET.key) == []
    assert record["fine_tuned_model"] == "ft:m:1"
    assert ("POST", "jobs") not in later.asked


def test_start_that_was_never_answered_is_looked_for_before_another_is_made(tmp_path, served):
    """The server has a job with our file: it is taken up under its own id, and paid for once."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError, match="It may have begun all the same"):
            tuned(workspace, served(Tuner(replies={("POST", "jobs"): httpx2.ReadTimeout("slow")})))
        assert kept(workspace)["status"] == "starting"
        known = json.loads(Tuner("running")(httpx2.Request("GET", "http://h/ftjob-1")).content)
        later = Tuner("succeeded", known=[known | {"id": "ftjob-0", "training_file": "file-0"}, known])
        record = tuned(workspace, served(later))

        assert kept(workspace)["job_id"] == record["job_id"] == "ftjob-1"
    assert ("POST", "jobs") not in later.asked


def test_start_that_the_server_never_had_is_made_anew(tmp_path, served):
    """Where no job has our file, the old record is told as failed and a new job is started."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError):
            tuned(workspace, served(Tuner(replies={("POST", "jobs"): httpx2.ReadTimeout("slow")})))
        tuned(workspace, served(Tuner("succeeded")))

        jobs = workspace.jobs(LABELED_SET.key)
    assert jobs["status"].tolist() == ["failed", "succeeded"]
    assert "before the server had the job" in jobs["details"].iloc[0]["error"]


# --- following


def test_hiccups_do_not_end_the_following(tmp_path, served):
    """Four failures in a row are waited out; the job's end is still seen."""
    tuner = Tuner("running", "succeeded", replies={("GET", "ftjob-1"): [500, httpx2.ConnectError("gone"), 503, b"x"]})
    with Workspace(tmp_path) as workspace:
        assert tuned(workspace, served(tuner))["status"] == "succeeded"


def test_server_without_events_still_tells_the_end(tmp_path, served):
    """Many servers have no route for events: the job is followed all the same, without a loss."""
    with Workspace(tmp_path) as workspace:
        record = tuned(workspace, served(Tuner("running", "succeeded", replies={("GET", "events"): 404})))

    assert (record["status"], record["losses"]) == ("succeeded", [])


def test_losses_of_all_pages_are_read_with_the_steps_to_come(tmp_path, served):
    """A job with 250 events has all of its losses, its validation losses, and the number of its steps."""
    events = [{"id": f"e{k}", "object": "fine_tuning.job.event", "created_at": 1, "level": "info", "type": "metrics",
               "message": f"Step {k}/400: training loss={1 / k}",
               "data": {"step": k, "train_loss": 1 / k, **({"valid_loss": 2 / k} if k % 100 == 0 else {})}}
              for k in range(250, 0, -1)]
    with Workspace(tmp_path) as workspace:
        record = tuned(workspace, served(Tuner("running", "succeeded", events=events)))
        stored = kept(workspace)

    assert [step for step, _ in record["losses"]] == list(range(1, 251))
    assert stored["details"]["total_steps"] == 400
    assert stored["details"]["validation_losses"] == [[100, 0.02], [200, 0.01]]


def test_success_without_a_model_is_told(tmp_path, served, monkeypatch):
    """A server that says succeeded and names no model is no success yet."""
    tuner = Tuner("succeeded")
    answer = Tuner.__call__
    monkeypatch.setattr(Tuner, "__call__", lambda self, request: httpx2.Response(200, json={
        **json.loads(answer(self, request).content), "fine_tuned_model": None}))
    with Workspace(tmp_path) as workspace, pytest.raises(TuningError, match="names no model"):
        tuned(workspace, served(tuner))


def test_what_a_server_says_is_quoted_without_the_key(tmp_path, served):
    """A refusal is told in the server's own words, with the key that it echoes taken out."""
    with Workspace(tmp_path) as workspace, pytest.raises(
            TuningError, match=r"\(403\): No, Bearer \[key\]\.") as caught:
        tuned(workspace, served(Tuner(replies={("POST", "jobs"): 403})))

    assert KEY not in str(caught.value)


# --- cancelling, closing, and models of elsewhere


def test_job_is_cancelled_and_kept_as_cancelled(tmp_path, served):
    """The server is asked to cancel; the record ends, and a second cancel says that it is over."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError):
            tuned(workspace, served(Tuner("running")), patience_s=0)
        tuner = Tuner("running")
        record = asyncio.run(cancel_job(workspace, kept(workspace), served(tuner)))

        assert kept(workspace)["status"] == record["status"] == "cancelled"
        with pytest.raises(TuningError, match=r"is over \(cancelled\)"):
            asyncio.run(cancel_job(workspace, record, served(tuner)))
    assert ("POST", "cancel") in tuner.asked


def test_record_that_came_from_a_frame_is_kept_without_its_nan(tmp_path, served):
    """What pandas writes for nothing is nothing in the store, beside a job that has a number there."""
    with Workspace(tmp_path) as workspace:
        workspace.save_job(tuned(workspace, served(Tuner("succeeded"))) | {"job_id": "earlier"})
        with pytest.raises(TuningError):
            tuned(workspace, served(Tuner("running")), seed=1, patience_s=0)
        (left,) = open_jobs(workspace, LABELED_SET.key)
        assert math.isnan(left["trained_tokens"])
        workspace.save_job(left)
        with workspace.engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT trained_tokens FROM jobs WHERE status = 'running'").scalar()
    assert stored is None


def test_server_that_does_not_cancel_is_told(tmp_path, served):
    """The job is left as it was."""
    with Workspace(tmp_path) as workspace:
        with pytest.raises(TuningError):
            tuned(workspace, served(Tuner("running")), patience_s=0)
        with pytest.raises(TuningError, match="cannot cancel a fine-tuning job"):
            asyncio.run(cancel_job(workspace, kept(workspace), served(Tuner(replies={("POST", "cancel"): 404}))))
        assert kept(workspace)["status"] == "running"


def test_closed_service_is_told_before_anything_is_uploaded(tmp_path, served):
    """After its last day nothing is sent, and the sentence has the day, the date of reading, and the source."""
    tuner = Tuner("succeeded")
    served(tuner)
    with Workspace(tmp_path) as workspace, pytest.raises(
            TuningError, match=r"^Nothing was uploaded\. api\.openai\.com took its last fine-tuning job on 2027-01-06.*"
            r"read 2026-11-23: OpenAI deprecations page"):
        tuned(workspace, Endpoint("https://api.openai.com/v1", "gpt-4o-mini"), today=date(2027, 1, 7))
    assert tuner.asked == []


def test_model_that_was_trained_elsewhere_is_a_fine_tune(tmp_path):
    """A registered adapter is a job that succeeded, so that its answers are no prompt's."""
    where = Endpoint("http://127.0.0.1:8000/v1", "tickets-seed-0")
    with Workspace(tmp_path) as workspace:
        register_fine_tune(workspace, LABELED_SET, ASKED, where, base_model="Qwen/Qwen3-8B", seed=0)
        register_fine_tune(workspace, LABELED_SET, ASKED, where, base_model="Qwen/Qwen3-8B", seed=0)

        record = kept(workspace)
    assert (record["fine_tuned_model"], record["status"]) == ("tickets-seed-0", "succeeded")
