"""Labels that are probably wrong: confident learning on out-of-fold probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from promptceiling.labeled_set.held_out import EXACT, FOLDS, held_out_scores

LARGEST = 20_000
FEWEST_PER_CLASS = 3
_NUMBERS = 4_000_000  # probabilities looked at in one go


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

    Ridge regression over words and characters gives each case probabilities that its own label, and those of its unit,
    had no part in: fitted without the unit up to 4,000 cases, above that on four fifths at a time. A case is suspected
    where another label reaches that label's mean self-confidence while its own does not (the confident joint of
    Northcutt, Jiang and Chuang 2021, doi 10.1613/jair.1.12125). The rank is the probability of the given label over the
    root of the entropy of all (after Kuan and Mueller 2022): a doubted label counts more where the model is sure of
    another. Departures: classes with fewer than 3 cases are left out; of more than 20,000 cases, a sample fixed by
    their content is examined. The order of rows plays no part.
    """
    frame = pd.DataFrame({"text": list(texts), "label": list(labels), "unit": list(units)})
    frame["key"] = [hashlib.sha256(f"{seed}\0{u}".encode("utf-8", "surrogatepass")).hexdigest() for u in frame["unit"]]
    frame = frame[frame.groupby("label")["label"].transform("size") >= FEWEST_PER_CLASS]
    frame = frame.sort_values(["key", "text", "label"], kind="stable").head(LARGEST)
    classes = np.sort(frame["label"].unique())
    if len(classes) < 2 or len(frame) < 10 * FOLDS:
        return None
    given = np.searchsorted(classes, frame["label"].to_numpy())
    p = out_of_fold(frame["text"].tolist(), given, len(classes), _left_out(frame), seed)
    rows = np.arange(len(frame))
    own = p[rows, given]
    threshold = np.bincount(given, own, len(classes)) / np.maximum(np.bincount(given, minlength=len(classes)), 1)
    entropy, suspected, best = np.empty(len(frame)), np.zeros(len(frame), bool), np.empty(len(frame), np.int64)
    for at in np.array_split(rows, 1 + p.size // _NUMBERS):  # with thousands of classes p alone is large
        part = p[at]
        entropy[at] = -(part * np.log(part + 1e-12)).sum(axis=1) / np.log(len(classes))
        part[np.arange(len(at)), given[at]] = -1
        reaching = np.where(part >= threshold, part, -1)
        suspected[at] = (reaching.max(axis=1) > -1) & (own[at] < threshold[given[at]]) & (part.max(axis=1) > own[at])
        best[at] = np.where(suspected[at], reaching.argmax(axis=1), part.argmax(axis=1))
    order = np.lexsort((own, own / np.sqrt(entropy + 0.01)))
    return LabelErrors(frame.index.to_numpy()[order].astype(np.int64), suspected[order],
                       tuple(str(classes[k]) for k in best[order]), own[order], p[rows, best][order])


def out_of_fold(texts: list[str], given: NDArray[Any], n_classes: int, folds: NDArray[Any], seed: int) -> NDArray[Any]:
    """Probabilities [case, class] from models that did not see the labels of the case's fold: 10x softmax of scores."""
    scores = held_out_scores(texts, np.eye(n_classes)[given], folds, seed)
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(np.multiply(scores, 10, out=scores), out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _left_out(frame: pd.DataFrame) -> NDArray[Any]:
    """What is left out together: each unit, or a fold of units, as even as can be in the class of their first case."""
    first = frame.drop_duplicates("key")
    numbers = first.groupby("label").cumcount() % FOLDS if len(frame) > EXACT else range(len(first))
    fold = dict(zip(first["key"], numbers, strict=True))
    return np.array([fold[key] for key in frame["key"]])
