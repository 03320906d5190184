"""Run prompt variants over a split: what is stored is not asked again, every answer is kept as it comes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant, ShotPicker, render
from promptceiling.runs.answer import Answer, ask, request_body, request_key
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.workspace import Workspace

CONCURRENCY = 8
DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` items, `sent` of which were asked now, `failed` after all retries."""

    done: int
    total: int
    sent: int
    failed: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did.

    Attributes
    ----------
    run_id: its id in the workspace.
    state: "done", "incomplete" (some items failed) or "stopped" (the endpoint cannot be used; see `problem`).
    items: how many answers the run is about; `sent` of them were asked now, `from_store` were there already.
    failed: items without a completion, by error kind.
    """

    run_id: str
    state: str
    items: int
    sent: int
    from_store: int
    failed: dict[str, int]
    elapsed_s: float
    problem: str | None = None


class _Gate:
    """Holds every send back while the server has asked to wait."""

    def __init__(self) -> None:
        self._until = 0.0

    async def __call__(self, wait_s: float | None) -> None:
        if wait_s is not None:
            self._until = max(self._until, time.monotonic() + wait_s)
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left)


async def run_variants(
    workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, *,
    split: str = "validation", repeats: int = 1, concurrency: int = CONCURRENCY, deadline_s: float = DEADLINE_S,
    on_progress: Callable[[Progress], None] | None = None,
) -> RunSummary:
    """Ask for every (variant, case, repeat) that the workspace has no answer to, and keep each answer as it comes.

    `labeled_set` must have been split. At most `concurrency` calls are in flight. A call that fails after its retries
    is kept as a failure and asked again by the next run. Running on the test split is written to the ledger.

    Raises InputError for an empty split. An endpoint that can never succeed ends the run with the state "stopped";
    what came before is kept.
    """
    cases = labeled_set.split(split)
    if cases.empty:
        raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    start = time.monotonic()
    bodies: dict[str, dict[str, object]] = {}
    items: list[tuple[PromptVariant, str, int, str]] = []
    picker = ShotPicker(labeled_set)
    for variant in variants:
        for case_id, text, shots in zip(cases["id"], cases["input"], picker.pick(variant, cases), strict=True):
            body = request_body(endpoint, render(variant, text, shots))
            for repeat in range(repeats):
                key = request_key(endpoint.base_url, body, repeat)
                bodies[key] = body
                items.append((variant, case_id, repeat, key))
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants(variants)
    run_id = workspace.start_run(set_key, split, endpoint.base_url, endpoint.model, items)
    stored = workspace.usable_keys(bodies)
    todo = [key for key in bodies if key not in stored]
    failed: Counter[str] = Counter()
    sent = 0

    def note(answer: Answer | None) -> None:
        nonlocal sent
        if answer is not None:
            sent += 1
            failed.update([answer.error_kind] if answer.error_kind else [])
        if on_progress:
            on_progress(Progress(len(stored) + sent, len(bodies), sent, failed.total(), time.monotonic() - start))

    problem: str | None = None
    state = "cancelled"
    note(None)
    try:
        await _ask_all(workspace, endpoint, bodies, todo, concurrency, deadline_s, note)
        state = "incomplete" if failed else "done"
    except EndpointError as error:
        problem, state = str(error), "stopped"
    finally:
        workspace.finish_run(run_id, state)
    return RunSummary(
        run_id, state, len(bodies), sent, len(stored), dict(failed), time.monotonic() - start, problem
    )


async def _ask_all(
    workspace: Workspace, endpoint: Endpoint, bodies: dict[str, dict[str, object]], todo: Sequence[str],
    concurrency: int, deadline_s: float, note: Callable[[Answer | None], None],
) -> None:
    """Workers that share one list; the first EndpointError ends all. Each answer is kept before the next is asked."""
    if not todo:
        return
    gate = _Gate()
    waiting = iter(todo)
    client = endpoint.client(workspace.folder / "embedded", deadline_s=deadline_s)

    async def work() -> None:
        for key in waiting:
            answer = await ask(client, bodies[key], deadline_s=deadline_s, gate=gate)
            workspace.save_answer(key, answer)
            note(answer)
            await asyncio.sleep(0)  # an in-process endpoint never waits: let the other workers and the page have a turn

    async with client:
        workers = [asyncio.create_task(work()) for _ in range(min(concurrency, len(todo)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
