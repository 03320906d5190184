"""Near-duplicates: texts whose character 3- to 5-grams (within words) have a TF-IDF cosine of at least 0.9."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR = 0.9
_BLOCK = 1000
_SLACK = 1e-4  # float32 cosines: the filter keeps a little more than it must
_PAIRS = 200_000


class _Plain(dict[int, str]):
    """Translates punctuation into spaces, each character looked up once; signs that carry meaning stay."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        self[code] = " " if unicodedata.category(sign)[0] == "P" and sign not in "#%&@*" else sign
        return self[code]


_PLAIN = _Plain()


def normalised(text: str) -> str:
    """The text's words in Unicode NFKC and lower case: two texts equal here are the same text to a reader.

    Punctuation counts as space, unless there is nothing else.

    >>> normalised(" Where's my card?!") == normalised("WHERE S my card"), normalised("?")
    (True, '?')
    """
    spelled = _spelled(text)
    return " ".join(spelled.translate(_PLAIN).split()) or spelled


def _spelled(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def near_duplicate_pairs(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int, float]]:
    """Pairs (i, j, cosine), i < j, of texts that are near-duplicates, by descending cosine.

    Texts are compared as `normalised`; an empty text has no near-duplicate. Exact: a pair is passed over only where it
    cannot reach the threshold (prefix filtering: Bayardo, Ma and Srikant 2007).

    >>> near_duplicate_pairs(["The invoice is wrong.", "the  invoice is wrong.", "Login fails"])[0][:2]
    (0, 1)
    """
    groups, spelled = _groups(texts)
    found = [(i, j, 1.0) for group in groups for n, i in enumerate(group) for j in group[n + 1 :]]
    for a, b, cosine in _distinct_pairs(spelled, [len(g) for g in groups], threshold):
        found.extend((min(i, j), max(i, j), cosine) for i in groups[a] for j in groups[b])
    return sorted(found, key=lambda p: (-p[2], p[0], p[1]))


def near_duplicate_clusters(texts: Sequence[str], threshold: float = NEAR) -> NDArray[np.int64]:
    """A cluster number for each text: texts joined by a chain of near-duplicate pairs share one.

    >>> near_duplicate_clusters(["same text here", "other words now", "Same  text here"]).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from scipy.sparse.csgraph import connected_components

    groups, spelled = _groups(texts)
    pairs = _distinct_pairs(spelled, [len(g) for g in groups], threshold)
    i = [group[0] for group in groups for _ in group] + [groups[p[0]][0] for p in pairs]
    j = [k for group in groups for k in group] + [groups[p[1]][0] for p in pairs]
    graph = csr_array((np.ones(len(i)), (i, j)), shape=(len(texts), len(texts)))
    if not len(texts):
        return np.empty(0, np.int64)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _groups(texts: Sequence[str]) -> tuple[list[list[int]], list[str]]:
    """Positions of texts that are the same to a reader, and one spelling of each, whatever their order; none empty."""
    members: dict[str, list[int]] = {}
    for k, text in enumerate(texts):
        if plain := normalised(text):
            members.setdefault(plain, []).append(k)
    groups = list(members.values())
    return groups, [min(_spelled(texts[k]) for k in group) for group in groups]


def _distinct_pairs(texts: list[str], counts: list[int], threshold: float) -> list[tuple[int, int, float]]:
    """Near-duplicate pairs of distinct texts; `counts` are their repeats, which the IDF weighs in."""
    if len(texts) < 2:
        return []
    vectors = _vectors(texts, counts)
    found: list[tuple[int, int, float]] = []
    for rows, columns in _candidates(vectors, threshold):
        for start in range(0, len(rows), _PAIRS):
            i, j = rows[start : start + _PAIRS], columns[start : start + _PAIRS]
            cosine = np.asarray(vectors[i].multiply(vectors[j]).sum(axis=1)).ravel()
            near = cosine >= threshold
            found.extend(zip(i[near].tolist(), j[near].tolist(), cosine[near].tolist(), strict=True))
    return found


def _vectors(texts: list[str], counts: list[int]) -> Any:
    """TF-IDF of character 3- to 5-grams, rows of length 1: [text, n-gram], float32."""
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import normalize

    found = csr_array(CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False, dtype=np.float32)
                      .fit_transform(texts))
    there = csr_array((np.ones_like(found.data), found.indices, found.indptr), shape=found.shape)
    weights = np.asarray(counts, dtype=np.float64)
    idf = np.log((1 + weights.sum()) / (1 + there.T @ weights)) + 1
    found.data *= idf.astype(np.float32)[found.indices]
    return csr_array(normalize(found))


def _candidates(vectors: Any, threshold: float) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Blocks of pairs i < j that may reach the threshold: they share one of their rarest n-grams.

    Of each text, only so many of its rarest n-grams are looked at that the others, together, cannot make up a cosine of
    `threshold`. Two texts that reach it share an n-gram, and the rarest of those is among the looked-at of both.
    """
    from scipy.sparse import csr_array

    n = vectors.shape[0]
    frequency = np.bincount(vectors.indices, minlength=vectors.shape[1])
    rank = np.empty(vectors.shape[1], dtype=np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(vectors.shape[1])
    row = np.repeat(np.arange(n), np.diff(vectors.indptr))
    order = np.lexsort((rank[vectors.indices], row))
    square = vectors.data[order].astype(np.float64) ** 2
    before = np.cumsum(square) - square
    before -= np.repeat(before[vectors.indptr[:-1]], np.diff(vectors.indptr))
    kept = order[before <= max(0.0, 1 - threshold**2) + _SLACK]
    kept = kept[frequency[vectors.indices[kept]] > 1]  # an n-gram of one text alone pairs nothing
    rare = csr_array((np.ones(len(kept), np.float32), (row[kept], vectors.indices[kept])), shape=vectors.shape)
    transposed = rare.T.tocsr()
    for start in range(0, n, _BLOCK):
        block = (rare[start : start + _BLOCK] @ transposed).tocoo()
        upper = block.row + start < block.col
        yield block.row[upper].astype(np.int64) + start, block.col[upper].astype(np.int64)
