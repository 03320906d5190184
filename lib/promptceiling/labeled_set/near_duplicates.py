"""Near-duplicates: texts whose character 3- to 5-grams (within words) have a TF-IDF cosine of at least 0.9."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice, product

import numpy as np
from numpy.typing import NDArray

from promptceiling.labeled_set.near_search import NearPairs, near_pairs
from promptceiling.labeled_set.ngrams import Vectors

NEAR = 0.9


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
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What is the same, and what nearly the same, among texts.

    Attributes
    ----------
    groups: positions, ascending, of the texts that are the same to a reader; an empty text is in no group.
    pairs: near-duplicate groups, by descending cosine.
    size: how many texts there are.
    """

    groups: tuple[tuple[int, ...], ...]
    pairs: NearPairs
    size: int

    @property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each text; -1 for an empty one."""
        found = np.full(self.size, -1, np.int64)
        for number, group in enumerate(self.groups):
            found[list(group)] = number
        return found

    @property
    def later(self) -> NDArray[np.int64]:
        """Positions, ascending, of the texts that an earlier one is a near-duplicate of."""
        first = np.array([group[0] for group in self.groups], np.int64)
        earliest = first.copy()
        np.minimum.at(earliest, self.pairs.i, first[self.pairs.j])
        np.minimum.at(earliest, self.pairs.j, first[self.pairs.i])
        return np.array(sorted(k for group, least in zip(self.groups, earliest.tolist(), strict=True)
                               for k in group if k > least), np.int64)

    def twins(self, among: NDArray[np.bool_], of: NDArray[np.bool_]) -> dict[int, int]:
        """For each text of `of` with a near-duplicate in `among`: the nearest, the first of equals; nearest first."""
        first = np.array([next((k for k in group if among[k]), -1) for group in self.groups], np.int64)
        own = np.arange(len(self.groups))
        group = np.concatenate([own, self.pairs.i, self.pairs.j])
        twin = first[np.concatenate([own, self.pairs.j, self.pairs.i])]
        cosine = np.concatenate([np.ones(len(own)), self.pairs.cosine, self.pairs.cosine])
        nearest: dict[int, tuple[float, int]] = {}
        for at in np.lexsort((twin, -cosine)):
            if twin[at] >= 0:
                nearest.setdefault(int(group[at]), (-float(cosine[at]), int(twin[at])))
        found = [(minus, min(k, twin), max(k, twin), k) for number, (minus, twin) in nearest.items()
                 for k in self.groups[number] if of[k]]
        return {k: low + high - k for _, low, high, k in sorted(found)}

    def nearest(self, most: int | None = None) -> list[tuple[int, int, float]]:
        """Pairs (i, j, cosine), i < j, of texts by descending cosine: all of them, or the first `most`."""
        same = ((i, j, 1.0) for group in self.groups for i, j in islice(combinations(group, 2), most))
        near = (pair for a, b, cosine in self._enough(most) for pair in
                islice(((min(i, j), max(i, j), cosine) for i, j in product(self.groups[a], self.groups[b])), most))
        return sorted([*same, *near], key=lambda p: (-p[2], p[0], p[1]))[:most]

    def _enough(self, most: int | None) -> Iterator[tuple[int, int, float]]:
        """Pairs of groups; with `most`, only as many as that many pairs of texts can come of."""
        pairs = self.pairs
        least = pairs.cosine[most - 1] if most and most <= len(pairs.cosine) else -1.0
        for a, b, cosine in zip(pairs.i.tolist(), pairs.j.tolist(), pairs.cosine.tolist(), strict=True):
            if cosine < least:
                return
            yield a, b, cosine


def near_duplicates(texts: Sequence[str], threshold: float = NEAR) -> NearDuplicates:
    """Texts that are the same to a reader, compared as `normalised`, and groups of them with a cosine of `threshold`.

    The result for the latest texts is kept: splitting a set and auditing it search once. For how pairs are found, and
    where not all are looked for, see `near_pairs`.
    """
    return _searched(tuple(texts), threshold)


@lru_cache(maxsize=1)
def _searched(texts: tuple[str, ...], threshold: float) -> NearDuplicates:
    members: dict[str, list[int]] = {}
    for k, text in enumerate(texts):
        if plain := normalised(text):
            members.setdefault(plain, []).append(k)
    # in the order of one spelling of each, so that nothing depends on the order of texts
    spelled = sorted((min(_spelled(texts[k]) for k in group), tuple(group)) for group in members.values())
    groups = tuple(group for _, group in spelled)
    if len(groups) < 2:
        none = np.empty(0, np.int64)
        return NearDuplicates(groups, NearPairs(none, none, np.empty(0), True), len(texts))
    pairs = near_pairs(Vectors.of([text for text, _ in spelled], [len(g) for g in groups]), threshold)
    return NearDuplicates(groups, pairs, len(texts))


def near_duplicate_pairs(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int, float]]:
    """Pairs (i, j, cosine), i < j, of texts that are near-duplicates, by descending cosine.

    Texts are compared as `normalised`; an empty text has no near-duplicate.

    >>> near_duplicate_pairs(["The invoice is wrong.", "the  invoice is wrong.", "Login fails"])[0][:2]
    (0, 1)
    """
    return near_duplicates(texts, threshold).nearest()


def near_duplicate_clusters(texts: Sequence[str], threshold: float = NEAR) -> NDArray[np.int64]:
    """A cluster number for each text: texts joined by a chain of near-duplicate pairs share one.

    >>> near_duplicate_clusters(["same text here", "other words now", "Same  text here"]).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from scipy.sparse.csgraph import connected_components

    if not len(texts):
        return np.empty(0, np.int64)
    found = near_duplicates(texts, threshold)
    first = np.array([group[0] for group in found.groups], np.int64)
    group = found.group_of
    i = np.concatenate([np.flatnonzero(group >= 0), first[found.pairs.i]])
    j = np.concatenate([first[group[group >= 0]], first[found.pairs.j]])
    graph = csr_array((np.ones(len(i)), (i, j)), shape=(len(texts), len(texts)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
