"""Measure latency apart from the throughput run: one call at a time, no retries, after a warm-up."""

from __future__ import annotations

from uuid import uuid4

from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant, ShotPicker, render
from promptceiling.runs.asking import ask
from promptceiling.runs.embedding import vectors_for
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.money import Purse, check_budget, output_limit
from promptceiling.runs.prices import Price, price_of
from promptceiling.runs.requests import json_of, request_body, request_key, route_of
from promptceiling.runs.sends import SendLog
from promptceiling.runs.workspace import Workspace

WARM_UP = 3


async def measure_latency(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *,
    calls: int = 100, deadline_s: float = 120.0, budget_usd: float | None = None, price: Price | None = None,
) -> list[float]:
    """Seconds of each of `calls` calls over validation cases (again from the first where there are fewer), kept too.

    Sends and what they cost are written down like a run's, outside of what is timed; `budget_usd` and `price` are those
    of `run_variants`. Raises EndpointError where a call fails, since a latency without its failures would be too good,
    or where the next call might pass the budget. Raises InputError for an empty validation split.
    """
    price = price or price_of(endpoint)
    check_budget(budget_usd, price, endpoint)
    cases = labeled_set.split("validation")
    if cases.empty:
        raise InputError(f"The split 'validation' of {labeled_set.name} has no cases.", column="split")
    cases = cases.iloc[[k % len(cases) for k in range(WARM_UP + calls)]]
    vectors = await vectors_for(workspace, labeled_set, [variant], endpoint, "validation", budget_usd=budget_usd)
    shots = ShotPicker(labeled_set, vectors).pick(variant, cases)
    bodies = [request_body(endpoint, render(variant, t, s)) for t, s in zip(cases["input"], shots, strict=True)]
    seconds = []
    purse = Purse(price, budget_usd, workspace.spent_usd(), output_limit(dict(endpoint.parameters)))
    log = SendLog(workspace, f"latency-{uuid4().hex[:12]}")
    try:
        async with endpoint.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
            for body in bodies:
                content = json_of(body)
                amount = purse.aside(content)
                if not purse.take(amount):
                    raise EndpointError(f"Latency was not measured: the next call might pass the budget of "
                                        f"${budget_usd:,.4g}; ${purse.spent_usd:,.4g} is spent in this workspace.")
                send_id = log.sending(request_key(endpoint.base_url, body, 0), amount)
                answer = await ask(wire, content, route=route_of(variant), deadline_s=deadline_s, sends=1)
                if answer.error_kind:
                    log.settle(send_id, answer.error_kind, purse.lost(answer.error_kind, amount))
                    raise EndpointError(f"Latency was not measured, since a call failed: {answer.error}")
                cost = purse.cost(answer, content)[1]
                purse.settle(amount, cost)
                log.settle(send_id, "answered", cost)
                seconds.append(answer.latency_s)
    finally:
        log.close()
    measured = seconds[WARM_UP:]
    workspace.save_latencies(workspace.save_set(labeled_set), variant, endpoint.base_url, endpoint.model, measured)
    return measured
