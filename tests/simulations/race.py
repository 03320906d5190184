"""How often the race drops the truly best variant, against its stated error of 5%, and what it saves.

Run as `PYTHONPATH=. python tests/simulations/race.py [histories]`. Variants answer with stated accuracies, alike on the
same cases as prompts are; the test is the one of a search, at the level that it uses.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.stats import norm

from promptceiling.scores import wilson
from promptceiling.search.race import ALPHA, beaten, in_order

LABELS = [f"label {k}" for k in range(5)]


def race(rng: np.random.Generator, accuracies: np.ndarray, n: int, units: int | None = None) -> tuple[bool, float]:
    """Whether the best variant (the first) was dropped, and the share of the grid's calls that was asked."""
    unit = [str(k if units is None else k % units) for k in range(n)]
    order, sizes = in_order(unit, int(rng.integers(2**31)))
    truth = rng.integers(0, len(LABELS), n)
    together = rng.normal(size=units or n)[np.arange(n) % (units or n)]  # what cases of a unit have in common
    hardness = together if units is None else 0.6 * together + 0.8 * rng.normal(size=n)
    right = 0.8 * hardness + 0.6 * rng.normal(size=(len(accuracies), n)) < norm.ppf(accuracies)[:, None]
    said = np.where(right, truth, (truth + rng.integers(1, len(LABELS), (len(accuracies), n))) % len(LABELS))
    alive, calls = list(range(len(accuracies))), 0
    level = ALPHA / ((len(sizes) - 1) * (len(accuracies) - 1))
    for look, size in enumerate(sizes):
        calls += len(alive) * (size - (sizes[look - 1] if look else 0))
        if look == len(sizes) - 1:
            break
        keep = order[:size]
        out = beaten([LABELS[k] for k in truth[keep]], [[LABELS[k] for k in said[v][keep]] for v in alive], LABELS,
                     level=level, units=[unit[k] for k in keep], seed=look)
        alive = [v for k, v in enumerate(alive) if k not in out]
        if 0 not in alive:
            return True, calls / (len(accuracies) * n)
    return False, calls / (len(accuracies) * n)


def main() -> None:
    """Print one line a setting."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for what, rest in (("all equal at 0.80", [0.80] * 9), ("rivals 1 point lower", [0.79] * 9),
                       ("rivals 5 points lower", [0.75] * 9), ("a field of 0.50 to 0.79", np.linspace(0.5, 0.79, 9))):
        for n, units in ((200, None), (400, None), (400, 20)):
            rng = np.random.default_rng(7)
            told = [race(rng, np.array([0.80, *rest]), n, units) for _ in range(times)]
            lost = wilson(sum(dropped for dropped, _ in told), times)
            cases = f"{n} cases" + (f" of {units} units" if units else "")
            print(f"{what}, {cases}: the best dropped in {lost.value:.1%} [{lost.low:.1%}, {lost.high:.1%}] of {times} "
                  f"races (stated: at most {ALPHA:.0%}); {np.mean([share for _, share in told]):.0%} of the grid's "
                  "calls", flush=True)


if __name__ == "__main__":
    main()
