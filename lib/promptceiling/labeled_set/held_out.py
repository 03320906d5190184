"""Scores of texts by a linear model that did not see them: ridge regression over words and characters, out of fold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.labeled_set.ngrams import counted_ngrams

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
    vectors = np.column_stack([_reduced(_features(texts), seed), np.ones(n)])
    parts = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    own = [(vectors[held].T * weight[held]) @ np.column_stack([vectors[held], targets[held]]) for held in parts]
    total, size, scores = np.sum(own, axis=0), vectors.shape[1], np.zeros_like(targets)
    for held, part in zip(parts, own, strict=True):
        fit = total - part
        scores[held] = vectors[held] @ np.linalg.solve(fit[:, :size] + np.eye(size), fit[:, size:])
    return scores


def _features(texts: list[str]) -> Any:
    """TF-IDF of words (1-2) and characters in words (3-4), each a row of length 1: [text, feature], sparse."""
    from scipy.sparse import csr_array, hstack  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

    kept = []
    with suppress(ValueError):  # no word occurs
        kept.append(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32).fit_transform(texts))
    words, grams = counted_ngrams([text.lower() for text in texts], (3, 4))
    counts = words @ grams
    if counts.shape[1]:
        often = np.bincount(counts.indices, minlength=counts.shape[1]) > 1
        kept.append(TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, often] if often.any() else counts))
    return csr_array(hstack(kept, format="csr"))


def _reduced(found: Any, seed: int) -> NDArray[np.float64]:
    """The texts along the first singular vectors of those features that stand in two texts or more.

    Randomised subspace iteration with three passes and ten vectors to spare (Halko, Martinsson and Tropp 2011). Bases
    are made orthonormal by the eigenvectors of their Gram matrix, at a fraction of the cost of a QR decomposition.
    """
    common = np.bincount(found.indices, minlength=found.shape[1]) > 1
    found = found[:, common] if common.sum() > 1 else found
    size = max(1, min(_DIMENSIONS, found.shape[1] - 1))
    across = found.shape[0] < found.shape[1]  # the basis is one of the longer side, as in scikit-learn
    table = found.T if across else found
    start = np.random.RandomState(seed).normal(size=(table.shape[1], size + 10)).astype(found.dtype)
    for _ in range(3):
        start = _orthonormal(table.T @ _orthonormal(table @ start))
    basis = _orthonormal(_orthonormal(table @ start))
    other = table.T @ basis
    squares, axes = np.linalg.eigh((other.T @ other).astype(np.float64))
    placed = other @ axes if across else basis @ (axes * np.sqrt(squares.clip(0)))
    return np.asarray(placed[:, ::-1][:, :size], dtype=np.float64)


def _orthonormal(basis: NDArray[Any]) -> NDArray[Any]:
    """The same space by columns of length 1 at right angles, without directions that are no more than rounding."""
    squares, axes = np.linalg.eigh((basis.T @ basis).astype(np.float64))
    kept = squares > 1e-5 * squares[-1]
    return np.asarray(basis @ (axes[:, kept] / np.sqrt(squares[kept])).astype(basis.dtype))
