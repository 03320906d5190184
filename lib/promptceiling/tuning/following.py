"""Following a fine-tuning job: its state, its loss, and what a server says when it cannot."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promptceiling.errors import TuningError
from promptceiling.runs import Workspace
from promptceiling.runs.store import now

if TYPE_CHECKING:
    import openai

ENDED = ("succeeded", "failed", "cancelled")
ODD = (ValueError, AttributeError, TypeError)  # what the client raises on a body that is not the protocol's
Record = dict[str, Any]
LOST = 5  # polls in a row that may fail before the following ends; the job goes on
_EVENTS = 5_000
_STEP = re.compile(r"[Ss]tep (\d+)\s*/\s*(\d+)")


async def follow(
    workspace: Workspace, client: openai.AsyncOpenAI, record: Record, patience_s: float, poll_s: float | None,
    on_status: Callable[[Record], None] | None,
) -> Record:
    """Poll until the job is over; every state is kept. Raises TuningError where it ends otherwise than well."""
    import openai  # imported late: pages that only read need not wait for it

    deadline, pause, lost = time.monotonic() + patience_s, poll_s or 0.05, 0
    events: dict[str, Any] = {}
    while True:
        try:
            job = await client.fine_tuning.jobs.retrieve(record["job_id"])
            await _read_events(client, record["job_id"], events)
            record |= {"status": str(job.status), "fine_tuned_model": job.fine_tuned_model,
                       "trained_tokens": job.trained_tokens, **_losses(record, events)}
            lost = 0
        except (openai.OpenAIError, *ODD) as error:
            lost += 1
            if lost >= LOST or _final(error):
                raise TuningError(f"{said(error, 'follow', client.api_key)} The job's id is kept; follow it again "
                                  "later.") from None
            await asyncio.sleep(pause)
            continue
        if record["status"] in ENDED:
            record["finished_at"] = now()
        if record["status"] == "failed":
            record["details"] = (record.get("details") or {}) | {"error": _reason(job, client.api_key)}
        workspace.save_job(record)
        if on_status:
            on_status(record)
        if record["status"] == "succeeded":
            if not record["fine_tuned_model"]:
                raise TuningError(f"The fine-tuning job {record['job_id']} succeeded, but the server names no model. "
                                  "Follow it again later.")
            return record
        if record["status"] in ENDED:
            raise TuningError(f"The fine-tuning job {record['job_id']} was {record['status']}: "
                              f"{_reason(job, client.api_key)}.")
        if time.monotonic() > deadline:
            raise TuningError(f"The fine-tuning job {record['job_id']} is still {record['status']} after "
                              f"{patience_s:g} s. It goes on at the server; follow it again later.")
        await asyncio.sleep(pause)
        pause = poll_s or min(30.0, pause * 1.5)


async def _read_events(client: openai.AsyncOpenAI, job_id: str, events: dict[str, Any]) -> None:
    """Add the events that are new, the newest first; a server without the route has none."""
    import openai  # imported late: pages that only read need not wait for it

    try:
        async for event in client.fine_tuning.jobs.list_events(job_id, limit=100):
            if event.id in events or len(events) >= _EVENTS:
                return
            events[event.id] = event
    except (openai.NotFoundError, openai.APIStatusError) as error:
        if error.status_code not in (404, 405, 501):
            raise


def _losses(record: Record, events: dict[str, Any]) -> Record:
    """Training and validation loss by step, and how many steps there will be, where the server says so."""
    train: dict[float, float] = {}
    held: dict[float, float] = {}
    total = (record.get("details") or {}).get("total_steps")
    for event in events.values():
        data = event.data if isinstance(event.data, dict) else {}
        step = data.get("step")
        counted = _STEP.search(event.message or "")
        total = data.get("total_steps") or (int(counted[2]) if counted else None) or total
        if event.type == "metrics" and isinstance(step, int | float):
            for name, into in (("train_loss", train), ("valid_loss", held), ("full_valid_loss", held)):
                if isinstance(data.get(name), int | float):
                    into[step] = data[name]
    details = (record.get("details") or {}) | {"total_steps": total}
    if held:
        details["validation_losses"] = [[step, loss] for step, loss in sorted(held.items())]
    found: Record = {"details": details}
    if train or not record.get("losses"):
        found["losses"] = [[step, loss] for step, loss in sorted(train.items())]
    return found


def _final(error: Exception) -> bool:
    """Whether asking again cannot help: the server knows no such job, or does not let us in."""
    import openai  # imported late: pages that only read need not wait for it

    return isinstance(error, openai.APIStatusError) and error.status_code in (400, 401, 403, 404, 405, 410, 501)


def _reason(job: Any, key: str) -> str:
    message = getattr(job.error, "message", None) if job.error else None
    return server_words(message, key).rstrip(".") if message else "the server gives no reason"


def server_words(text: object, key: str) -> str:
    """What a server says, on one line, at most 300 characters, and without the key where it echoes it."""
    words = " ".join(str(text).split())
    if key and key != "none":
        words = words.replace(key, "[key]")
    return words if len(words) <= 300 else words[:299] + "…"


def said(error: Exception, what: str, key: str) -> str:
    """One sentence for what the server did instead; what it says itself is quoted, without the key."""
    import openai  # imported late: pages that only read need not wait for it

    if isinstance(error, openai.NotFoundError):
        return (f"The server cannot {what} a fine-tuning job (404): it has no such route, or does not tune this model. "
                "An open-weight model can be tuned elsewhere and its URL used here.")
    if isinstance(error, openai.APIStatusError):
        body = error.body if isinstance(error.body, dict) else {}
        words = f": {server_words(body['message'], key).rstrip('.')}" if body.get("message") else ""
        return f"The server refused to {what} the fine-tuning job ({error.status_code}){words}."
    if not isinstance(error, openai.OpenAIError):
        return "The server answered with something else than a fine-tuning file or job. Check the base URL."
    return f"The fine-tuning job could not be reached ({type(error).__name__})."
