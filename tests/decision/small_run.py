"""A small real run of everything that a decision rests on, with the embedded model: 120 tickets in three classes."""

import asyncio
from dataclasses import replace

from promptceiling.decision import gather
from promptceiling.labeled_set import data_file, read_labeled_set, split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, measure_latency, run_variants
from promptceiling.tuning import fine_tune, run_local_classifier, training_variant

CLASSES = ("billing", "account_access", "integration")


def small_set(n=120):
    """The first `n` tickets of three classes of data/support_tickets.csv, split."""
    whole = read_labeled_set(data_file("support_tickets.csv"))
    cases = whole.cases[whole.cases["expected_category"].isin(CLASSES)].head(n).reset_index(drop=True)
    return split_labeled_set(replace(whole, cases=cases))


async def run_all(workspace: Workspace, labeled_set, *, calls=20) -> None:
    """Three variants, the latency of the best, the local classifier, a fine-tune, and both finalists on test."""
    endpoint, variants = Endpoint(), standard_variants(labeled_set)
    await run_variants(workspace, labeled_set, variants, endpoint)
    best = gather(workspace).best
    chosen = next(v for v in variants if v.fingerprint == best.fingerprint)
    await measure_latency(workspace, labeled_set, chosen, endpoint, calls=calls)
    run_local_classifier(workspace, labeled_set, splits=("validation", "test"))
    job = await fine_tune(workspace, labeled_set, variants[0], endpoint, epochs=3, poll_s=0.01)
    tuned = Endpoint(model=job["fine_tuned_model"])
    for variant, where in ((chosen, endpoint), (training_variant(variants[0], labeled_set), tuned)):
        await run_variants(workspace, labeled_set, [variant], where, split="test")


def small_workspace(folder) -> None:
    """A workspace in `folder` that holds the whole small run."""
    with Workspace(folder, durable=False) as workspace:
        asyncio.run(run_all(workspace, small_set()))
