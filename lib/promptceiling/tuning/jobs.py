"""Fine-tuning jobs through the OpenAI files and fine-tuning protocol: start, follow, cancel, and keep the state.

A job is written down before it is asked for. A process that dies at any moment leaves a record from which the next one
goes on: a job that the server has is followed, one that it may have is looked for, and none is paid for twice.
Processes that start at the same moment take turns, so that the second finds the first one's job.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from promptceiling.errors import TuningError, WorkspaceError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Endpoint, Workspace
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.runs.store import now
from promptceiling.tuning.export import Leaking, training_variant
from promptceiling.tuning.following import ENDED, ODD, Record, follow, said
from promptceiling.tuning.training_files import EPOCHS, TrainingFiles, export_training

if TYPE_CHECKING:
    import openai

_STARTING = "starting"
_TURN_S = 600.0  # for which a start waits for another one's end: two uploads and their deadlines


async def fine_tune(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *, seed: int = 0,
    epochs: int | None = None, validation: bool = False, leaks: Leaking = "refuse", again: bool = False,
    patience_s: float = 6 * 3600.0, poll_s: float | None = None, on_status: Callable[[Record], None] | None = None,
    today: date | None = None,
) -> Record:
    """Train `endpoint.model` on the train split as `training_variant` of the variant asks, and wait for it.

    A job by the same recipe (data, variant, model, seed, epochs) that the workspace knows is taken up instead: one that
    succeeded is given back, one that is not over is followed. `again` starts another all the same. `validation` uploads
    the validation split too, for services that report its loss.

    The record has `job_id, status, fine_tuned_model, losses, details, ...` and is kept in the workspace before anything
    is asked for and at every change. Raises TuningError, always with the state kept, for a leak or a check that blocks,
    a service that is closed or has no such route, a job that failed or was cancelled, and one that is not done after
    `patience_s`.
    """
    asked = training_variant(variant, labeled_set)
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants([variant, asked])
    if workspace.read_only:
        return _shown(workspace, {
            "set_key": set_key, "fingerprint": asked.fingerprint, "base_url": endpoint.base_url,
            "base_model": endpoint.model, "seed": seed, "details": {"epochs": epochs}}, on_status)
    folder = workspace.folder / "exports" / f"{set_key}-{asked.fingerprint}"
    async with endpoint.client(workspace.folder / "embedded") as client:
        async with _turn(workspace):
            files = export_training(labeled_set, variant, folder, endpoint=endpoint, epochs=epochs or EPOCHS,
                                    leaks=leaks, today=today)
            if files.blocked:
                raise TuningError(f"Nothing was uploaded. {files.blocked[0].message} {files.blocked[0].remedy}".strip())
            record = _new(files, set_key, asked, endpoint, seed, epochs)
            known = None if again else _known(workspace, record)
            if known is not None and known["job_id"].startswith(_STARTING):
                known = await _looked_for(workspace, client, known)
            if known is None:
                known = await _start(workspace, client, record, files, validation)
        if known["status"] == "succeeded":
            if on_status is not None:
                on_status(known)
            return known
        return await follow(workspace, client, known, patience_s, poll_s, on_status)


async def follow_job(
    workspace: Workspace, record: Record, endpoint: Endpoint, *, patience_s: float = 6 * 3600.0,
    poll_s: float | None = None, on_status: Callable[[Record], None] | None = None,
) -> Record:
    """Wait for a job that was started earlier, perhaps by another process; its record. Raises as `fine_tune` does."""
    workspace.check_writable()
    async with endpoint.client(workspace.folder / "embedded") as client:
        return await follow(workspace, client, dict(record), patience_s, poll_s, on_status)


async def cancel_job(workspace: Workspace, record: Record, endpoint: Endpoint) -> Record:
    """Ask the server to cancel a job; its record, as cancelled. What was trained until then may be charged.

    Raises TuningError where the job is over already or the server does not cancel it; its state is kept.
    """
    import openai  # imported late: pages that only read need not wait for it

    workspace.check_writable()
    if record["status"] in ENDED:
        raise TuningError(f"The fine-tuning job {record['job_id']} is over ({record['status']}); there is nothing to "
                          "cancel.")
    async with endpoint.client(workspace.folder / "embedded") as client:
        try:
            job = await client.fine_tuning.jobs.cancel(record["job_id"])
            changed = dict(record) | {"status": job.status}
        except (openai.OpenAIError, *ODD) as error:
            raise TuningError(f"{said(error, 'cancel', client.api_key)} It may go on; follow it again.") from None
    if changed["status"] in ENDED:
        changed["finished_at"] = now()
    workspace.save_job(changed)
    return changed


def open_jobs(workspace: Workspace, set_key: str) -> list[Record]:
    """The jobs on a labeled set that were not over when they were last looked at, the latest first."""
    jobs = workspace.jobs(set_key)
    return list(reversed(jobs[~jobs["status"].isin(ENDED)].to_dict("records")))


def succeeded_jobs(workspace: Workspace, set_key: str) -> list[Record]:
    """The jobs on a labeled set that made a fine-tune, in the order in which they were started."""
    jobs = workspace.jobs(set_key)
    found: Any = jobs[jobs["status"] == "succeeded"].to_dict("records")
    return list(found)


def register_fine_tune(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *, base_model: str,
    seed: int | None = None, epochs: int | None = None,
) -> Record:
    """Make a fine-tune that was trained elsewhere known, such as a LoRA adapter behind vLLM; its record.

    `endpoint.model` is then a fine-tune of `base_model` and no prompt. `variant` is what it was trained on. Several
    seeds of one recipe are registered one by one, each with its seed.
    """
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants([variant])
    record: Record = {
        "job_id": f"elsewhere:{endpoint.base_url}:{endpoint.model}", "set_key": set_key,
        "fingerprint": variant.fingerprint, "base_url": endpoint.base_url, "base_model": base_model,
        "fine_tuned_model": endpoint.model, "status": "succeeded", "seed": seed,
        "examples": len(labeled_set.split("train")), "trained_tokens": None, "losses": [], "created_at": now(),
        "finished_at": now(), "details": {"epochs": epochs, "training_sha256": "elsewhere"},
    }
    workspace.save_job(record)
    return record


@asynccontextmanager
async def _turn(workspace: Workspace) -> AsyncIterator[None]:
    """Held while a job is started or looked for; a process that ended without one does not hold it."""
    end = time.monotonic() + _TURN_S
    while True:
        with workspace.turn() as mine:
            if mine:
                yield
                return
        if time.monotonic() > end:
            raise TuningError(f"Another process has been starting a fine-tuning job in {workspace.where} for "
                              f"{_TURN_S / 60:.0f} minutes. Nothing was started here. End that process if it hangs, "
                              "and tune again: its job is looked for first.")
        await asyncio.sleep(0.2)


def _new(
    files: TrainingFiles, set_key: str, asked: PromptVariant, endpoint: Endpoint, seed: int, epochs: int | None
) -> Record:
    digest = hashlib.sha256(files.train_path.read_bytes()).hexdigest()
    return {
        "job_id": f"{_STARTING}:{uuid4().hex[:12]}", "set_key": set_key, "fingerprint": asked.fingerprint,
        "base_url": endpoint.base_url, "base_model": endpoint.model, "fine_tuned_model": None, "status": _STARTING,
        "seed": seed, "examples": files.train, "trained_tokens": None, "losses": [], "created_at": now(),
        "finished_at": None,
        "details": {"epochs": epochs, "training_sha256": digest, "training_file": None, "usd": files.usd},
    }


def _known(workspace: Workspace, record: Record) -> Record | None:
    """The latest job by the same recipe that succeeded or is not over."""
    for job in reversed(workspace.jobs(record["set_key"]).to_dict("records")):
        job = {k: None if v != v else v for k, v in job.items()}
        if job["status"] in ("failed", "cancelled"):
            continue
        same = all(job[k] == record[k] for k in ("fingerprint", "base_url", "base_model", "seed"))
        told = {k: record["details"][k] for k in ("epochs", "training_sha256") if k in record["details"]}
        if same and told.items() <= job["details"].items():
            return job
    return None


def _shown(workspace: Workspace, recipe: Record, on_status: Callable[[Record], None] | None) -> Record:
    """The job by a recipe that succeeded. Raises WorkspaceError where none did, since none can be started here."""
    known = _known(workspace, recipe)
    if known is None or known["status"] != "succeeded":
        raise WorkspaceError(f"{workspace.where} holds no fine-tune of {recipe['base_model']} by this recipe, and is "
                             f"open to be read only. {WHY if only_shows() else ''}".strip())
    if on_status is not None:
        on_status(known)
    return known


async def _start(
    workspace: Workspace, client: openai.AsyncOpenAI, record: Record, files: TrainingFiles, validation: bool
) -> Record:
    import openai  # imported late: pages that only read need not wait for it

    workspace.save_job(record)
    details, placeholder = record["details"], record["job_id"]
    try:
        file = await client.files.create(file=files.train_path, purpose="fine-tune")
        details["training_file"] = file.id
        further: Any = {}
        if validation and files.validation_path is not None:
            held = await client.files.create(file=files.validation_path, purpose="fine-tune")
            further["validation_file"] = held.id
        workspace.save_job(record)  # from here on a job may exist: it is known by its file
        settings: Any = {"n_epochs": details["epochs"]} if details["epochs"] else {}
        job = await client.fine_tuning.jobs.create(
            training_file=file.id, model=record["base_model"], seed=record["seed"],
            method={"type": "supervised", "supervised": {"hyperparameters": settings}}, **further)
        record |= {"job_id": _named(job), "status": job.status}
    except (openai.OpenAIError, *ODD) as error:
        why = said(error, "start", client.api_key)
        unheard = isinstance(error, openai.APIConnectionError | openai.InternalServerError)
        if details["training_file"] and unheard:
            why += " It may have begun all the same: tune again, and it is looked for before another is started."
        else:
            _ended(workspace, record, "failed", why)
        raise TuningError(why) from None
    workspace.save_job(record, was=placeholder)
    return record


async def _looked_for(workspace: Workspace, client: openai.AsyncOpenAI, record: Record) -> Record | None:
    """A job whose start was never answered: found at the server by its file, or None where there is none."""
    import openai  # imported late: pages that only read need not wait for it

    file = record["details"].get("training_file")
    placeholder = record["job_id"]
    if file:
        try:
            async for job in client.fine_tuning.jobs.list(limit=100):
                if job.training_file == file:
                    record |= {"job_id": _named(job), "status": job.status}
                    workspace.save_job(record, was=placeholder)
                    return record
        except (openai.OpenAIError, *ODD) as error:
            raise TuningError(
                "A start of this job was sent and never answered, and the server cannot be asked whether it has it. "
                f"{said(error, 'list', client.api_key)} Try again, or start another with again=True.") from None
    _ended(workspace, record, "failed", "the process ended before the server had the job")
    return None


def _named(job: Any) -> str:
    if not isinstance(job.id, str) or not job.id:
        raise TypeError("no job id")
    return str(job.id)


def _ended(workspace: Workspace, record: Record, status: str, why: str) -> None:
    record |= {"status": status, "finished_at": now(), "details": record["details"] | {"error": why}}
    workspace.save_job(record)
