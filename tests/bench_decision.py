"""How long a what-if control takes to answer: the verdict, every flip, and apart from them the plausible worlds."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from tests.decision.made_up_evidence import LOCAL_ALIKE, PRICES, alternative, around, evidence, plateau, prompt

from promptceiling.decision import Assumptions, decide, model_ends, verdict_of
from promptceiling.decision.flips import flips_of
from promptceiling.decision.forecast import forecast_of
from promptceiling.decision.worlds import DRAWS, plausible_verdicts

CASES, VARIANTS, TIMES = 2_000, 20, 30


def milliseconds(work):
    """Fastest, median and slowest processor milliseconds of a call."""
    took = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        took.append(1000 * (time.process_time() - start))
    return np.quantile(took, [0, 0.5, 1])


def main():
    prompts = tuple(
        prompt(around(0.83 - 0.01 * k, 0.017, CASES), name=f"variant {k}", n=CASES) for k in range(VARIANTS))
    found = evidence(prompts=prompts, plateau=plateau("too few cases"),
                     alternatives=(alternative("fine-tune", around(0.06, 0.02, CASES), n=CASES), LOCAL_ALIKE))
    world = (found, Assumptions(usd_per_error=0.01), PRICES, model_ends("2026-11-27"))
    one = milliseconds(lambda: [verdict_of(*world) for _ in range(100)])[1] / 100
    print(f"{CASES:,} cases, {VARIANTS} variants; one verdict without words: {one * 1000:.0f} microseconds")
    for what, work in (
        ("verdict with its words", lambda: decide(*world)),
        (f"verdict and all {len(flips_of(*world))} flips", lambda: (decide(*world), flips_of(*world))),
        (f"the verdict in {DRAWS} plausible worlds", lambda: plausible_verdicts(*world)),
        ("the bill with its ranges", lambda: forecast_of(*world)),
    ):
        low, median, high = milliseconds(work)
        print(f"{what}: {median:.1f} ms [{low:.1f}, {high:.1f}], {median / one:.0f} verdicts")
    few = milliseconds(lambda: flips_of(replace(found, prompts=prompts[:1]), *world[1:]))[1]
    many = milliseconds(lambda: flips_of(*world))[1]
    print(f"flips with {VARIANTS} variants against 1: {many / few:.2f} times")


if __name__ == "__main__":
    main()
