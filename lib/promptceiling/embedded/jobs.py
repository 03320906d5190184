"""Uploaded files, fine-tuning jobs and the models they make, kept as JSON and JSONL under one folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import threading
import time
from pathlib import Path
from typing import Any

from promptceiling.embedded.fine_tuned import EPOCHS, FineTuned, TrainingFileError, read_examples

_ID = re.compile(r"^[a-z]+-[0-9a-f]{12,32}$")
_OPEN = ("validating_files", "queued", "running")


class Jobs:
    """The state of the fine-tuning half of the server.

    A model is trained again, identically, when a new process first needs it: what is stored is the training file, the
    seed and the number of epochs, never an object.
    """

    def __init__(self, folder: Path, base_model: str) -> None:
        self._folder, self._base_model = folder, base_model
        self._models: dict[str, FineTuned] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._live: dict[str, list[dict[str, Any]]] = {}  # events of jobs that are being trained
        self._training = threading.Lock()

    def add_file(self, name: str, raw: bytes, purpose: str) -> dict[str, Any]:
        """Keep an upload; its file object."""
        record = {
            "id": f"file-{secrets.token_hex(12)}", "object": "file", "bytes": len(raw), "created_at": int(time.time()),
            "filename": Path(name).name[:200], "purpose": purpose, "status": "processed",
        }
        self._write("files", str(record["id"]), record)
        (self._folder / "files" / f"{record['id']}.jsonl").write_bytes(raw)
        return record

    def file(self, file_id: str) -> dict[str, Any] | None:
        return self._read("files", file_id)

    def create(self, training_file: str, *, seed: int | None, epochs: object, suffix: str | None) -> dict[str, Any]:
        """A new job, queued; training starts with the event loop's next turn."""
        job_id = f"ftjob-{secrets.token_hex(12)}"
        count = epochs if isinstance(epochs, int) and not isinstance(epochs, bool) and 1 <= epochs <= 100 else EPOCHS
        method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": count}}}
        job: dict[str, Any] = {
            "id": job_id, "object": "fine_tuning.job", "created_at": int(time.time()), "error": None,
            "fine_tuned_model": None, "finished_at": None, "hyperparameters": {"n_epochs": count},
            "method": method, "model": self._base_model, "organization_id": "embedded", "result_files": [],
            "seed": secrets.randbelow(2**31) if seed is None else seed, "status": "queued", "trained_tokens": None,
            "training_file": training_file, "validation_file": None, "events": [], "suffix": suffix,
        }
        self._write("jobs", job_id, job)
        self._start(job_id)
        return job

    def job(self, job_id: str) -> dict[str, Any] | None:
        """The job as it stands; one that an earlier process left unfinished is taken up again."""
        job = self._read("jobs", job_id)
        if job and job["status"] in _OPEN:
            self._start(job_id)
            job["events"] = list(self._live.get(job_id, ()))
        return job

    def jobs(self) -> list[dict[str, Any]]:
        paths = sorted((self._folder / "jobs").glob("*.json"))
        found = [json.loads(p.read_text(encoding="utf-8")) for p in paths]
        return sorted(found, key=lambda job: (job["created_at"], job["id"]), reverse=True)

    def cancel(self, job: dict[str, Any]) -> dict[str, Any]:
        task = self._tasks.pop(job["id"], None)
        if task:
            task.cancel()
        if job["status"] in _OPEN:
            job = job | {"status": "cancelled", "finished_at": int(time.time())}
            self._write("jobs", job["id"], job)
        return job

    def model(self, name: str) -> FineTuned | None:
        """The fine-tuned model of this name, or None."""
        with self._training:  # of calls that come at once, one trains and the others wait for it
            return self._known(name)

    def _known(self, name: str) -> FineTuned | None:
        if name not in self._models:
            job = next((j for j in self.jobs() if j["fine_tuned_model"] == name), None)
            if job is None:
                return None
            self._models[name] = self._train(job)
        return self._models[name]

    def _start(self, job_id: str) -> None:
        if job_id not in self._tasks or self._tasks[job_id].done():
            self._tasks[job_id] = asyncio.get_running_loop().create_task(self._run(job_id))

    async def _run(self, job_id: str) -> None:
        job = self._read("jobs", job_id)
        if job is None or job["status"] not in _OPEN:
            return
        job["status"] = "running"
        self._write("jobs", job_id, job)
        events = self._live[job_id] = []
        try:
            model = await asyncio.to_thread(self._train, job, events)
        except TrainingFileError as error:
            problem = {"code": "invalid_training_file", "message": str(error), "param": "training_file"}
            job |= {"status": "failed", "error": problem, "finished_at": int(time.time())}
        else:
            recipe = f"{job['training_file']}\0{job['seed']}\0{job['hyperparameters']}"
            digest = hashlib.sha256(recipe.encode()).hexdigest()[:8]
            name = ":".join(["ft", self._base_model, *([job["suffix"]] if job["suffix"] else []), digest])
            self._models[name] = model
            job |= {"status": "succeeded", "fine_tuned_model": name, "finished_at": int(time.time()), "events": events}
        now = self._read("jobs", job_id)
        if now and now["status"] != "cancelled":
            self._write("jobs", job_id, job)

    def _train(self, job: dict[str, Any], events: list[dict[str, Any]] | None = None) -> FineTuned:
        raw = (self._folder / "files" / f"{job['training_file']}.jsonl").read_bytes()

        def note(epoch: int, loss: float) -> None:
            if events is not None:
                events.append({
                    "id": f"ftevent-{job['id'][6:]}-{epoch}", "object": "fine_tuning.job.event", "level": "info",
                    "created_at": int(time.time()), "type": "metrics",
                    "data": {"step": epoch, "train_loss": loss, "total_steps": job["hyperparameters"]["n_epochs"]},
                    "message": f"epoch {epoch}: training loss {loss:.4f}",
                })

        return FineTuned(
            read_examples(raw), seed=job["seed"], epochs=job["hyperparameters"]["n_epochs"], on_epoch=note
        )

    def _write(self, kind: str, name: str, record: dict[str, Any]) -> None:
        (self._folder / kind).mkdir(parents=True, exist_ok=True)
        path = self._folder / kind / f"{name}.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps(record), encoding="utf-8")
        new.replace(path)

    def _read(self, kind: str, name: str) -> dict[str, Any] | None:
        path = self._folder / kind / f"{name}.json"
        if not _ID.match(name) or not path.is_file():
            return None
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return record
