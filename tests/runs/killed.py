"""A run that is killed with `kill -9` again and again, and what is then in its store and at its server."""

import asyncio
import hashlib
import json
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field

from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import Reply, completion, serving

from promptceiling.labeled_set import LabeledSet, split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, RunSummary, Workspace, completions, run_variants

IN_FLIGHT = 8
CHILD = """
import asyncio, sys
from promptceiling.runs import Endpoint, Workspace, run_variants
from tests.runs.killed import IN_FLIGHT, labeled, variant
n = int(sys.argv[3])
with Workspace(sys.argv[1]) as workspace:
    summary = asyncio.run(run_variants(
        workspace, labeled(n), [variant(n)], Endpoint(sys.argv[2], "m"), concurrency=IN_FLIGHT, split="validation"))
print(summary.state)
"""


@dataclass
class Told:
    """What was seen.

    Attributes
    ----------
    lost: answers that were stored after a kill and not after a later one.
    again: requests for what was stored before.
    unmarked: requests of a killed run that the store does not know were sent.
    stored: how many answers were stored after each kill.
    summary: of the run that finished.
    same: whether its completions are those of a run that was never interrupted.
    second: of a run after that.
    """

    lost: int = 0
    again: int = 0
    unmarked: int = 0
    stored: list[int] = field(default_factory=list)
    summary: RunSummary | None = None
    same: bool = False
    second: RunSummary | None = None


def labeled(n: int) -> LabeledSet:
    """A set with `n` validation cases."""
    labeled_set = made_set(made_cases(n + 30))
    whole = split_labeled_set(labeled_set)
    return LabeledSet(whole.name, whole.cases.assign(split=["validation"] * n + ["train"] * 30), whole.notices)


def variant(n: int) -> PromptVariant:
    return PromptVariant("plain", fields_of(labeled(n)), output="label")


def reply(text: str) -> Reply:
    """An answer that depends on the text alone: a right one, a wrong one, or none of the labels."""
    labels = ("billing", "access", "export", "none of these")
    return completion(labels[hashlib.sha256(text.encode()).digest()[0] % 4])


async def killed_run(folder: str, n: int, kills: int, seed: int) -> Told:
    """Kill a run of `n` cases at random requests, as often as it takes, then let it finish and compare."""
    rng, told, before = random.Random(seed), Told(), set[str]()  # noqa: S311
    labeled_set, asked_with = labeled(n), variant(n)
    points = sorted(rng.sample(range(1, n), kills))
    texts = dict(zip(labeled_set.cases["id"], labeled_set.cases["input"], strict=True))
    async with serving(lambda request: reply(request.text)) as server:
        for point in points:
            first = len(server.requests)
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", CHILD, folder, server.base_url, str(n), stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": ":".join(sys.path)})
            ended = asyncio.create_task(child.wait())
            asked = asyncio.create_task(server.asked(first + max(1, point - len(before))))
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            for _ in range(rng.randrange(40)):
                await asyncio.sleep(0)  # some way into the calls that are out
            if child.returncode is None:
                child.send_signal(signal.SIGKILL)
            await ended
            with Workspace(folder) as workspace:
                frame = completions(workspace, labeled_set)
                sent = set(workspace.sends()["request_key"])
                items = workspace.items(labeled_set.key)
            stored = set(frame["case_id"][frame["outcome"] != "failed"])
            told.lost += len(before - stored)
            done = {texts[case] for case in before}
            told.again += sum(request.text in done for request in server.requests[first:])
            known = {texts[c] for c, key in zip(items["case_id"], items["request_key"], strict=True) if key in sent}
            told.unmarked += sum(request.text not in known for request in server.requests[first:])
            told.stored.append(len(stored))
            before = stored
        first = len(server.requests)
        endpoint = Endpoint(server.base_url, "m")
        with Workspace(folder) as workspace:
            told.summary = await run_variants(
                workspace, labeled_set, [asked_with], endpoint, concurrency=IN_FLIGHT)
            told.again += sum(r.text in {texts[case] for case in before} for r in server.requests[first:])
            told.second = await run_variants(workspace, labeled_set, [asked_with], endpoint)
            resumed = completions(workspace, labeled_set)
        with Workspace(f"{folder}/whole", durable=False) as workspace:
            await run_variants(workspace, labeled_set, [asked_with], endpoint, concurrency=IN_FLIGHT)
            whole = completions(workspace, labeled_set)
    columns = ["case_id", "outcome", "predicted", "expected", "input_tokens"]
    told.same = json.loads(resumed[columns].to_json()) == json.loads(whole[columns].to_json())
    return told
