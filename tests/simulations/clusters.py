"""How often intervals hold the truth where cases come in few units: `python tests/simulations/clusters.py [draws]`.

400 cases of 8 to 100 customers of unequal size. Each customer draws its own probabilities of (expected, A, B) from a
Dirichlet distribution around the population's with concentration (1 - r) / r, so that answers of one customer are
correlated by r in every figure, and the truth is known. With 2,000 draws a true coverage of 95% shows as 94 to 96%.
"""

from __future__ import annotations

import sys

import numpy as np

from promptceiling.scores import compare_paired, plateau_of, score_predictions
from promptceiling.scores.metrics import Floats, f1_scores

LABELS = ["a", "b", "c", "d", "e"]
CUSTOMERS, CORRELATIONS, ACCURACIES = (8, 14, 30, 100), (0.0, 0.05, 0.2), ((0.75, 0.82), (0.9, 0.95))


def population(accuracy: tuple[float, float]) -> Floats:
    """Probabilities of (expected, A, B); labels as frequent as 1 / rank; B gives 60% of A's answers again."""
    rng, size = np.random.default_rng(1), len(LABELS)
    share = 1 / np.arange(1, size + 1)
    confused = rng.dirichlet(np.full(size, 0.5), size=size)
    np.fill_diagonal(confused, 0)
    confused /= confused.sum(axis=1, keepdims=True)
    a, b = (confused * (1 - right) + right * np.eye(size) for right in accuracy)
    joint = 0.6 * a[:, :, None] * np.eye(size)[None] + 0.4 * a[:, :, None] * b[:, None, :]
    return joint * (share / share.sum())[:, None, None]


def truth(joint: Floats) -> dict[str, float]:
    """The population's figures, under the names that `coverage` gives them."""
    f1, right = [], []
    for axis in (2, 1):
        table = joint.sum(axis=axis)
        weighted, _, accuracy = f1_scores(np.diagonal(table), table.sum(axis=1), table.sum(axis=0))
        f1.append(float(weighted))
        right.append(float(accuracy))
    rare = joint[-1].sum(axis=0)
    return {"F1": f1[1], "accuracy": right[1], "recall of the rarest": float(rare[-1] / rare.sum()),
            "delta F1": f1[1] - f1[0], "delta accuracy": right[1] - right[0]}


def cases(
    rng: np.random.Generator, joint: Floats, n: int, customers: int, correlation: float
) -> tuple[list[list[str]], list[int]]:
    """Expected labels, A's and B's answers, and the customer of each case; none has under one case."""
    weight = rng.gamma(2.0, size=customers)
    unit = np.repeat(np.arange(customers), 1 + rng.multinomial(n - customers, weight / weight.sum()))
    flat = joint.ravel()
    own = np.broadcast_to(flat, (customers, flat.size))
    if correlation:
        own = rng.gamma(own * (1 - correlation) / correlation) + 1e-300 * (own > 0)
    cumulated = np.cumsum(own, axis=1)
    cell = (cumulated[unit] < (rng.random(n) * cumulated[unit, -1])[:, None]).sum(axis=1)
    codes = np.unravel_index(cell, joint.shape)
    return [[LABELS[k] for k in column] for column in codes], unit.tolist()


def coverage(
    customers: int, correlation: float, accuracy: tuple[float, float], draws: int, *, n: int = 400,
    resamples: int = 300, seed: int = 0,
) -> dict[str, float]:
    """Share of draws whose interval holds the truth, by figure."""
    rng, joint = np.random.default_rng(seed), population(accuracy)
    true = truth(joint)
    held = dict.fromkeys(true, 0)
    for _ in range(draws):
        (y, a, b), unit = cases(rng, joint, n, customers, correlation)
        again = int(rng.integers(2**31))
        score = score_predictions(y, b, LABELS, units=unit, draws=resamples, seed=again)
        pair = compare_paired(y, a, b, LABELS, units=unit, draws=resamples, seed=again)
        got = {"F1": score.f1_weighted, "accuracy": score.accuracy, "recall of the rarest": score.per_class[-1].recall,
               "delta F1": pair.delta_f1_weighted, "delta accuracy": pair.delta_accuracy}
        for name, interval in got.items():
            held[name] += bool(interval.low <= true[name] <= interval.high)
    return {name: count / draws for name, count in held.items()}


def certified(customers: int, scatter: float, histories: int, *, n: int = 1500, seed: int = 0) -> float:
    """Share of histories certified as a plateau in which the last iteration truly gains 2 points of accuracy.

    Six equal iterations, then the better one; most cases are as hard for all. `scatter` is the standard deviation
    between customers of what each iteration is worth to them.
    """
    rng, certificates = np.random.default_rng(seed), 0
    for _ in range(histories):
        unit, y = rng.integers(0, customers, n), rng.choice(LABELS[:2], n)
        hard, said = rng.random(n), []
        for k, share in enumerate([0.7] * 6 + [0.72]):
            own = share + scatter * rng.normal(size=customers)
            right = np.where(rng.random(n) < 0.97, hard, rng.random(n)) < own[unit]
            said.append((str(k), ("shots", "order", "selection")[k % 3],
                         np.where(right, y, np.where(y == "a", "b", "a")).tolist()))
        got = plateau_of(y.tolist(), said, LABELS[:2], units=unit.tolist(), draws=300, seed=int(rng.integers(2**31)))
        certificates += got.state == "confirmed"
    return certificates / histories


def main(draws: int = 2000) -> None:
    """Print coverages in percent."""
    for accuracy in ACCURACIES:
        for customers in CUSTOMERS:
            for correlation in CORRELATIONS:
                got = coverage(customers, correlation, accuracy, draws)
                print(f"accuracy {accuracy[1]:.2f}  customers {customers:3}  correlation {correlation:4.2f}  "
                      + "  ".join(f"{name} {100 * share:.1f}" for name, share in got.items()), flush=True)
    for customers in CUSTOMERS:
        shares = [certified(customers, scatter, draws // 5) for scatter in (0.0, 0.01, 0.03)]
        print(f"customers {customers:3}: a gain of 2 points certified as a plateau in "
              + ", ".join(f"{100 * share:.1f}%" for share in shares), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
