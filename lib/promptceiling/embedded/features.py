"""Hashed word and character n-grams: the only way in which the embedded model sees a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import HashingVectorizer

_BITS = 17
_WORDS = HashingVectorizer(n_features=2**_BITS, ngram_range=(1, 2), alternate_sign=False, norm=None, dtype=np.float32)
_CHARS = HashingVectorizer(
    n_features=2**_BITS, analyzer="char_wb", ngram_range=(3, 5), alternate_sign=False, norm=None, dtype=np.float32
)


def count_ngrams(texts: Sequence[str]) -> csr_array:
    """Damped counts, 1 + ln(count), of hashed word 1-2-grams and in-word character 3-5-grams: (texts, 2**18)."""
    rows = [_counted(text) for text in texts]
    ends = np.cumsum([0, *(len(indices) for indices, _ in rows)])
    indices, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_array((weights, indices, ends), shape=(len(rows), 2 ** (_BITS + 1)))


@lru_cache(maxsize=20_000)
def _counted(text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    # underscores and hyphens part words, so that a label such as how_to meets "how to" in a text
    clean = [text.replace("_", " ").replace("-", " ").encode("utf-8", "replace").decode()]
    words, chars = _WORDS.transform(clean), _CHARS.transform(clean)
    indices = np.concatenate([words.indices, chars.indices + 2**_BITS])
    return indices, 1 + np.log(np.concatenate([words.data, chars.data]))


def likeness_to_first(texts: Sequence[str]) -> NDArray[np.float64]:
    """The cosine of the first text to each of the others, shape (texts - 1,); 0 for a text without n-grams.

    Rarer n-grams weigh more; how rare is judged among these texts alone.
    """
    rows = [_counted(text) for text in texts]
    indices, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    row = np.repeat(np.arange(len(rows)), [len(own) for own, _ in rows])
    document_frequency = np.bincount(indices, minlength=2 ** (_BITS + 1))
    weights = weights * np.log((1 + len(rows)) / document_frequency[indices])
    first = np.zeros(2 ** (_BITS + 1))
    first[indices[row == 0]] = weights[row == 0]
    norms = np.sqrt(np.bincount(row, weights**2, minlength=len(rows)))
    products = np.bincount(row, weights * first[indices], minlength=len(rows))
    scale = norms * norms[0]
    return np.asarray(np.divide(products, scale, out=np.zeros(len(rows)), where=scale > 0)[1:])
