"""Repeats of a run: drawing cases whole against drawing cases, then repeats: `python tests/simulations/repeats.py`.

Drawing repeats again inside each drawn case adds the scatter of the repeats a second time: the cases' means have it
already (Davison and Hinkley 1997, section 3.8). So the nested interval is too wide; the one that draws cases with all
their repeats is right.
"""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores.metrics import point_metrics_of
from promptceiling.scores.resample import draw_metrics


def coverage(n: int, repeats: int, experiments: int, seed: int = 0) -> dict[str, tuple[float, float]]:
    """(share of intervals that hold the truth, mean width) of +- 1.96 standard errors of each bootstrap.

    Each case has its own chance of being answered rightly, 0.5 or 0.95, and its repeats are independent.
    """
    rng, size = np.random.default_rng(seed), 3
    truth = 0.725  # every label alike, so weighted F1 equals accuracy in the population
    found: dict[str, list[tuple[bool, float]]] = {"cases": [], "nested": [], "completions": []}
    for _ in range(experiments):
        y = rng.integers(0, size, n)
        chance = rng.choice([0.5, 0.95], n)
        right = rng.random((n, repeats)) < chance[:, None]
        p = np.where(right, y[:, None], (y[:, None] + rng.integers(1, size, (n, repeats))) % size)
        flat_y, flat_p, case = np.repeat(y, repeats), p.ravel(), np.repeat(np.arange(n), repeats)
        value = point_metrics_of(flat_y, flat_p, size).f1_weighted
        seeds = rng.integers(2**31, size=2)
        nested = []
        for _ in range(200):
            drawn = rng.integers(0, n, n)
            again = rng.integers(0, repeats, (n, repeats))
            nested.append(point_metrics_of(
                np.repeat(y[drawn], repeats), p[drawn[:, None], again].ravel(), size).f1_weighted)
        spreads = {
            "cases": draw_metrics(flat_y, [flat_p], size, units=case, draws=400, seed=int(seeds[0])).weighted.std(),
            "nested": np.std(nested),
            "completions": draw_metrics(flat_y, [flat_p], size, draws=400, seed=int(seeds[1])).weighted.std()}
        for name, spread in spreads.items():
            found[name].append((bool(abs(value - truth) <= 1.96 * spread), float(2 * 1.96 * spread)))
    return {name: (float(np.mean([held for held, _ in rows])), float(np.mean([width for _, width in rows])))
            for name, rows in found.items()}


def main(experiments: int = 500) -> None:
    """Print coverage and width."""
    for n, repeats in ((100, 3), (300, 5)):
        for name, (held, width) in coverage(n, repeats, experiments).items():
            print(f"n {n} repeats {repeats} drawing {name:12} holds {100 * held:.1f}%, width {width:.3f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
