"""Pairs of near-duplicates: by comparing all pairs that can be, where these are few enough, else found by hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.labeled_set.ngrams import Vectors

MOST_NUMBERS = 100_000_000  # n-grams multiplied to look at every pair that must be looked at
_MOST_PAIRS = 3_000_000
_SLACK = 1e-4  # float32 cosines: the filter keeps a little more than it must
_BLOCK = 1000
_BANDS, _ROWS = 24, 4
_ALIKE = 0.4  # of the hashes of a pair; near-duplicates share about 0.8
_NEXT = 8  # texts of the same band that each is paired with: in groups of up to nine, all with all
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearPairs:
    """Pairs i < j of texts by descending cosine; `exact` tells whether none can be missing."""

    i: Ints
    j: Ints
    cosine: NDArray[np.float64]
    exact: bool


def near_pairs(vectors: Vectors, threshold: float) -> NearPairs:
    """Pairs of texts whose cosine is at least `threshold`.

    Exact, by the n-grams that such a pair must share, where these leave few enough pairs to look at. Otherwise pairs
    are looked for by hashes, made for a cosine of 0.9: these find all 1,504 pairs of Banking77's distinct texts, and at
    least 99.9% of texts one to three words apart (tests/labeled_set/test_near_search.py), in groups of up to nine
    near-duplicates. In larger groups each text is joined to some of the others.
    """
    found = _sharing_rare(vectors, threshold)
    exact = found is not None
    i, j = found if found is not None else _sharing_hashes(vectors)
    cosine = vectors.cosines(i, j)
    near = cosine >= threshold
    i, j, cosine = i[near], j[near], cosine[near].round(6)  # float32 tells no more, and equal ones stay equal
    order = np.argsort(-cosine, kind="stable")
    return NearPairs(i[order], j[order], cosine[order], exact)


def _sharing_rare(vectors: Vectors, threshold: float) -> tuple[Ints, Ints] | None:
    """Pairs that share one of their rarest n-grams, or None where they are too many.

    Of each text, only so many of its rarest n-grams are looked at that the others, together, cannot make up a cosine of
    `threshold`. Two texts that reach it share an n-gram, and the rarest of those is among the looked-at of both (prefix
    filtering: Bayardo, Ma and Srikant 2007).
    """
    from scipy.sparse import vstack  # imported late: pages that only read need not wait for it

    frequency = np.zeros(len(vectors.idf), np.int64)
    for _, block in vectors.blocks():
        frequency += np.bincount(block.indices, minlength=len(frequency))
    most = MOST_NUMBERS // max(1, int(frequency.sum()) // vectors.words.shape[0])
    rank = np.empty(len(frequency), np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(len(frequency))
    parts, used = [], np.zeros(len(frequency), np.int64)
    for _, block in vectors.blocks():
        parts.append(_rarest(block, rank, frequency, threshold))
        used += np.bincount(parts[-1].indices, minlength=len(used))
        if int((used * (used - 1)).sum()) > 20 * most:  # a pair shares several n-grams
            return None
    rare = vstack(parts, format="csr")
    across = rare.T.tocsr()
    i, j = [], []
    for start in range(0, rare.shape[0], _BLOCK):
        block = (rare[start : start + _BLOCK] @ across).tocoo()
        upper = block.row + start < block.col
        i.append(block.row[upper].astype(np.int64) + start)
        j.append(block.col[upper].astype(np.int64))
        if sum(map(len, i)) > most:
            return None
    return np.concatenate(i), np.concatenate(j)


def _rarest(block: Any, rank: Ints, frequency: Ints, threshold: float) -> Any:
    """The rarest n-grams of each row, without those that stand in one text alone, as ones."""
    from scipy.sparse import csr_array

    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    order = np.argsort(row * len(rank) + rank[block.indices])
    square = block.data[order].astype(np.float64) ** 2
    before = np.cumsum(square) - square
    before -= np.repeat(before[block.indptr[:-1]], np.diff(block.indptr))
    kept = order[before <= max(0.0, 1 - threshold**2) + _SLACK]
    kept = kept[frequency[block.indices[kept]] > 1]
    return csr_array((np.ones(len(kept), np.float32), (row[kept], block.indices[kept])), shape=block.shape)


def _sharing_hashes(vectors: Vectors, seed: int = 0) -> tuple[Ints, Ints]:
    """Pairs that agree in all hashes of a band and in 40% of all hashes; at most about 3,000,000."""
    hashes = _hashes(vectors, np.random.default_rng(seed))
    rng, n = np.random.default_rng(seed + 1), len(hashes)
    found = np.empty(0, np.int64)
    for band in range(_BANDS):
        key = np.zeros(n, np.uint64)
        for column in hashes[:, band * _ROWS : (band + 1) * _ROWS].T:
            key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        mixed = rng.permutation(n)
        order = mixed[np.argsort(key[mixed], kind="stable")]
        key = key[order]
        pairs = []
        for apart in range(1, _NEXT + 1):
            a = np.flatnonzero(key[:-apart] == key[apart:])
            i, j = np.minimum(order[a], order[a + apart]), np.maximum(order[a], order[a + apart])
            pairs.append((i * n + j)[_agree(hashes, i, j)])
        new = np.sort(np.concatenate(pairs))  # by sorting: several times as fast as NumPy's sets of millions
        new = new[np.diff(new, prepend=-1) > 0]
        if len(found):
            new = new[found[np.searchsorted(found, new).clip(max=len(found) - 1)] != new]
        if len(new) > _MOST_PAIRS // _BANDS:
            new = rng.choice(new, _MOST_PAIRS // _BANDS, replace=False)
        found = np.sort(np.concatenate([found, new]))
    return found // n, found % n


def _agree(hashes: NDArray[np.int32], i: Ints, j: Ints) -> NDArray[np.bool_]:
    agree = np.zeros(len(i), bool)
    for start in range(0, len(i), 50_000):
        part = slice(start, start + 50_000)
        agree[part] = (hashes[i[part]] == hashes[j[part]]).mean(axis=1) >= _ALIKE
    return agree


def _hashes(vectors: Vectors, rng: np.random.Generator) -> NDArray[np.int32]:
    """P-MinHash (Moulton and Jiang 2018) of each text's squared weights, as numbers of n-grams: [text, hash].

    Each n-gram draws an exponential number; the hash is the n-gram of the least number over squared weight. An n-gram
    is taken at its largest weight in a word of the text, times how often the word stands there. Squared weights sum to
    1, and the cosine is their Bhattacharyya coefficient: at a cosine of 0.9 their total variation is at most 0.44.
    """
    grams, words = vectors.grams, vectors.words
    times, kind = np.unique(words.indices.astype(np.int64) * 2**20 + words.data.astype(np.int64), return_inverse=True)
    word, count = times >> 20, (times & (2**20 - 1)).astype(np.float64)
    weight = (grams.data * vectors.idf[grams.indices]).astype(np.float64) ** 2
    hashes = np.empty((words.shape[0], _BANDS * _ROWS), np.int32)
    for column in range(hashes.shape[1]):
        drawn = rng.exponential(size=grams.shape[1])
        least = _packed(drawn[grams.indices] / weight, grams.indices)
        of_word = np.minimum.reduceat(least, grams.indptr[:-1])[word]
        first, value = (of_word & np.uint64(2**32 - 1)), (of_word >> np.uint64(32)).astype(np.uint32).view(np.float32)
        of_kind = _packed(value / count**2, first)
        hashes[:, column] = np.minimum.reduceat(of_kind[kind], words.indptr[:-1]) & np.uint64(2**32 - 1)
    return hashes


def _packed(value: NDArray[Any], number: NDArray[Any]) -> NDArray[np.uint64]:
    """Value and number as one whole number that orders by value: a float32 above 0 orders as its bits do."""
    bits = value.astype(np.float32).view(np.uint32).astype(np.uint64)
    return (bits << np.uint64(32)) | number.astype(np.uint64)
