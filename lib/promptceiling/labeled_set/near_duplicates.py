"""Near-duplicates: texts whose character 3- to 5-grams have a TF-IDF cosine of at least 0.9."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEAR = 0.9
_BLOCK = 1000


def normalised(text: str) -> str:
    """The text with Unicode NFKC, lower case and single spaces: two texts equal here are the same text to a reader."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def near_duplicate_pairs(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int, float]]:
    """Pairs (i, j, cosine), i < j, of texts that are near-duplicates, by descending cosine.

    Texts are compared as `normalised`; an empty text has no near-duplicate. Exact: every pair is compared, in blocks.

    >>> near_duplicate_pairs(["The invoice is wrong.", "the  invoice is wrong.", "Login fails"])[0][:2]
    (0, 1)
    """
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import TfidfVectorizer

    clean = [normalised(t) for t in texts]
    if sum(bool(t) for t in clean) < 2:
        return []
    vectors = csr_array(TfidfVectorizer(analyzer="char", ngram_range=(3, 5), dtype=np.float32).fit_transform(
        [f"{t:\0<3}" for t in clean]  # a text of one or two characters has an n-gram too
    ))
    pairs: list[tuple[int, int, float]] = []
    transposed = vectors.T.tocsr()
    for start in range(0, len(clean), _BLOCK):
        block = (vectors[start : start + _BLOCK] @ transposed).tocoo()
        near = (block.data >= threshold) & (block.row + start < block.col)
        pairs.extend(
            (int(i) + start, int(j), float(s))
            for i, j, s in zip(block.row[near], block.col[near], block.data[near], strict=True)
            if clean[int(i) + start]
        )
    return sorted(pairs, key=lambda p: (-p[2], p[0], p[1]))


def near_duplicate_clusters(texts: Sequence[str], threshold: float = NEAR) -> NDArray[np.int64]:
    """A cluster number for each text: texts joined by a chain of near-duplicate pairs share one.

    >>> near_duplicate_clusters(["same text here", "other words now", "Same  text here"]).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from scipy.sparse.csgraph import connected_components

    pairs = near_duplicate_pairs(texts, threshold)
    n = len(texts)
    i, j = [p[0] for p in pairs], [p[1] for p in pairs]
    graph = csr_array((np.ones(len(pairs)), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64) if n else np.empty(0, np.int64)
