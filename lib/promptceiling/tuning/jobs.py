"""Fine-tuning jobs through the OpenAI files and fine-tuning protocol: upload, start, follow, and keep the state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from promptceiling.errors import TuningError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Endpoint, Workspace
from promptceiling.runs.store import now
from promptceiling.tuning.export import write_training_file

if TYPE_CHECKING:
    import openai

_ENDED = ("succeeded", "failed", "cancelled")
_ODD = (ValueError, AttributeError, TypeError)  # what the client raises on a body that is not the protocol's
Record = dict[str, Any]


async def fine_tune(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *, seed: int = 0,
    epochs: int | None = None, patience_s: float = 6 * 3600.0, poll_s: float | None = None,
    on_status: Callable[[Record], None] | None = None,
) -> Record:
    """Train `endpoint.model` on the train split as `variant` asks, and wait for it; the job's record.

    The record has `job_id, status, fine_tuned_model, losses, ...` and is kept in the workspace at every change, so that
    `follow_job` can take it up after a restart. Raises TuningError for a server without fine-tuning, a refused file or
    model, a job that failed, or one that is not done after `patience_s`.
    """
    import openai  # imported late: pages that only read need not wait for it

    workspace.check_writable()
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants([variant])
    path = workspace.folder / "exports" / f"{set_key}-{variant.fingerprint}.jsonl"
    examples = write_training_file(labeled_set, variant, path)
    async with endpoint.client(workspace.folder / "embedded") as client:
        try:
            file = await client.files.create(file=path, purpose="fine-tune")
            settings: Any = {"n_epochs": epochs} if epochs else {}
            job = await client.fine_tuning.jobs.create(
                training_file=file.id, model=endpoint.model, seed=seed,
                method={"type": "supervised", "supervised": {"hyperparameters": settings}},
            )
            record: Record = {
                "job_id": job.id, "set_key": set_key, "fingerprint": variant.fingerprint, "base_url": endpoint.base_url,
                "base_model": endpoint.model, "fine_tuned_model": None, "status": job.status, "seed": seed,
                "examples": examples, "trained_tokens": None, "losses": [], "created_at": now(), "finished_at": None,
            }
        except (openai.OpenAIError, *_ODD) as error:
            raise TuningError(_said(error, "start")) from None
        workspace.save_job(record)
        return await _follow(workspace, client, record, patience_s, poll_s, on_status)


async def follow_job(
    workspace: Workspace, record: Record, endpoint: Endpoint, *, patience_s: float = 6 * 3600.0,
    poll_s: float | None = None, on_status: Callable[[Record], None] | None = None,
) -> Record:
    """Wait for a job that was started earlier, perhaps by another process; its record. Raises as `fine_tune` does."""
    async with endpoint.client(workspace.folder / "embedded") as client:
        return await _follow(workspace, client, dict(record), patience_s, poll_s, on_status)


async def _follow(
    workspace: Workspace, client: openai.AsyncOpenAI, record: Record, patience_s: float, poll_s: float | None,
    on_status: Callable[[Record], None] | None,
) -> Record:
    import openai  # imported late: pages that only read need not wait for it

    deadline, pause = time.monotonic() + patience_s, poll_s or 0.05
    while True:
        try:
            job = await client.fine_tuning.jobs.retrieve(record["job_id"])
            events = await client.fine_tuning.jobs.list_events(record["job_id"], limit=100)
            points = [e.data for e in events.data if e.type == "metrics" and isinstance(e.data, dict)]
            losses = sorted([p["step"], p["train_loss"]] for p in points if "step" in p and "train_loss" in p)
            record |= {"status": job.status, "fine_tuned_model": job.fine_tuned_model, "losses": losses,
                       "trained_tokens": job.trained_tokens}
        except (openai.OpenAIError, *_ODD) as error:
            raise TuningError(_said(error, "follow") + " The job's id is kept; follow it again later.") from None
        if job.status in _ENDED:
            record["finished_at"] = now()
        workspace.save_job(record)
        if on_status:
            on_status(record)
        if job.status == "succeeded":
            return record
        if job.status in _ENDED:
            why = job.error.message if job.error and job.error.message else "the server gives no reason"
            raise TuningError(f"The fine-tuning job {job.id} was {job.status}: {why}.")
        if time.monotonic() > deadline:
            raise TuningError(f"The fine-tuning job {job.id} is still {job.status} after {patience_s:g} s. "
                              "It goes on at the server; follow it again later.")
        await asyncio.sleep(pause)
        pause = poll_s or min(30.0, pause * 1.5)


def _said(error: Exception, what: str) -> str:
    import openai  # imported late: pages that only read need not wait for it

    if isinstance(error, openai.NotFoundError):
        return (f"The server cannot {what} a fine-tuning job (404): it has no such route, or does not tune this model. "
                "An open-weight model can be tuned elsewhere and its URL used here.")
    if isinstance(error, openai.APIStatusError):
        return f"The server refused to {what} the fine-tuning job ({error.status_code})."
    if not isinstance(error, openai.OpenAIError):
        return "The server answered with something else than a fine-tuning file or job. Check the base URL."
    return f"The fine-tuning job could not be reached ({type(error).__name__})."
