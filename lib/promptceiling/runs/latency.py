"""Measure latency apart from the throughput run: one call at a time, no retries, after a warm-up."""

from __future__ import annotations

from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant, ShotPicker, render
from promptceiling.runs.asking import ask
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.requests import json_of, request_body, route_of
from promptceiling.runs.workspace import Workspace

WARM_UP = 3


async def measure_latency(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *,
    calls: int = 100, deadline_s: float = 120.0,
) -> list[float]:
    """Seconds of each of `calls` calls over validation cases (again from the first where there are fewer), kept too.

    Raises EndpointError where a call fails: a latency without its failures would be too good. Raises InputError for an
    empty validation split.
    """
    cases = labeled_set.split("validation")
    if cases.empty:
        raise InputError(f"The split 'validation' of {labeled_set.name} has no cases.", column="split")
    cases = cases.iloc[[k % len(cases) for k in range(WARM_UP + calls)]]
    shots = ShotPicker(labeled_set).pick(variant, cases)
    bodies = [request_body(endpoint, render(variant, t, s)) for t, s in zip(cases["input"], shots, strict=True)]
    seconds = []
    async with endpoint.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
        for body in bodies:
            answer = await ask(wire, json_of(body), route=route_of(variant), deadline_s=deadline_s, sends=1)
            if answer.error_kind:
                raise EndpointError(f"Latency was not measured, since a call failed: {answer.error}")
            seconds.append(answer.latency_s)
    measured = seconds[WARM_UP:]
    workspace.save_latencies(workspace.save_set(labeled_set), variant, endpoint.base_url, endpoint.model, measured)
    return measured
