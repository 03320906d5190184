"""How like the texts of cases are to those of the shot pool, and which are most alike: exact, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

Floats = NDArray[np.float32]
Positions = NDArray[np.intp]
_STRETCH = 32  # values of a row whose maximum is taken at once
BLOCK = 48  # texts compared with the pool at once: so few that their words and likenesses stay near the cache


class Likeness(Protocol):
    """Cosines between texts and the pool, in [-1, 1]."""

    def blocks(self, texts: Sequence[str]) -> Iterator[Floats]:
        """The cosine of each text to each of the pool, in blocks of shape (some texts, pool), in order."""

    def among(self, positions: Positions) -> Floats:
        """The cosines between texts of the pool, shape (positions, positions)."""


class TfidfLikeness:
    """By TF-IDF of words and pairs of words, of characters where no text of the pool holds a word of two letters.

    A block's queries are made dense over the words that occur in them alone, and the pool's columns of these words are
    multiplied with them: three to five times as fast as the product of two sparse matrices.
    """

    def __init__(self, pool: Sequence[str]) -> None:
        # imported late: pages that only read need not wait for it
        from scipy.sparse import csc_array
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32)
        try:
            found = self._vectorizer.fit_transform(pool)
        except ValueError:
            self._vectorizer = TfidfVectorizer(analyzer="char", dtype=np.float32)
            found = self._vectorizer.fit_transform(pool)
        self._pool: csc_array = csc_array(found)

    def blocks(self, texts: Sequence[str]) -> Iterator[Floats]:
        return self.cosines(self._vectorizer.transform(list(texts)))

    def cosines(self, rows: csr_array) -> Iterator[Floats]:
        """The same for texts whose vectors are there already, one a row."""
        from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it

        queries = csr_array(rows)
        place = np.zeros(self._pool.shape[1], dtype=np.intp)
        for start in range(0, queries.shape[0], BLOCK):
            block = queries[start : start + BLOCK]
            words = np.unique(block.indices)
            place[words] = np.arange(len(words))
            dense = np.zeros((len(words), block.shape[0]), dtype=np.float32)
            dense[place[block.indices], np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))] = block.data
            yield (self._pool[:, words] @ dense).T  # `largest` reads it as it lies

    def among(self, positions: Positions) -> Floats:
        rows = self._pool[positions]
        return np.asarray((rows @ rows.T).toarray())


class EmbeddingLikeness:
    """By vectors that an embedding model gave for the texts.

    Raises InputError where a text of the pool, or later of a case, has none.
    """

    def __init__(self, pool: Sequence[str], vectors: Mapping[str, Sequence[float]], model: str) -> None:
        self._vectors, self._model = vectors, model
        self._pool = self._unit(pool)

    def blocks(self, texts: Sequence[str]) -> Iterator[Floats]:
        for start in range(0, len(texts), BLOCK):
            yield (self._pool @ self._unit(texts[start : start + BLOCK]).T).T

    def among(self, positions: Positions) -> Floats:
        return np.asarray(self._pool[positions] @ self._pool[positions].T)

    def _unit(self, texts: Sequence[str]) -> Floats:
        missing = next((text for text in texts if text not in self._vectors), None)
        if missing is not None:
            raise InputError(f"There is no vector of {self._model!r} for the text {missing[:60]!r}. Ask for "
                             "the vectors with embed_texts before shots are chosen.")
        rows = np.array([self._vectors[text] for text in texts], dtype=np.float32)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
        return unit


def largest(values: Floats, k: int) -> Positions:
    """Positions of the k largest values of each row, largest first, equal values by position: (rows, at most k).

    A row is dealt out over stretches like cards; the k largest stand in the k stretches with the largest maxima, so the
    rest is not looked through.
    """
    rows, size = values.shape
    if k >= size:
        return np.argsort(-values, axis=1, kind="stable")
    stretches = size // _STRETCH
    if stretches <= 2 * k:
        chosen, tied = _any_of_largest(values, np.broadcast_to(np.arange(size), values.shape), k)
    else:
        dealt = stretches * _STRETCH
        highest = np.ascontiguousarray(values.T[:dealt].reshape(_STRETCH, stretches, rows).max(axis=0).T)
        best = np.argpartition(highest, stretches - k, axis=1)[:, stretches - k :]
        inside = (np.arange(_STRETCH)[:, None] * stretches + best[:, None, :]).reshape(rows, -1)
        rest = np.broadcast_to(np.arange(dealt, size), (rows, size - dealt))
        chosen, tied = _any_of_largest(values, np.concatenate([inside, rest], axis=1), k)
        cut = np.take_along_axis(values, chosen, axis=1).min(axis=1, keepdims=True)
        reach = np.take_along_axis(highest, best, axis=1) >= cut
        tied |= np.count_nonzero(highest >= cut, axis=1) > np.count_nonzero(reach, axis=1)
    chosen.sort(axis=1)
    taken = np.take_along_axis(values, chosen, axis=1)
    chosen = np.take_along_axis(chosen, np.argsort(-taken, axis=1, kind="stable"), axis=1)
    for row in np.flatnonzero(tied):  # which of those as large as the last one was taken is left to chance
        alike = np.flatnonzero(values[row] >= taken[row].min())
        chosen[row] = alike[np.argsort(-values[row, alike], kind="stable")][:k]
    return chosen


def _any_of_largest(values: Floats, places: Positions, k: int) -> tuple[Positions, NDArray[np.bool_]]:
    """The k largest at these places of each row in any order, and whether another there is as large as the last."""
    among = np.take_along_axis(values, places, axis=1)
    found = np.argpartition(among, among.shape[1] - k, axis=1)[:, among.shape[1] - k :]
    cut = np.take_along_axis(among, found, axis=1).min(axis=1, keepdims=True)
    return np.take_along_axis(places, found, axis=1), np.count_nonzero(among >= cut, axis=1) > k
