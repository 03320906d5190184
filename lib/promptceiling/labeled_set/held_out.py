"""Scores of texts by a linear model that did not see them: ridge regression over words and characters, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
EXACT = 4_000  # texts up to which all features count; above, their first singular vectors do
_DIMENSIONS = 256


def held_out_scores(
    texts: list[str], targets: NDArray[np.float64], folds: NDArray[Any], seed: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Scores [text, target], each from a fit on the texts of the other folds; `weights` are those of the texts.

    The fit is ridge regression with a penalty of 1 on TF-IDF features and a constant. Up to 4,000 texts it is solved
    once, in its dual form, and each fold is taken out by its block of the inverse, which equals fitting anew without
    it, so that there may be as many folds as texts; above, it is fitted for each fold on the first 256 singular
    vectors of the features that stand in two texts or more: the others add to no likeness of two texts.
    """
    n, weight = len(texts), np.ones(len(texts)) if weights is None else weights
    if n <= EXACT:
        found = _features(texts)
        inverse = np.linalg.inv((found @ found.T).toarray().astype(np.float64) + 1 + np.diag(1 / weight))
        solved = inverse @ targets
        scores = targets - solved / np.diag(inverse)[:, None]  # what a fold of one text comes to
        names, sizes = np.unique(folds, return_counts=True)
        for fold in names[sizes > 1]:
            held = np.flatnonzero(folds == fold)
            scores[held] = targets[held] - np.linalg.solve(inverse[np.ix_(held, held)], solved[held])
        return np.asarray(scores)
    scores = np.zeros_like(targets)
    vectors = np.column_stack([_reduced(_features(texts), seed), np.ones(n)])
    for fold in np.unique(folds):
        fit, held = folds != fold, folds == fold
        own = vectors[fit] * weight[fit, None]
        scores[held] = vectors[held] @ np.linalg.solve(
            own.T @ vectors[fit] + np.eye(vectors.shape[1]), own.T @ targets[fit])
    return scores


def _features(texts: list[str]) -> Any:
    """TF-IDF of words (1-2) and characters in words (3-4), each a row of length 1: [text, feature], sparse."""
    from scipy.sparse import csr_array, hstack  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import TfidfVectorizer

    kept = []
    for analyzer, ngrams, least in (("word", (1, 2), (1,)), ("char_wb", (3, 4), (2, 1))):
        for fewest in least:
            try:
                kept.append(TfidfVectorizer(sublinear_tf=True, analyzer=analyzer, ngram_range=ngrams, min_df=fewest,
                                            dtype=np.float32).fit_transform(texts))
            except ValueError:  # no such word occurs, or none twice
                continue
            break
    return csr_array(hstack(kept, format="csr"))


def _reduced(found: Any, seed: int) -> NDArray[np.float64]:
    from sklearn.utils.extmath import randomized_svd  # imported late, as above

    common = np.bincount(found.indices, minlength=found.shape[1]) > 1
    found = found[:, common] if common.sum() > 1 else found
    size = max(1, min(_DIMENSIONS, found.shape[1] - 1))
    left, values, _ = randomized_svd(found, size, n_iter=3, random_state=seed)
    return np.asarray(left * values, dtype=np.float64)
