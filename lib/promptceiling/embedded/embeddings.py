"""The embedded model's vectors: its hashed n-grams, folded to a length that can be sent."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promptceiling.embedded.features import count_ngrams

EMBEDDING_MODEL = "embedded-ngrams"
DIMENSIONS = 256
_ODD = np.uint64(0x9E3779B97F4A7C15)


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """A unit vector a text, shape (texts, 256): each n-gram is added to or taken from one place, by its hash.

    The expected cosine of two texts is that of their damped n-gram counts (Weinberger et al. 2009).
    """
    counts = count_ngrams(texts)
    hashed = counts.indices.astype(np.uint64) * _ODD
    place = (hashed >> np.uint64(56)).astype(np.intp) % DIMENSIONS
    sign = np.where(hashed >> np.uint64(32) & np.uint64(1), 1.0, -1.0)
    row = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    np.add.at(vectors, (row, place), (sign * counts.data).astype(np.float32))
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def encoded(vector: NDArray[np.float32], encoding: str) -> list[float] | str:
    """A vector as numbers, or as base64 of little-endian 32-bit floats, which the openai client asks for."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode() if encoding == "base64" else vector.tolist()
