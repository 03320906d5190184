"""The luck of the best of many, before and after its correction: `selection.py [draws] [sizes] [counts]`.

Variants that are equal, graded in even steps, or equal but for one or two, 5 to 20 of them on 100 to 1,000 cases. The
asked bias is under 0.5 points, and 95% for the interval.
"""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores import leaderboard_of


def variants(
    rng: np.random.Generator, n: int, shares: list[float], alike: float, labels: list[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Expected labels and answers right with these shares; `alike` of the cases are equally hard for all variants."""
    y, hard = rng.choice(labels, n), rng.random(n)
    chance, said = 1 / len(labels), {}
    for k, share in enumerate(shares):
        luck = np.where(rng.random(n) < alike, hard, rng.random(n))
        said[f"v{k}"] = np.where(luck < (share - chance) / (1 - chance), y, rng.choice(labels, n)).tolist()
    return y.tolist(), said


def settings(count: int) -> dict[str, list[float]]:
    """Shares of right answers of so many variants."""
    one = {f"one +{100 * more:.0f}": [0.82] * (count - 1) + [0.82 + more] for more in (0.03, 0.05, 0.06, 0.10)}
    return {"equal": [0.82] * count, "graded": np.linspace(0.75, 0.84, count).tolist(), **one,
            "two +5": [0.82] * (count - 2) + [0.87] * 2, "high": [0.95] * count,
            "high, one +3": [0.95] * (count - 1) + [0.98]}


def bias(
    n: int, shares: list[float], alike: float, draws: int, seed: int = 0, classes: int = 5, resamples: int = 1000
) -> dict[str, float]:
    """Mean error of the best one's figure and of the corrected one with its standard error, how often its interval
    holds, and how wide that is for each width of the best one's own.

    From each error the mean error of all variants' accuracies is taken, which is 0 on average: less noise, same bias.
    """
    rng, labels = np.random.default_rng(seed), [f"label {k}" for k in range(classes)]
    naive, corrected, held, own, width, off = [], [], [], [], [], []
    for _ in range(draws):
        y, said = variants(rng, n, shares, alike, labels)
        board = leaderboard_of(y, said, labels, draws=resamples, seed=int(rng.integers(2**31)))
        best, found = board.standings[0].f1_weighted, board.selection_corrected
        true = shares[int(board.standings[0].name[1:])]
        luck = np.mean([np.mean(np.array(said[f"v{k}"]) == y) - share for k, share in enumerate(shares)])
        naive.append(best.value - true - luck)
        corrected.append(found.value - true - luck)
        off.append(found.value - true)
        held.append(found.low <= true <= found.high)
        own.append(best.low <= true <= best.high)
        width.append((found.high - found.low) / (best.high - best.low))
    return {"naive": float(np.mean(naive)), "corrected": float(np.mean(corrected)), "held": float(np.mean(held)),
            "error": float(np.std(corrected)) / draws**0.5, "own held": float(np.mean(own)),
            "width": float(np.mean(width)), "off": float(np.sqrt(np.mean(np.square(off))))}


def main(draws: int = 400, sizes: str = "100,300,1000", counts: str = "5,20", classes: str = "5") -> None:
    """Print biases in points."""
    for n in map(int, sizes.split(",")):
        for count in map(int, counts.split(",")):
            for name, shares in settings(count).items():
                got = bias(n, shares, 0.5, draws, classes=int(classes))
                print(f"n {n:4}, {count:2} variants, {name:12}: best {100 * got['naive']:+.2f}, corrected "
                      f"{100 * got['corrected']:+.2f} points (SE {100 * got['error']:.2f}, RMS "
                      f"{100 * got['off']:.2f}), interval holds {100 * got['held']:.1f}%, as picked "
                      f"{100 * got['own held']:.1f}%; {got['width']:.2f} times as wide", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
