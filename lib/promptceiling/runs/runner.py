"""Run prompt variants over a split: what is stored is not asked again, every answer is kept as it comes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import pandas as pd

from promptceiling.errors import EndpointError, InputError, WorkspaceError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant, ShotPicker, read_completion
from promptceiling.prompts.render import Shot
from promptceiling.runs.answer import Answer
from promptceiling.runs.embedding import Vectors, embedding_models, vectors_at_hand, vectors_for
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.flight import Flight
from promptceiling.runs.handle import RunHandle
from promptceiling.runs.money import Purse, check_budget, output_limit
from promptceiling.runs.pace import Pace
from promptceiling.runs.prices import Price, price_of
from promptceiling.runs.progress import Progress, RunSummary
from promptceiling.runs.requests import Requests
from promptceiling.runs.sends import SendLog
from promptceiling.runs.workspace import Workspace

CONCURRENCY = 8
DEADLINE_S = 120.0
_BLOCK = 2_000  # cases for which shots are chosen at once


async def run_variants(
    workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, *,
    split: str = "validation", repeats: int = 1, concurrency: int = CONCURRENCY, deadline_s: float = DEADLINE_S,
    on_progress: Callable[[Progress], None] | None = None, budget_usd: float | None = None,
    price: Price | None = None, handle: RunHandle | None = None, case_ids: Collection[str] | None = None,
) -> RunSummary:
    """Ask for every (variant, case, repeat) that the workspace has no answer to, and keep each answer as it comes.

    `labeled_set` must have been split. At most `concurrency` calls are in flight, fewer at first and where the endpoint
    asks for it. A call that fails after its retries is kept as a failure and asked again by the next run. Running on
    the test split is written to the ledger. `case_ids` names the cases of the split that are meant, else all.

    `budget_usd` is the most that all runs of this workspace together may cost: before each send the most that it can
    cost is set aside, by `price` or by the price table. It is exact where the endpoint's parameters limit the answer's
    tokens; else an answer of up to 2,048 tokens, or twice the longest so far, is set aside.

    Vectors that variants choose shots by are asked for first, see `embed_texts`, which raises EndpointError.

    Raises InputError for an empty split, and for a budget without a price. An endpoint that can never succeed ends the
    run with the state "stopped", a spent budget with "budget", `handle.stop()` with "cancelled"; what came is kept.
    """
    start = time.monotonic()
    handle = handle or RunHandle()
    vectors: Vectors = {}
    if embedding_models(variants) and not workspace.read_only:
        vectors = await vectors_for(
            workspace, labeled_set, variants, endpoint, split, budget_usd=budget_usd, handle=handle)
    elif embedding_models(variants):
        vectors, _ = vectors_at_hand(workspace, labeled_set, variants, endpoint, split)
    requests = requests_of(labeled_set, variants, endpoint, split, repeats, case_ids, vectors)
    price = price or price_of(endpoint)
    check_budget(budget_usd, price, endpoint)
    if workspace.read_only:
        return _nothing_asked(workspace, requests.keys, time.monotonic() - start, on_progress)
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants(variants)
    unheard = workspace.unheard(requests.keys)
    run_id = workspace.start_run(set_key, split, endpoint.base_url, endpoint.model, requests.items)
    stored = workspace.usable_keys(requests.keys)
    purse = Purse(price, budget_usd, workspace.spent_usd(), output_limit(dict(endpoint.parameters)))
    pace = Pace(concurrency)
    failed: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    sent = 0

    def tell() -> None:
        progress = Progress(
            len(stored) + sent, len(requests.keys), sent, failed.total(), time.monotonic() - start, dict(outcomes),
            None if price is None else purse.run_usd, pace.in_flight, int(pace.limit), pace.wait_s, handle.stopping)
        handle.tell(progress)
        if on_progress:
            on_progress(progress)

    def note(key: str, answer: Answer) -> None:
        nonlocal sent
        sent += 1
        failed.update([answer.error_kind] if answer.error_kind else [])
        outcomes[_outcome(requests.variant(key), answer)] += 1
        tell()

    problem, state = None, "cancelled"
    handle.begins(run_id)
    try:
        tell()
        todo = [key for key in requests.keys if key not in stored]
        if todo:
            log = SendLog(workspace, run_id)
            try:
                async with endpoint.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
                    flight = Flight(wire, requests, log, purse, pace, handle, note, deadline_s=deadline_s)
                    await flight.ask_all(iter(todo))
                state, problem = flight.state, flight.problem
            finally:
                log.close()
        else:
            state = "done"
        state = "incomplete" if failed and state == "done" else state
    except EndpointError as error:
        problem, state = str(error), "stopped"
    finally:
        workspace.finish_run(run_id, state)
        summary = RunSummary(
            run_id, state, len(requests.keys), sent, len(stored), dict(failed), time.monotonic() - start, problem,
            None if price is None else purse.run_usd, purse.spent_usd, _notices(unheard, purse))
        handle.ends(summary)
    return summary


def _nothing_asked(
    workspace: Workspace, keys: Sequence[str], seconds: float, on_progress: Callable[[Progress], None] | None
) -> RunSummary:
    """What a run over a workspace that is only read comes to; WorkspaceError where an answer is missing there."""
    missing = len(keys) - len(workspace.usable_keys(keys))
    if missing:
        raise WorkspaceError(f"{missing:,} of {len(keys):,} answers are not in {workspace.where}, which is open to be "
                             "read only. Run the earlier notebook, or the same run, where it may write.")
    if on_progress:
        on_progress(Progress(len(keys), len(keys), 0, 0, seconds))
    return RunSummary("", "done", len(keys), 0, len(keys), {}, seconds, None, None, 0.0)


def begin_run(
    workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint,
    **options: object,
) -> RunHandle:
    """Begin `run_variants` in the running loop, such as a notebook's, and return at once.

    The handle can be stopped from another cell or by a button, and `await handle` gives the summary. Raises
    RuntimeError outside of a running loop.
    """
    handle = RunHandle()
    run = run_variants(workspace, labeled_set, variants, endpoint, handle=handle, **options)  # type: ignore[arg-type]
    handle.task = asyncio.get_running_loop().create_task(run)
    return handle


def requests_of(
    labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, split: str, repeats: int,
    case_ids: Collection[str] | None = None, vectors: Vectors | None = None,
) -> Requests:
    """Everything that a run would ask. Raises InputError for an empty split, and for vectors that are missing."""
    cases = labeled_set.split(split)
    if case_ids is not None:
        cases = cases[cases["id"].isin(set(case_ids))]
    if cases.empty:
        raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    picker = ShotPicker(labeled_set, vectors)
    return Requests(endpoint, variants, cases, [_shots(picker, variant, cases) for variant in variants], repeats)


def _shots(picker: ShotPicker, variant: PromptVariant, cases: pd.DataFrame) -> list[tuple[Shot, ...]]:
    """The shots of each case, chosen block by block, and cases with the same shots share them: less memory."""
    shared: dict[tuple[int, ...], tuple[Shot, ...]] = {}
    chosen = []
    for at in range(0, len(cases), _BLOCK):
        for shots in picker.pick(variant, cases.iloc[at:at + _BLOCK]):
            chosen.append(shared.setdefault(tuple([id(shot) for shot in shots]), shots))
    return chosen


def _outcome(variant: PromptVariant, answer: Answer) -> str:
    if answer.error_kind:
        return "failed"
    return read_completion(
        variant, answer.text, finish_reason=answer.finish_reason, refusal=answer.refusal).outcome


def _notices(unheard: int, purse: Purse) -> tuple[str, ...]:
    notices = []
    if unheard:
        notices.append(f"{unheard:,} of these calls were sent by an earlier run of which nothing was heard again, so "
                       "they may have been paid for; they are asked again unless an answer is stored.")
    if purse.odd:
        notices.append(f"{purse.odd:,} answers came without token counts, or with more than the request can have; they "
                       "are counted as the most that they can have cost.")
    elif purse.impossible:
        notices.append(f"{purse.impossible:,} answers came with token counts that no request of their size can have; "
                       "they are kept without them.")
    return tuple(notices)
