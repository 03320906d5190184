"""The luck of the best of many, before and after its correction: `python tests/simulations/selection.py [draws]`."""

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


def bias(n: int, shares: list[float], alike: float, draws: int, seed: int = 0) -> dict[str, float]:
    """Mean error of the best one's figure and of the corrected one, and how often the latter's interval holds."""
    rng = np.random.default_rng(seed)
    naive, corrected, held, apart = [], [], [], []
    for _ in range(draws):
        y, said = variants(rng, n, shares, alike)
        board = leaderboard_of(y, said, LABELS, draws=400, seed=int(rng.integers(2**31)))
        true = shares[int(board.standings[0].name[1:])]
        naive.append(board.standings[0].f1_weighted.value - true)
        corrected.append(board.selection_corrected.value - true)
        held.append(board.selection_corrected.low <= true <= board.selection_corrected.high)
        apart.append(any(not s.tied for s in board.standings))
    return {"naive": float(np.mean(naive)), "corrected": float(np.mean(corrected)), "held": float(np.mean(held)),
            "apart": float(np.mean(apart))}


def main(draws: int = 400) -> None:
    """Print biases in points."""
    for name, n, shares, alike in (
            ("ten at 0.82, independent", 100, [0.82] * 10, 0.0), ("ten at 0.82, half alike", 100, [0.82] * 10, 0.5),
            ("ten at 0.82, half alike", 300, [0.82] * 10, 0.5),
            ("nine at 0.82, one at 0.87", 100, [0.82] * 9 + [0.87], 0.5),
            ("0.75 to 0.84", 300, np.linspace(0.75, 0.84, 10).tolist(), 0.5)):
        got = bias(n, shares, alike, draws)
        print(f"n {n:4} {name:27} best {100 * got['naive']:+.2f}  corrected {100 * got['corrected']:+.2f} points, its "
              f"interval holds {100 * got['held']:.1f}%; some variant told apart {100 * got['apart']:.1f}%", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
