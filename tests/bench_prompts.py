"""Nearest shots for every text against scikit-learn's NearestNeighbors, with identical neighbours: `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from tests.made_up import DATASETS, made_cases

from promptceiling.prompts.likeness import TfidfLikeness, largest

SIZE, SHOTS = 10_000, 8


def texts() -> tuple[list[str], list[str], str]:
    """A pool, queries, and where they are from: Banking77 where it lies beside the checkout, else made up."""
    parts = [DATASETS / f"banking77_{part}.csv" for part in ("train", "test")]
    if all(part.is_file() for part in parts):
        train, test = (pd.read_csv(part, dtype=str, keep_default_na=False)["input"].tolist() for part in parts)
        return train[:SIZE], [*test, *train[: SIZE - len(test)]], "Banking77"
    made = [case["input"] for case in made_cases(2 * SIZE)]
    return made[:SIZE], made[SIZE:], "made-up texts"


def timed(work: Callable[[], object]) -> tuple[object, float, float]:
    """What some work gives, with its CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return found, time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Print the ratio of three runs, in turns, and whether the neighbours are the same."""
    pool, queries, where = texts()
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32)
    known, asked = vectorizer.fit_transform(pool), vectorizer.transform(queries)
    likeness = TfidfLikeness(pool)
    ours, theirs = [], []
    for _ in range(3):
        chosen, *spent = timed(lambda: np.concatenate([largest(b, SHOTS) for b in likeness.cosines(asked)]))
        ours.append(spent)
        found, *spent = timed(lambda: NearestNeighbors(
            n_neighbors=SHOTS, metric="cosine", algorithm="brute").fit(known).kneighbors(asked))
        theirs.append(spent)
    reference = 1 - found[0]
    own = np.array([(known[row] @ asked[k].T).toarray().ravel() for k, row in enumerate(chosen)])
    same = sum(set(a) == set(b) for a, b in zip(chosen.tolist(), found[1].tolist(), strict=True))
    as_near = int((np.abs(own - reference).max(axis=1) < 1e-5).sum())
    (cpu, wall), (their_cpu, their_wall) = min(ours), min(theirs)
    ratios = ", ".join(f"{t[0] / o[0]:.1f}x" for o, t in zip(ours, theirs, strict=True))
    print(f"{SHOTS} nearest of {len(pool):,} for each of {len(queries):,} texts ({where}): {cpu:.2f} s CPU, "
          f"{wall:.2f} s wall; NearestNeighbors in one batch {their_cpu:.2f} s CPU, {their_wall:.2f} s wall: "
          f"{their_cpu / cpu:.1f}x (asked 3x); runs in turn {ratios}")
    print(f"the same neighbours for {same:,} texts, and as near to within 1e-5 for {as_near:,} of {len(queries):,}: "
          "where several of the pool are as near as each other, we take the first")


if __name__ == "__main__":
    main()
