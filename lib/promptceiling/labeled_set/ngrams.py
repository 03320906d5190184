"""Texts as TF-IDF vectors over character 3- to 5-grams within words, made a few rows at a time."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NUMBERS = 4_000_000  # n-grams held at once, so that memory stays bounded


def counted_ngrams(texts: Sequence[str], lengths: tuple[int, int]) -> tuple[Any, Any]:
    """How often each word stands in each text and each n-gram in each word: [text, word], [word, n-gram], sparse.

    Their product is what scikit-learn's "char_wb" counts, columns in the same order; words are cut only once.
    """
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import CountVectorizer

    column: dict[str, int] = {}
    columns, counts, ends = array("i"), array("f"), array("i", [0])
    for text in texts:
        own = Counter(text.split())
        columns.extend(column.setdefault(word, len(column)) for word in own)
        counts.extend(own.values())
        ends.append(len(columns))
    words = csr_array((np.array(counts), np.array(columns), np.array(ends)), shape=(len(texts), len(column)))
    if not column:
        return words, csr_array((0, 0), dtype=np.float32)
    cut = CountVectorizer(analyzer="char_wb", ngram_range=lengths, lowercase=False, dtype=np.float32)
    return words, csr_array(cut.fit_transform(list(column)))


@dataclass(frozen=True, slots=True)
class Vectors:
    """TF-IDF vectors of length 1. A text's n-grams are those of its words, so only words are cut into n-grams.

    Attributes
    ----------
    words: how often each word stands in each text, sparse [text, word]; no row is empty.
    grams: how often each n-gram stands in each word, sparse [word, n-gram].
    idf: of each n-gram.
    """

    words: Any
    grams: Any
    idf: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[str], repeats: Sequence[int]) -> Vectors:
        """The vectors of distinct texts; the IDF, ln((1 + n) / (1 + df)) + 1, counts each with its repeats."""
        words, grams = counted_ngrams(texts, (3, 5))
        plain = cls(words, grams, np.ones(grams.shape[1], np.float32))
        weights, df = np.asarray(repeats, dtype=np.float64), np.zeros(grams.shape[1])
        for start, block in plain.blocks():
            own_weights = weights[start : start + block.shape[0]]
            df += np.bincount(block.indices, np.repeat(own_weights, np.diff(block.indptr)), len(df))
        return cls(words, grams, (np.log((1 + weights.sum()) / (1 + df)) + 1).astype(np.float32))

    @property
    def step(self) -> int:
        """How many texts to take at once."""
        sizes = np.diff(self.grams.indptr)
        return max(1, int(_NUMBERS / max(1.0, (self.words.astype(bool) @ sizes).mean())))

    def blocks(self) -> Iterator[tuple[int, Any]]:
        """(first text, vectors) of all texts in turn."""
        step = self.step
        for start in range(0, self.words.shape[0], step):
            yield start, self.rows(slice(start, start + step))

    def rows(self, which: slice | NDArray[np.int64]) -> Any:
        """The vectors of these texts, sparse [text, n-gram], float32."""
        from sklearn.preprocessing import normalize

        found = self.words[which] @ self.grams
        found.data *= self.idf[found.indices]
        return normalize(found, copy=False)

    def cosines(self, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosine of each pair of texts."""
        step = max(1, self.step // 2)
        found = []
        for start in range(0, len(i), step):
            which, place = np.unique(np.concatenate([i[start : start + step], j[start : start + step]]),
                                     return_inverse=True)
            rows, half = self.rows(which), len(place) // 2
            found.append(np.asarray(rows[place[:half]].multiply(rows[place[half:]]).sum(axis=1)).ravel())
        return np.concatenate(found).astype(np.float64) if found else np.empty(0)
