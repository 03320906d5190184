"""Labels that are probably wrong: confident learning on out-of-fold probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FOLDS = 5
LARGEST = 20_000
FEWEST_PER_CLASS = 3


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """The result of a search for label errors; every array is in the order of `order`.

    Attributes
    ----------
    order: positions of the examined cases, the most suspicious first.
    suspected: whether the case counts as a likely error.
    proposed: the label that the other cases suggest instead.
    given_p, proposed_p: out-of-fold probabilities of the given and of the proposed label, in [0, 1].
    """

    order: NDArray[np.int64]
    suspected: NDArray[np.bool_]
    proposed: tuple[str, ...]
    given_p: NDArray[np.float64]
    proposed_p: NDArray[np.float64]


def find_label_errors(
    texts: Sequence[str], labels: Sequence[str], units: Sequence[str], *, seed: int = 0
) -> LabelErrors | None:
    """Cases ranked by how likely their label is wrong; None where there are too few cases to learn from.

    A linear model over words and characters is fitted on four fifths at a time (cases of one unit stay together) and
    gives each case probabilities that its own label had no part in. A case is suspected where another label reaches
    that label's mean self-confidence while its own does not (the confident joint of Northcutt, Jiang and Chuang 2021,
    doi 10.1613/jair.1.12125). The rank is the probability of the given label over the root of the entropy of all
    (after Kuan and Mueller 2022): a doubted label counts more where the model is sure of another. Departures: classes
    with fewer than 3 cases are left out; of more than 20,000 cases, a sample fixed by their content is examined. The
    order of rows plays no part.
    """
    frame = pd.DataFrame({"text": list(texts), "label": list(labels), "unit": list(units)})
    frame["key"] = [hashlib.sha256(f"{seed}\0{u}".encode("utf-8", "surrogatepass")).hexdigest() for u in frame["unit"]]
    frame = frame[frame.groupby("label")["label"].transform("size") >= FEWEST_PER_CLASS]
    frame = frame.sort_values(["key", "text", "label"], kind="stable").head(LARGEST)
    classes = np.sort(frame["label"].unique())
    if len(classes) < 2 or len(frame) < 10 * FOLDS:
        return None
    given = np.searchsorted(classes, frame["label"].to_numpy())
    p = out_of_fold(frame["text"].tolist(), given, len(classes), _folds(frame), seed)
    rows = np.arange(len(frame))
    own = p[rows, given]
    threshold = np.bincount(given, own, len(classes)) / np.maximum(np.bincount(given, minlength=len(classes)), 1)
    others = p.copy()
    others[rows, given] = -1
    reaching = np.where(others >= threshold, others, -1)
    suspected = (reaching.max(axis=1) > -1) & (own < threshold[given]) & (others.max(axis=1) > own)
    best = np.where(suspected, reaching.argmax(axis=1), others.argmax(axis=1))
    entropy = -(p * np.log(p + 1e-12)).sum(axis=1) / np.log(len(classes))
    order = np.lexsort((own, own / np.sqrt(entropy + 0.01)))
    return LabelErrors(frame.index.to_numpy()[order].astype(np.int64), suspected[order],
                       tuple(str(classes[k]) for k in best[order]), own[order], p[rows, best][order])


def out_of_fold(texts: list[str], given: NDArray[Any], n_classes: int, folds: NDArray[Any], seed: int) -> NDArray[Any]:
    """Probabilities [case, class], each from a model that did not see the labels of the case's fold.

    The model: TF-IDF of words (1-2) and characters in words (3-4), its first 256 singular vectors, ridge regression on
    the classes, and a softmax of ten times its scores. It is fast, and sharp enough to rank.
    """
    features = text_vectors(texts, seed)
    targets = np.eye(n_classes)[given]
    scores = np.zeros_like(targets)
    for fold in np.unique(folds):
        fit, held = folds != fold, folds == fold
        mean = targets[fit].mean(axis=0)
        own = features[fit]
        weights = np.linalg.solve(own.T @ own + np.eye(own.shape[1]), own.T @ (targets[fit] - mean))
        scores[held] = features[held] @ weights + mean
    raised = np.exp(10 * (scores - scores.max(axis=1, keepdims=True)))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def text_vectors(texts: list[str], seed: int) -> NDArray[np.float64]:
    """Dense vectors [text, at most 256]: the singular vectors of TF-IDF over words and characters."""
    from scipy.sparse import csr_array, hstack  # imported late: pages that only read need not wait for it
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    kept = []
    for analyzer, ngrams in (("word", (1, 2)), ("char_wb", (3, 4))):
        for fewest in (2, 1):
            try:
                kept.append(TfidfVectorizer(sublinear_tf=True, analyzer=analyzer, ngram_range=ngrams, min_df=fewest,
                                            dtype=np.float32).fit_transform(texts))
            except ValueError:  # no such word occurs, or none twice
                continue
            break
    found = csr_array(hstack(kept, format="csr"))
    size = max(1, min(256, len(texts) // 4, found.shape[1] - 1))
    return np.asarray(TruncatedSVD(size, n_iter=3, random_state=seed).fit_transform(found), dtype=np.float64)


def _folds(frame: pd.DataFrame) -> NDArray[Any]:
    """Folds 0 to 4 as even as can be within each class of a unit's first case; a unit is never parted."""
    first = frame.drop_duplicates("key")
    fold = dict(zip(first["key"], first.groupby("label").cumcount() % FOLDS, strict=True))
    return np.array([fold[key] for key in frame["key"]])
