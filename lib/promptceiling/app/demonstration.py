"""The demonstration: the whole way from labels to decision on support_tickets.csv with the embedded model."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from promptceiling.decision import gather, publish, read_published
from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import data_file, read_labeled_set, split_labeled_set
from promptceiling.prompts import read_variants
from promptceiling.runs import Endpoint, Progress, Workspace, measure_latency, run_variants
from promptceiling.tuning import fine_tune, run_learning_curve, run_local_classifier, training_variant

DATA, VARIANTS = "support_tickets.csv", "demonstration_variants.yaml"
_LOOKS = ("app", "panels", "cli")  # what changes here changes no figure


def demonstration(folder: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """The published file of the demonstration, built in `folder` when it is first asked for, or its data or the program
    that scores it changed.

    Building asks the embedded model about 4,400 times, in this process, and takes under a minute; `say` hears of it. A
    notebook may call it as a script does.
    """
    path = demonstration_file(folder)
    try:
        read_published(path)
    except WorkspaceError:
        say("First start: running the demonstration with the embedded model (no key, no network) ...")
        _done(_build(folder, path, say))
    return path


def _done(work: Coroutine[Any, Any, None]) -> None:
    """Wait for it: in a thread of its own where a loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, work).result()


def demonstration_file(folder: Path) -> Path:
    """Where the demonstration's published file lies: another place once its data, or what scores it, has changed."""
    program = sorted(p for p in Path(__file__).parents[1].rglob("*.py") if p.parent.name not in _LOOKS)
    parts = [path.read_bytes() for path in (data_file(DATA), data_file(VARIANTS), *program)]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
    return folder / f"demonstration-{digest}.sqlite"


async def _build(folder: Path, path: Path, say: Callable[[str], None]) -> None:
    labeled_set = split_labeled_set(read_labeled_set(data_file(DATA)))
    variants = read_variants(data_file(VARIANTS), labeled_set)
    endpoint = Endpoint()
    said = 0

    def progress(p: Progress) -> None:
        nonlocal said
        tenth = 10 * p.done // max(1, p.total)
        if tenth > said:
            said = tenth
            say(f"  {p.done:,} of {p.total:,} answers")

    work = folder / "demonstration"
    shutil.rmtree(work, ignore_errors=True)
    with Workspace(work, durable=False) as workspace:
        await run_variants(workspace, labeled_set, variants, endpoint, on_progress=progress)
        best = gather(workspace).best
        chosen = next(v for v in variants if best is not None and v.fingerprint == best.fingerprint)
        say("  latency, local classifier, fine-tune ...")
        await measure_latency(workspace, labeled_set, chosen, endpoint)
        run_local_classifier(workspace, labeled_set, splits=("validation", "test"))
        run_learning_curve(workspace, labeled_set)
        job = await fine_tune(workspace, labeled_set, variants[0], endpoint)
        tuned = Endpoint(model=job["fine_tuned_model"])
        trained = training_variant(variants[0], labeled_set)
        await measure_latency(workspace, labeled_set, trained, tuned)
        for variant, where in ((chosen, endpoint), (trained, tuned)):
            await run_variants(workspace, labeled_set, [variant], where, split="test")
        publish(workspace, path)
    shutil.rmtree(work, ignore_errors=True)
