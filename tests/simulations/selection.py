"""The luck of the best of many, before and after its correction: `python tests/simulations/selection.py [draws]`.

Variants that are equal, graded in even steps, or equal but for one, 5 to 20 of them on 100 to 1,000 cases. The asked
bias is under 0.5 points.
"""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores import leaderboard_of

LABELS = [f"label {k}" for k in range(5)]


def variants(
    rng: np.random.Generator, n: int, shares: list[float], alike: float
) -> tuple[list[str], dict[str, list[str]]]:
    """Expected labels and answers right with these shares; `alike` of the cases are equally hard for all variants."""
    y, hard = rng.choice(LABELS, n), rng.random(n)
    said = {}
    for k, share in enumerate(shares):
        luck = np.where(rng.random(n) < alike, hard, rng.random(n))
        said[f"v{k}"] = np.where(luck < (share - 0.2) / 0.8, y, rng.choice(LABELS, n)).tolist()
    return y.tolist(), said


def settings(count: int) -> dict[str, list[float]]:
    """Shares of right answers of so many variants."""
    return {"equal": [0.82] * count, "graded": np.linspace(0.75, 0.84, count).tolist(),
            "one better": [0.82] * (count - 1) + [0.87]}


def bias(n: int, shares: list[float], alike: float, draws: int, seed: int = 0) -> dict[str, float]:
    """Mean error of the best one's figure and of the corrected one with its standard error, and how often its interval
    holds.

    From each error the mean error of all variants' accuracies is taken, which is 0 on average: less noise, same bias.
    """
    rng = np.random.default_rng(seed)
    naive, corrected, held = [], [], []
    for _ in range(draws):
        y, said = variants(rng, n, shares, alike)
        board = leaderboard_of(y, said, LABELS, draws=200, seed=int(rng.integers(2**31)))
        true = shares[int(board.standings[0].name[1:])]
        luck = np.mean([np.mean(np.array(said[f"v{k}"]) == y) - share for k, share in enumerate(shares)])
        naive.append(board.standings[0].f1_weighted.value - true - luck)
        corrected.append(board.selection_corrected.value - true - luck)
        held.append(board.selection_corrected.low <= true <= board.selection_corrected.high)
    return {"naive": float(np.mean(naive)), "corrected": float(np.mean(corrected)), "held": float(np.mean(held)),
            "error": float(np.std(corrected)) / draws**0.5}


def main(draws: int = 400, sizes: str = "100,300,1000") -> None:
    """Print biases in points."""
    for n in map(int, sizes.split(",")):
        for count in (5, 10, 20):
            for name, shares in settings(count).items():
                got = bias(n, shares, 0.5, draws)
                print(f"n {n:4}, {count:2} variants, {name:10}: best {100 * got['naive']:+.2f}, corrected "
                      f"{100 * got['corrected']:+.2f} points (SE {100 * got['error']:.2f}), its interval holds "
                      f"{100 * got['held']:.1f}%", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
