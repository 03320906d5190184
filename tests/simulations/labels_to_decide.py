"""How often the stated number of labels decides: `python tests/simulations/labels_to_decide.py [draws]`.

A first sample is drawn; where it leaves the condition undecidable and names a number of labels, a second sample of as
many cases in all is drawn from the same population. For a figure that stays where it is the number decides in half of
the draws (or as asked). First samples that are undecidable lie nearer to the threshold than the truth does, so they
name more than the truth would need, and what they name decides more often than that: 70 to 93% of draws here. A number
that is refused (above 20,000) is not followed.
"""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores import compare_paired, labels_to_decide, score_predictions, status_of

LABELS = ["a", "b", "c", "d"]
THRESHOLD = 0.85


def sample(rng: np.random.Generator, n: int, accuracy: float, better: float) -> tuple[list[str], list[str], list[str]]:
    """Expected labels, A's answers, and B's: A's, with the wrong ones mended until B is `better` in accuracy."""
    y = rng.choice(LABELS, n)
    wrong = np.array(LABELS)[(np.searchsorted(LABELS, y) + rng.integers(1, 4, n)) % 4]
    a = np.where(rng.random(n) < accuracy, y, wrong)
    b = np.where(rng.random(n) < better / (1 - accuracy), y, a)
    return y.tolist(), a.tolist(), b.tolist()


def threshold(n: int, accuracy: float, chance: float, draws: int, seed: int = 0) -> dict[str, float]:
    """Undecidable first samples, the median number of labels they name, and the share that so many decide rightly."""
    rng = np.random.default_rng(seed)
    named, decided, right = [], [], []
    for _ in range(draws):
        y, a, _ = sample(rng, n, accuracy, 0.0)
        first = score_predictions(y, a, LABELS, draws=300, seed=int(rng.integers(2**31))).f1_weighted
        if status_of(first, THRESHOLD) != "undecidable":
            continue
        needed = labels_to_decide(first, THRESHOLD, chance=chance)
        if needed is None:
            continue
        y, a, _ = sample(rng, n + needed, accuracy, 0.0)
        again = score_predictions(y, a, LABELS, draws=300, seed=int(rng.integers(2**31))).f1_weighted
        status = status_of(again, THRESHOLD)
        named.append(needed)
        decided.append(status != "undecidable")
        right.append(status == ("met" if accuracy > THRESHOLD else "not met"))
    return {"followed": len(named) / draws, "median": float(np.median(named)), "decided": float(np.mean(decided)),
            "rightly": float(np.mean(right))}


def margins(n: int, better: float, draws: int, seed: int = 0) -> dict[str, float]:
    """The same for a paired difference against the margins of 5 and 8 points."""
    rng = np.random.default_rng(seed)
    named, decided = [], []
    for _ in range(draws):
        first = compare_paired(*sample(rng, n, 0.7, better), LABELS, draws=300, seed=int(rng.integers(2**31)))
        if first.worth != "undecidable" or first.labels_needed is None:
            continue
        again = compare_paired(*sample(rng, n + first.labels_needed, 0.7, better), LABELS, draws=300,
                               seed=int(rng.integers(2**31)))
        named.append(first.labels_needed)
        decided.append(again.worth != "undecidable")
    return {"followed": len(named) / draws, "median": float(np.median(named)), "decided": float(np.mean(decided))}


def main(draws: int = 500) -> None:
    """Print shares in percent."""
    for n, accuracy, chance in (
            (200, 0.8, 0.5), (200, 0.8, 0.8), (200, 0.89, 0.5), (200, 0.89, 0.8), (400, 0.82, 0.5)):
        got = threshold(n, accuracy, chance, draws)
        print(f"F1 {accuracy} against {THRESHOLD}, first n {n}, asked for a chance of {chance:.0%}: "
              f"{100 * got['followed']:.0f}% undecidable with a number (median {got['median']:.0f}), which decides "
              f"{100 * got['decided']:.0f}%, rightly {100 * got['rightly']:.0f}%", flush=True)
    for n, better in ((200, 0.12), (200, 0.02), (200, 0.065)):
        got = margins(n, better, draws)
        print(f"B {100 * better:+.1f} points against 5 and 8, first n {n}: {100 * got['followed']:.0f}% undecidable "
              f"with a number (median {got['median']:.0f} more), which decides {100 * got['decided']:.0f}%", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
