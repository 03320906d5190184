"""Choose the shots of a case from the train split, never the case itself or a near-duplicate of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts.render import Shot
from promptceiling.prompts.variant import PromptVariant

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BLOCK = 512
_MMR_POOL = 50  # diverse: candidates taken by similarity before they are spread
_MMR_LAMBDA = 0.7  # diverse: weight of likeness to the case against likeness to shots already taken


class ShotPicker:
    """Picks shots for cases of one labeled set; vectors of the pool are made once and shared by all variants.

    Parameters
    ----------
    labeled_set: one that has been split; its train cases are the pool.
    """

    def __init__(self, labeled_set: LabeledSet) -> None:
        # imported late: pages that only read need not wait for it
        from sklearn.feature_extraction.text import TfidfVectorizer

        if "split" not in labeled_set.cases or "cluster" not in labeled_set.cases:
            raise InputError("The labeled set has not been split. Call split_labeled_set first.")
        self._pool = labeled_set.split("train").sort_values("id", ignore_index=True)  # never the order of the file
        self._labels = self._pool[EXPECTED + MAIN_FIELD].to_numpy()
        self._clusters = self._pool["cluster"].to_numpy()
        self._shots = [
            Shot(str(row["id"]), str(row["input"]), {f: str(row[EXPECTED + f]) for f in labeled_set.fields})
            for row in self._pool.to_dict("records")
        ]
        self._vectors: csr_array | None = None
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32)

    def pick(self, variant: PromptVariant, cases: pd.DataFrame) -> list[tuple[Shot, ...]]:
        """The shots of each case, in the order in which they are shown: a list as long as `cases`.

        Fewer than asked for where the pool, without the case's near-duplicates, is smaller. A case of the pool itself
        is never its own shot.
        """
        if variant.shots == 0 or not self._shots or cases.empty:
            return [()] * len(cases)
        barred = cases["cluster"].to_numpy()
        if variant.selection in ("fixed", "stratified"):
            ranked = self._drawn(variant)
            chosen = [_first(ranked, self._clusters != cluster, variant.shots) for cluster in barred]
        else:
            chosen = self._near(variant, cases["input"].tolist(), barred)
        return [tuple(self._shots[k] for k in self._ordered(variant, ks)) for ks in chosen]

    def _drawn(self, variant: PromptVariant) -> NDArray[np.intp]:
        """All of the pool in the seeded order of drawing; `stratified` goes round the classes, commonest first."""
        keys = [hashlib.sha256(f"{variant.seed}\0{s.id}".encode()).digest() for s in self._shots]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        if variant.selection == "fixed":
            return np.array(order)
        counts = pd.Series(self._labels).value_counts()
        rank = {label: k for k, label in enumerate(sorted(counts.index, key=lambda name: (-counts[name], name)))}
        seen: dict[str, int] = {}
        turns = []
        for k in order:
            label = self._labels[k]
            seen[label] = seen.get(label, 0) + 1
            turns.append((seen[label], rank[label], k))
        return np.array([k for _, _, k in sorted(turns)])

    def _near(
        self, variant: PromptVariant, texts: Sequence[str], barred: NDArray[np.object_]
    ) -> list[NDArray[np.intp]]:
        from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
        from sklearn.feature_extraction.text import TfidfVectorizer

        if self._vectors is None:
            pool = [s.text for s in self._shots]
            try:
                self._vectors = csr_array(self._vectorizer.fit_transform(pool))
            except ValueError:  # no text of the pool holds a word of two letters
                self._vectorizer = TfidfVectorizer(analyzer="char", dtype=np.float32)
                self._vectors = csr_array(self._vectorizer.fit_transform(pool))
        vectors, queries = self._vectors, csr_array(self._vectorizer.transform(list(texts)))
        wanted = variant.shots if variant.selection == "similar" else max(variant.shots, _MMR_POOL)
        chosen = []
        for start in range(0, len(texts), _BLOCK):
            block = np.asarray((vectors @ queries[start : start + _BLOCK].T.toarray()).T)
            block[barred[start : start + _BLOCK][:, None] == self._clusters[None, :]] = -1.0
            for similarity in block:
                best = _largest(similarity, wanted)
                best = best[similarity[best] >= 0]
                if variant.selection == "diverse":
                    best = best[_spread(vectors[best], similarity[best], variant.shots)]
                chosen.append(best)
        return chosen

    def _ordered(self, variant: PromptVariant, chosen: NDArray[np.intp]) -> list[int]:
        ks = [int(k) for k in chosen]
        if variant.order == "similar_last":
            return ks[::-1]
        if variant.order == "by_class":
            return sorted(ks, key=lambda k: (self._labels[k], ks.index(k)))
        if variant.order == "shuffled":
            return sorted(ks, key=lambda k: hashlib.sha256(f"{variant.seed}\1{self._shots[k].id}".encode()).digest())
        return ks


def _first(ranked: NDArray[np.intp], allowed: NDArray[np.bool_], k: int) -> NDArray[np.intp]:
    return ranked[allowed[ranked]][:k]


def _largest(values: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Positions of the k largest values, largest first, equal values by position."""
    k = min(k, len(values))
    cut = np.partition(values, len(values) - k)[len(values) - k]
    candidates = np.flatnonzero(values >= cut)
    return candidates[np.argsort(-values[candidates], kind="stable")][:k]


def _spread(rows: csr_array, similarity: NDArray[np.float32], k: int) -> list[int]:
    """Positions of k candidates near the case, unlike each other: MMR (Carbonell and Goldstein 1998)."""
    among = (rows @ rows.T).toarray()
    taken: list[int] = []
    while len(taken) < min(k, len(similarity)):
        repeated = among[:, taken].max(axis=1) if taken else np.zeros(len(similarity))
        gain = _MMR_LAMBDA * similarity - (1 - _MMR_LAMBDA) * repeated
        gain[taken] = -np.inf
        taken.append(int(np.argmax(gain)))
    return taken
