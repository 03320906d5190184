"""Where a learning curve's forecast refuses, how far it errs, and the leave-last-out error on public sets.

`python tests/simulations/learning_curves.py [curves]` prints both; the public sets are read where they are.
"""

from __future__ import annotations

import sys

import numpy as np
from tests.made_up import DATASETS

from promptceiling.labeled_set import read_labeled_set
from promptceiling.scores import learning_curve, point_metrics
from promptceiling.tuning import curve_sizes, drawn_predictions

SIZES = (100, 200, 400, 800, 1600)
SHAPES = {  # the true score at k labels
    "power law, fast": lambda k: 0.90 - 1.5 * k**-0.5,
    "power law, slow": lambda k: 0.95 - 0.9 * k**-0.15,
    "flat": lambda k: 0.80 + 0 * k,
    "jump of 10 points after 1,000": lambda k: 0.80 - 1.5 * k**-0.5 + 0.10 * (k > 1_000),
    "jump of 20 points after 1,000": lambda k: 0.70 - 1.5 * k**-0.5 + 0.20 * (k > 1_000),
    "jump of 10 points after 2,000 (unseen)": lambda k: 0.80 - 1.5 * k**-0.5 + 0.10 * (k > 2_000),
    "S-shaped": lambda k: 0.2 + 0.7 / (1 + (k / 700.0) ** -1.5),
}


def simulated(shape: str, curves: int, *, spread: float = 0.01, draws: int = 5, seed: int = 0) -> dict[str, float]:
    """Of `curves` drawn curves: the share whose next doubling is refused, the mean absolute error of the others at the
    next doubling, and the share of their intervals that hold the true score."""
    rng, true = np.random.default_rng(seed), SHAPES[shape]
    refused, errors, held = 0, [], []
    for _ in range(curves):
        curve = learning_curve({k: true(np.float64(k)) + rng.normal(0, spread, draws) for k in SIZES}, draws=200)
        ahead = curve.forecasts[0]
        if ahead.refused:
            refused += 1
            continue
        truth = float(true(np.float64(ahead.labels)))
        errors.append(abs(ahead.score.value - truth))
        held.append(ahead.score.low <= truth <= ahead.score.high)
    return {"refused": refused / curves, "error": float(np.mean(errors)) if errors else np.nan,
            "held": float(np.mean(held)) if held else np.nan}


def on_public_set(name: str, *, most: int = 2_500, seed: int = 0):
    """The curve of one public set: trained on its train part (a sample of `most`), scored on its test part."""
    rng = np.random.default_rng(seed)
    parts = [read_labeled_set(DATASETS / f"{name}_{part}.csv").cases for part in ("train", "test")]
    if len(parts[0]) < 100:  # askubuntu has more test than train cases
        parts = parts[::-1]
    train = parts[0].iloc[np.sort(rng.permutation(len(parts[0]))[:most])]
    test = parts[1].iloc[:1_000]
    labels = sorted({*train["expected_category"], *test["expected_category"]})
    found = drawn_predictions(list(zip(train["input"], train["expected_category"], strict=True)),
                              test["input"].tolist(), curve_sizes(len(train)), seed=seed)
    expected = test["expected_category"].tolist()
    return learning_curve({size: [point_metrics(expected, said, labels).f1_weighted for said in lists]
                           for size, lists in found.items()})


def main(curves: int = 300) -> None:
    for shape in SHAPES:
        found = simulated(shape, curves)
        print(f"{shape:40} next doubling refused {found['refused']:.1%}; else off by {100 * found['error']:.1f} points,"
              f" interval holds the truth {found['held']:.1%}", flush=True)
    for name in ("banking77", "arbanking77", "askubuntu"):
        curve = on_public_set(name)
        points = ", ".join(f"{p.labels}: {p.score.value:.3f}" for p in curve.points)
        ahead = [f"{f.labels}: {f.refused or f'{f.score.value:.3f} [{f.score.low:.3f}, {f.score.high:.3f}]'}"
                 for f in curve.forecasts]
        print(f"{name:12} {points}; last point missed by {100 * curve.missed_by:+.1f} points; {'; '.join(ahead)}",
              flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
