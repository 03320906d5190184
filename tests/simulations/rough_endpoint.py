"""A 2,000-case run against an endpoint that hangs, limits its rate, or costs money: what was late, rejected, billed."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time

from tests.runs.killed import labeled, variant
from tests.runs.misbehaving_server import HANG, completion, error, serving

from promptceiling.runs import Endpoint, Price, RunSummary, Workspace, asking, run_variants

N = 2_000
DEADLINE_S = 3.0
PRICE = Price("m", 1.0, 0.1, 5.0, "", "made up")


async def ran(script, **options) -> tuple[RunSummary, int, int, float]:
    """The summary, the requests, the most sends that were out at once, and the longest of them in seconds."""
    at_once, longest, send = [0], [0.0], asking._once

    async def timed(*arguments: object) -> object:
        start = time.monotonic()
        try:
            return await send(*arguments)
        finally:
            longest[0] = max(longest[0], time.monotonic() - start)

    asking._once = timed
    try:
        with tempfile.TemporaryDirectory() as folder, Workspace(folder, durable=False) as workspace:
            async with serving(script) as server:
                endpoint = Endpoint(server.base_url, "m", parameters=options.pop("parameters", ()))
                summary = await run_variants(
                    workspace, labeled(N), [variant(N)], endpoint,
                    on_progress=lambda p: at_once.append(max(at_once.pop(), p.in_flight)), **options)
                return summary, len(server.requests), at_once[0], longest[0]
    finally:
        asking._once = send


def hanging() -> None:
    """1% of calls never end."""
    rng = random.Random(1)  # noqa: S311
    summary, requests, most, longest = asyncio.run(ran(
        lambda _: HANG if rng.random() < 0.01 else completion(), concurrency=16, deadline_s=DEADLINE_S))
    print(f"1% hang, deadline {DEADLINE_S:g} s: {summary.state}, {summary.failed}, {requests:,} requests, longest send "
          f"{longest:.2f} s, most at once {most} of 16, run {summary.elapsed_s:.0f} s")


def limited() -> None:
    """A rate limit at a tenth of what 32 calls at once would ask for."""
    rate, tokens, seen = 40.0, [5.0, time.monotonic()], [0, 0]

    def script(_: object) -> object:
        moment = time.monotonic()
        tokens[0] = min(5.0, tokens[0] + (moment - tokens[1]) * rate)
        tokens[1] = moment
        if tokens[0] < 1:
            seen[0] += 1
            return error(429, retry_after_ms="100")
        tokens[0] -= 1
        seen[1] += 1
        return completion()

    summary, _, most, _ = asyncio.run(ran(script, concurrency=32))
    print(f"rate limit of {rate:g} a second: {summary.state}, rejected / accepted {seen[0]:,} / {seen[1]:,} = "
          f"{seen[0] / seen[1]:.3f}, {seen[1] / summary.elapsed_s:.1f} accepted a second, most at once {most} of 32")


def budgeted() -> None:
    """A cap in the middle of the run, at an endpoint whose answers are as long as they may be."""
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    summary, requests, *_ = asyncio.run(ran(
        lambda _: completion(usage=usage), concurrency=16, budget_usd=0.35, price=PRICE,
        parameters=(("max_completion_tokens", 50),)))
    print(f"budget $0.35: {summary.state}, billed ${requests * PRICE.cost_usd(100, 0, 50):.5f} for {requests:,} "
          f"requests, counted ${summary.spent_usd:.5f}")


if __name__ == "__main__":
    hanging()
    limited()
    budgeted()
