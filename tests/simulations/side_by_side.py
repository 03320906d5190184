"""Prompt, local classifier and fine-tune on the same sealed cases: `python tests/simulations/side_by_side.py`.

The answers are the embedded model's and not an LLM's. On data/support_tickets.csv and on the public set Banking77
(2,000 training rows and 1,000 test rows) where it lies beside the checkout. Prints scores, differences, verdicts,
latency, cost and wall times.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from tests.made_up import DATASETS

from promptceiling.decision import Assumptions, cost_of, gather
from promptceiling.decision.words import dollars, figure, milliseconds, points
from promptceiling.labeled_set import LabeledSet, data_file, read_labeled_set, split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, measure_latency, price_table, run_variants
from promptceiling.tuning import fine_tune, run_learning_curve, run_local_classifier, training_variant

SEEDS = (0, 1, 2)


def tickets() -> LabeledSet:
    return split_labeled_set(read_labeled_set(data_file("support_tickets.csv")))


def banking77(train: int = 2_000, validation: int = 500, test: int = 1_000, seed: int = 0) -> LabeledSet:
    """The published train and test parts, sampled; cases near-equal to a scored one are not trained on."""
    rng = np.random.default_rng(seed)
    given, held = (read_labeled_set(DATASETS / f"banking77_{part}.csv") for part in ("train", "test"))
    chosen = given.cases.iloc[rng.permutation(len(given.cases))[: train + validation]]
    sealed = held.cases.iloc[rng.permutation(len(held.cases))[:test]]
    cases = pd.concat([
        chosen.iloc[:train].assign(split="train"), chosen.iloc[train:].assign(split="validation"),
        sealed.assign(split="test", id="test-" + sealed["id"])], ignore_index=True)
    return split_labeled_set(replace(given, name="banking77", cases=cases))


async def measured(labeled_set: LabeledSet) -> None:
    """Measure all three on one set, in a workspace of its own, and print what came out."""
    clock: dict[str, float] = {}
    endpoint, start = Endpoint(), time.perf_counter()

    def lap(what: str) -> None:
        nonlocal start
        clock[what], start = time.perf_counter() - start, time.perf_counter()

    with tempfile.TemporaryDirectory() as folder, Workspace(folder, durable=False) as workspace:
        fields = fields_of(labeled_set)
        variants = [PromptVariant("zero-shot", fields),
                    PromptVariant("20 similar shots", fields, kind="selection", shots=20, selection="similar",
                                  order="similar_last")]
        await run_variants(workspace, labeled_set, variants, endpoint)
        best = gather(workspace).best
        chosen = next(v for v in variants if best is not None and v.fingerprint == best.fingerprint)
        await run_variants(workspace, labeled_set, [chosen], endpoint, split="test")
        lap("prompts")
        await measure_latency(workspace, labeled_set, chosen, endpoint)
        lap("latency of the prompt")
        local = run_local_classifier(workspace, labeled_set, splits=("validation", "test"))
        lap("local classifier, in all")
        clock["local classifier, training alone"] = local.training_s
        run_learning_curve(workspace, labeled_set)
        lap("learning curve")
        asked = training_variant(variants[0], labeled_set)
        for seed in SEEDS:
            job = await fine_tune(workspace, labeled_set, variants[0], endpoint, seed=seed, leaks="leave out")
            lap(f"fine-tune, seed {seed}")
            tuned = Endpoint(model=job["fine_tuned_model"])
            if seed == SEEDS[0]:
                await measure_latency(workspace, labeled_set, asked, tuned)
            await run_variants(workspace, labeled_set, [asked], tuned, split="test")
            lap(f"its test answers, seed {seed}")
        evidence = gather(workspace)
        lap("gathering the evidence")
    splits = ", ".join(f"{n:,} {name}" for name, n in evidence.splits.items())
    print(f"\n{labeled_set.name}: {splits}; the embedded model's scores, not an LLM's")
    cost = cost_of(evidence.best.tokens, evidence.best.model, Assumptions(), price_table(), embedded=True)
    print(f"  prompt ({evidence.best.name}): F1 {figure(evidence.test_f1)} n {evidence.test_f1.n}, "
          f"p95 {milliseconds(evidence.best.p95_ms)}, per 1,000 {dollars(cost.per_1000)} as {cost.price.model}")
    for a in evidence.alternatives:
        spread = f", seeds differ by {100 * a.seeds.spread.value:.1f} points" if a.seeds else ""
        print(f"  {a.name}: F1 {figure(a.f1_weighted)}; {points(a.delta.value)} [{points(a.delta.low)}, "
              f"{points(a.delta.high)}] on {a.comparison.n} {a.split} cases: {a.comparison.worth}{spread}; "
              f"p50 {milliseconds(a.p50_ms)}, p95 {milliseconds(a.p95_ms)}; lost: "
              f"{', '.join(c.label for c in a.regressions) or 'no label'}; broken: {', '.join(a.broken) or 'nothing'}")
    for condition in evidence.readiness.conditions():
        print(f"  readiness, {condition.state}: {condition.name}. {condition.reason}")
    print("  wall times: " + "; ".join(f"{what} {seconds:.1f} s" for what, seconds in clock.items()), flush=True)


def main(*names: str) -> None:
    for name in names or ("tickets", "banking77"):
        asyncio.run(measured({"tickets": tickets, "banking77": banking77}[name]()))


if __name__ == "__main__":
    main(*sys.argv[1:])
