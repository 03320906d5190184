"""Costs of the scores, as ratios of CPU time against a loop over scikit-learn, all in one run: `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import f1_score

from promptceiling.scores import leaderboard_of, score_predictions
from promptceiling.scores.interval import difference_interval, share_interval
from promptceiling.scores.metrics import point_metrics_of
from promptceiling.scores.pairs import pairs_of
from promptceiling.scores.resample import DRAWS, draw_metrics

LOOPED = 40  # resamples of the loop that are timed; the rest of the 10,000 is scaled, not run


def cpu_s(work: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of some runs, in seconds, over all threads of this process."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def example(n: int, classes: int, variants: int = 1) -> tuple[list[str], list[np.ndarray], list[np.ndarray]]:
    """Labels, their names and answers of about 82% accuracy, classes with skew; first expected, then each variant's."""
    rng = np.random.default_rng(classes)
    labels = [f"label {k:02}" for k in range(classes)]
    weight = 1 / np.arange(1, classes + 1) ** 0.5
    y = rng.choice(classes, n, p=weight / weight.sum())
    first = np.where(rng.random(n) < 0.8, y, rng.integers(0, classes, n))
    answers = [first]
    while len(answers) < variants:
        other = np.where(rng.random(n) < 0.8, y, rng.integers(0, classes, n))
        answers.append(np.where(rng.random(n) < 0.6, first, other))
    names = np.array(labels, dtype=object)
    return labels, [names[y], *(names[a] for a in answers)], [y, *answers]


def loop_s(y: np.ndarray, p: np.ndarray, classes: int | list[str]) -> float:
    """CPU seconds of 10,000 resamples with scikit-learn's f1_score, measured on 40 and scaled."""
    rng, n, known = np.random.default_rng(0), len(y), list(range(classes)) if isinstance(classes, int) else classes

    def some() -> None:
        for _ in range(LOOPED):
            rows = rng.integers(0, n, n)
            f1_score(y[rows], p[rows], labels=known, average="weighted", zero_division=0)

    return cpu_s(some, 2) * DRAWS / LOOPED


def ratio(loop: float, ours: float) -> str:
    """How many times as long the loop takes."""
    return f"{loop / ours:.0f}x ({loop:.0f} s)"


def interval(y: np.ndarray, p: np.ndarray, classes: int) -> object:
    """The weighted-F1 interval of one variant."""
    drawn = draw_metrics(y, [p], classes).weighted[0]
    return share_interval(point_metrics_of(y, p, classes).f1_weighted, drawn, len(y))


def delta(y: np.ndarray, a: np.ndarray, b: np.ndarray, classes: int) -> object:
    """The interval of the paired weighted-F1 difference."""
    drawn = draw_metrics(y, [a, b], classes).weighted
    value = point_metrics_of(y, b, classes).f1_weighted - point_metrics_of(y, a, classes).f1_weighted
    return difference_interval(value, float((drawn[1] - drawn[0]).std()), len(y))


def all_pairs(y: np.ndarray, answers: list[np.ndarray], classes: int) -> object:
    """Every pair's interval and corrected p-values, from one set of resamples."""
    points = np.array([point_metrics_of(y, p, classes).f1_weighted for p in answers])
    return pairs_of([str(k) for k in range(len(answers))], points, draw_metrics(y, answers, classes).weighted, len(y))


def main() -> None:
    """Print one line a row of the cost table, with what is asked of it."""
    print(f"CPU time of B = {DRAWS} resamples against a loop over sklearn.metrics.f1_score "
          f"(one call a resample, {LOOPED} measured and scaled)")
    for classes, asked in ((10, 400), (77, 110)):
        labels, (expected, said), (y, p) = example(10_000, classes)
        ours = cpu_s(lambda y=y, p=p, k=classes: interval(y, p, k))
        print(f"F1 interval, n 10,000, {classes} classes: {ours:.3f} s, {ratio(loop_s(y, p, classes), ours)} where the "
              f"loop has codes, {ratio(loop_s(expected, said, labels), ours)} where it has words (asked {asked}x)")
    _, _, (y, a, b) = example(10_000, 10, 2)
    loop, ours = loop_s(y, a, 10), cpu_s(lambda: delta(y, a, b, 10))
    print(f"paired delta, n 10,000, 10 classes: {ours:.3f} s, {ratio(loop, ours)} against a loop on codes for one "
          f"side, {ratio(2 * loop, ours)} for both (asked 200x)")
    _, _, (y, *answers) = example(1_000, 10, 20)
    loop, ours = 20 * loop_s(y, answers[0], 10), cpu_s(lambda: all_pairs(y, answers, 10))
    print(f"190 pairs of 20 variants, n 1,000, 10 classes: {ours:.3f} s, {ratio(loop, ours)} against 20 loops on codes "
          "(asked 1,500x)")
    for classes in (10, 77):
        labels, (expected, *said), _ = example(100_000, classes, 20)
        start = time.perf_counter()
        for p in said:
            score_predictions(expected, p, labels)
        print(f"score of 20 variants with 100,000 predictions each, {classes} classes: "
              f"{time.perf_counter() - start:.1f} s wall (asked 10 s)")
    labels, (expected, *said), _ = example(5_000, 10, 20)
    start = time.perf_counter()
    leaderboard_of(expected, {str(k): p for k, p in enumerate(said)}, labels)
    print(f"leaderboard of 20 variants on 5,000 cases, 10 classes: {time.perf_counter() - start:.1f} s wall")


if __name__ == "__main__":
    main()
