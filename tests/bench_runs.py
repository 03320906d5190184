"""CPU and wall time of runs on loopback: this runner, plain AsyncOpenAI with a semaphore, and the naive loop."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable

from tests.made_up import made_cases, made_set

REPLY = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"category":"billing"}'}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}}


def serve(port: multiprocessing.Queue[int], delay_s: float) -> None:
    """A server of its own process that reads a request, waits, and answers."""
    body = json.dumps(REPLY).encode()
    reply = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                if delay_s:
                    await asyncio.sleep(delay_s)
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def forever() -> None:
        listener = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.put(listener.sockets[0].getsockname()[1])
        await listener.serve_forever()

    asyncio.run(forever())


async def timed(work: Callable[[], Awaitable[object]], n: int) -> tuple[float, float]:
    """CPU milliseconds a request, and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    await work()
    return (time.process_time() - cpu) / n * 1e3, time.perf_counter() - wall


def bodies(shots: int, n: int) -> list[dict[str, object]]:
    """The requests that the runner sends, for the other two."""
    from promptceiling.prompts import ShotPicker, render
    from promptceiling.runs.requests import request_body

    labeled_set, variant, endpoint = case_set(n), variant_of(shots, n), endpoint_at(1)
    cases = labeled_set.split("validation")
    picked = ShotPicker(labeled_set).pick(variant, cases)
    return [request_body(endpoint, render(variant, t, s)) for t, s in zip(cases["input"], picked, strict=True)]


def case_set(n: int):
    """A split set with `n` validation cases and 99 to take shots from."""
    from dataclasses import replace

    labeled_set = made_set(made_cases(n + 99))
    ids = labeled_set.cases["id"]
    cases = labeled_set.cases.assign(split=["validation"] * n + ["train"] * 99, cluster=ids, unit=ids)
    return replace(labeled_set, cases=cases)


def variant_of(shots: int, n: int):
    """Shots as chat turns: 2 messages and 2 more a shot."""
    from promptceiling.prompts import PromptVariant, fields_of

    return PromptVariant(f"{shots} shots", fields_of(case_set(n)), shots=shots, placement="turns")


def endpoint_at(port: int):
    """The server of this benchmark."""
    from promptceiling.runs import Endpoint

    return Endpoint(f"http://127.0.0.1:{port}/v1", "m")


async def ours(port: int, shots: int, n: int, concurrency: int) -> tuple[float, float]:
    """This runner with its store, from the labeled set to the stored answers."""
    from promptceiling.runs import Workspace, run_variants

    labeled_set, variant, endpoint = case_set(n), variant_of(shots, n), endpoint_at(port)
    with tempfile.TemporaryDirectory() as folder, Workspace(folder) as workspace:
        async def work() -> None:
            summary = await run_variants(workspace, labeled_set, [variant], endpoint, concurrency=concurrency)
            assert (summary.state, summary.sent) == ("done", n), summary

        return await timed(work, n)


async def plain(port: int, asked: list[dict[str, object]], concurrency: int) -> tuple[float, float]:
    """AsyncOpenAI's typed call behind a semaphore, without a store."""
    import openai

    async with openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client:
        bound = asyncio.Semaphore(concurrency)

        async def one(body: dict[str, object]) -> str | None:
            async with bound:
                reply = await client.chat.completions.create(**body)  # type: ignore[call-overload]
                return reply.choices[0].message.content

        async def work() -> None:
            await asyncio.gather(*(one(body) for body in asked))

        return await timed(work, len(asked))


def naive(port: int, asked: list[dict[str, object]]) -> tuple[float, float]:
    """One call after the other through the synchronous client."""
    import openai

    with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client:
        cpu, wall = time.process_time(), time.perf_counter()
        for body in asked:
            _ = client.chat.completions.create(**body).choices[0].message.content  # type: ignore[call-overload]
        return (time.process_time() - cpu) / len(asked) * 1e3, time.perf_counter() - wall


def against(shots: int, delay_ms: int, concurrency: int, rounds: int = 3) -> None:
    """The three runners in turn against one server, `rounds` times; medians with the least and the most."""
    n = 1_600 if delay_ms else 600
    few = 100 if shots else 200
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(port, delay_ms / 1e3), daemon=True)
    server.start()
    at = port.get(timeout=30)
    asked = bodies(shots, few)
    mine, theirs, loop = [], [], []
    for _ in range(rounds):
        mine.append(asyncio.run(ours(at, shots, n, concurrency)))
        theirs.append(asyncio.run(plain(at, asked, concurrency)))
        loop.append(naive(at, asked[:20 if delay_ms else few]))
    server.terminate()
    server.join()
    told = [f"{name} {statistics.median(c for c, _ in x):.2f} [{min(x)[0]:.2f}, {max(x)[0]:.2f}]"
            for name, x in (("this runner", mine), ("AsyncOpenAI", theirs), ("naive loop", loop))]
    ratio = statistics.median(t / m for (m, _), (t, _) in zip(mine, theirs, strict=True))
    line = f"{2 + 2 * shots} messages, {delay_ms} ms, {concurrency} at once: CPU ms a request: " + ", ".join(told)
    line += f"; AsyncOpenAI / this runner {ratio:.1f}"
    if delay_ms:
        ideal = n * delay_ms / 1e3 / concurrency
        walls = [w / ideal for _, w in mine]
        line += f"; wall / ideal {statistics.median(walls):.2f} [{min(walls):.2f}, {max(walls):.2f}] ({n} cases)"
    print(line, flush=True)


LARGE = """
import asyncio, resource, sys, time
from tests import bench_runs as b
from promptceiling.runs import Workspace, run_variants
n, port, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
labeled_set, variant, endpoint = b.case_set(n), b.variant_of(10, n), b.endpoint_at(port)
def go():
    with Workspace(folder) as workspace:
        return asyncio.run(run_variants(workspace, labeled_set, [variant], endpoint, concurrency=64))
first = go() if sys.argv[4] == "first" else None
if first is None:
    times = []
    for _ in range(3):
        start = time.perf_counter(); again = go(); times.append((time.perf_counter() - start) / n * 1e6)
        assert again.sent == 0, again
    print(f"stored re-run of {n:,} cases: {sorted(times)[1]:.0f} us a case [{min(times):.0f}, {max(times):.0f}]")
else:
    assert first.state == "done", first
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{n:,} cases with 10 shots: {first.elapsed_s:.0f} s, peak memory {peak:.0f} MB")
"""


def large(n: int) -> None:
    """Peak memory of one large run, and the time of a run that finds every answer stored."""
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(port, 0.0), daemon=True)
    server.start()
    at = port.get(timeout=30)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("first", "again"):
            subprocess.run([sys.executable, "-c", LARGE, str(n), str(at), folder, part], check=True, timeout=900,
                           env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    server.terminate()
    server.join()


def main() -> None:
    """Print every figure; about three minutes. BENCH_CASES chooses the size of the large run (100,000)."""
    for shots in (0, 10, 32):
        against(shots, 0, 16)
    against(10, 0, 64)
    for concurrency in (16, 64):
        against(10, 50, concurrency)
    large(int(os.environ.get("BENCH_CASES", "100000")))


if __name__ == "__main__":
    main()
