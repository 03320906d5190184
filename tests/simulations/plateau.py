"""How often a plateau is certified wrongly, and rightly: `python tests/simulations/plateau.py [histories]`."""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores import plateau_of
from promptceiling.scores.metrics import encode
from promptceiling.scores.resample import draw_metrics

LABELS = ["a", "b", "c", "d"]
KINDS = ("instructions", "shots", "selection")
CLIMBING = {  # the last three truly gain 2 points
    "12 equal, then +2, 0, 0": [0.6] * 12 + [0.62, 0.6, 0.6], "2 equal, then +2, 0, 0": [0.6] * 2 + [0.62, 0.6, 0.6],
    "7 equal, then +2": [0.6] * 7 + [0.62], "12 equal, then +2 three times": [0.6] * 12 + [0.62] * 3,
    "a rise, then +2, 0, 0": [0.4, 0.5, 0.55, 0.6, 0.62, 0.6, 0.6], "1 point a step": [0.5 + k / 100 for k in range(8)]}
FLAT = {"8 equal": [0.6] * 8, "a rise, then flat": [0.4, 0.5, 0.55, 0.6, 0.6, 0.6, 0.6],
        "a rise, then worse": [0.5, 0.6, 0.58, 0.59, 0.58, 0.57]}


def certified(n: int, shares: list[float], histories: int, seed: int = 0) -> tuple[float, float]:
    """Share of histories certified by `plateau_of`, and by the percentile bound of the gain."""
    rng = np.random.default_rng(seed)
    ours = simple = 0
    for _ in range(histories):
        y, hard = rng.choice(LABELS, n), rng.random(n)
        said = []
        for k, share in enumerate(shares):
            luck = np.where(rng.random(n) < 0.8, hard, rng.random(n))
            answers = np.where(luck < (share - 0.25) / 0.75, y, rng.choice(LABELS, n))
            said.append((str(k), KINDS[k % 3], answers.tolist()))
        draw = int(rng.integers(2**31))
        got = plateau_of(y.tolist(), said, LABELS, draws=400, seed=draw)
        ours += got.state == "confirmed"
        drawn = draw_metrics(
            encode(y, LABELS), [encode(p, LABELS) for _, _, p in said], len(LABELS), draws=400, seed=draw).weighted
        simple += np.percentile(drawn.max(axis=0) - drawn[:-3].max(axis=0), 95) < got.limit
    return ours / histories, simple / histories


def main(histories: int = 300) -> None:
    """Print shares in percent."""
    for kind, shapes in (("climbing", CLIMBING), ("flat", FLAT)):
        for name, shares in shapes.items():
            for n in (300, 1000, 3000):
                ours, simple = certified(n, shares, histories)
                print(f"{kind:8} {name:30} n {n:5}: certified {100 * ours:.1f}%, "
                      f"by the percentile bound {100 * simple:.1f}%", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
