"""Choose the shots of a case from the train split, never the case itself or a near-duplicate of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts.likeness import EmbeddingLikeness, Floats, Likeness, Positions, TfidfLikeness, largest
from promptceiling.prompts.render import Shot
from promptceiling.prompts.variant import PromptVariant

_MMR_POOL = 50  # diverse: candidates taken by similarity before they are spread
_MMR_LAMBDA = 0.7  # diverse: weight of likeness to the case against likeness to shots already taken
_BARRED = -2.0  # below every cosine

Vectors = Mapping[str, Mapping[str, Sequence[float]]]  # embedding model -> text -> vector


class ShotPicker:
    """Picks shots for cases of one labeled set; vectors of the pool are made once and shared by all variants.

    Parameters
    ----------
    labeled_set: one that has been split; its train cases are the pool.
    vectors: of every text, for each embedding model that a variant names.
    """

    def __init__(self, labeled_set: LabeledSet, vectors: Vectors | None = None) -> None:
        if "split" not in labeled_set.cases or "cluster" not in labeled_set.cases:
            raise InputError("The labeled set has not been split. Call split_labeled_set first.")
        self._pool = labeled_set.split("train").sort_values("id", ignore_index=True)  # never the order of the file
        self._labels = self._pool[EXPECTED + MAIN_FIELD].to_numpy()
        self._clusters = self._pool["cluster"].to_numpy()
        self._of_cluster: dict[str, Positions] = {
            str(name): np.asarray(rows) for name, rows in self._pool.groupby("cluster").indices.items()}
        self._shots = [
            Shot(str(row["id"]), str(row["input"]), {f: str(row[EXPECTED + f]) for f in labeled_set.fields})
            for row in self._pool.to_dict("records")
        ]
        self._vectors = vectors or {}
        self._likeness: dict[str | None, Likeness] = {}

    def pick(self, variant: PromptVariant, cases: pd.DataFrame) -> list[tuple[Shot, ...]]:
        """The shots of each case, in the order in which they are shown: a list as long as `cases`.

        Fewer than asked for where the pool, without the case's near-duplicates, is smaller. A case of the pool itself
        is never its own shot. Raises InputError where a variant's embedding model has no vector for a text.
        """
        if variant.shots == 0 or not self._shots or cases.empty:
            return [()] * len(cases)
        if variant.selection in ("fixed", "stratified"):
            ranked = self._drawn(variant)
            chosen = [ranked[self._clusters[ranked] != cluster][: variant.shots] for cluster in cases["cluster"]]
            if variant.order == "similar_last":
                rows = (row for block in self._blocks(variant, cases) for row in block)
                chosen = [_nearest_last(row, ks) for row, ks in zip(rows, chosen, strict=True)]
        else:
            chosen = [ks for block in self._blocks(variant, cases) for ks in self._near(variant, block)]
        return [tuple(self._shots[k] for k in self._ordered(variant, ks)) for ks in chosen]

    def _drawn(self, variant: PromptVariant) -> Positions:
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

    def _blocks(self, variant: PromptVariant, cases: pd.DataFrame) -> Iterator[Floats]:
        """The likeness of each case to each of the pool, those that must not be its shots below all others."""
        name, texts = variant.embedding, [shot.text for shot in self._shots]
        if name not in self._likeness:
            self._likeness[name] = TfidfLikeness(texts) if name is None else EmbeddingLikeness(
                texts, self._vectors.get(name, {}), name)
        barred, at = cases["cluster"].tolist(), 0
        for block in self._likeness[name].blocks(cases["input"].tolist()):
            for row, cluster in enumerate(barred[at : at + len(block)]):
                if (own := self._of_cluster.get(cluster)) is not None:
                    block[row, own] = _BARRED
            at += len(block)
            yield block

    def _near(self, variant: PromptVariant, block: Floats) -> list[Positions]:
        if variant.selection == "hard":
            chosen = [self._contrasts(variant, row) for row in block]
        else:
            wanted = variant.shots if variant.selection == "similar" else max(variant.shots, _MMR_POOL)
            best = largest(block, wanted)
            allowed = np.take_along_axis(block, best, axis=1) > _BARRED
            chosen = [ks[fine] for ks, fine in zip(best, allowed, strict=True)]
            if variant.selection == "diverse":
                among = self._likeness[variant.embedding].among
                chosen = [ks[_spread(among(ks), row[ks], variant.shots)] for row, ks in zip(block, chosen, strict=True)]
        if variant.order == "similar_last":
            return [_nearest_last(row, ks) for row, ks in zip(block, chosen, strict=True)]
        return chosen

    def _contrasts(self, variant: PromptVariant, row: Floats) -> Positions:
        """The nearest, each followed by the nearest of every label that its own was confused with."""
        others: dict[str, list[str]] = {}
        for one, other in variant.confused:
            others.setdefault(one, []).append(other)
            others.setdefault(other, []).append(one)
        near = np.argsort(-row, kind="stable")
        near = near[row[near] > _BARRED]
        labels = self._labels[near]
        queues = {label: iter(near[labels == label].tolist()) for label in others}
        taken: dict[int, None] = {}
        for k, label in zip(near.tolist(), labels, strict=True):
            if len(taken) >= variant.shots:
                break
            if k in taken:
                continue
            taken[k] = None
            for other in others.get(label, ()):
                contrast = next((c for c in queues[other] if c not in taken), None)
                if contrast is not None and len(taken) < variant.shots:
                    taken[contrast] = None
        return np.array(list(taken), dtype=np.intp)

    def _ordered(self, variant: PromptVariant, chosen: Positions) -> list[int]:
        ks = [int(k) for k in chosen]
        if variant.order == "by_class":
            return sorted(ks, key=lambda k: (self._labels[k], ks.index(k)))
        if variant.order == "shuffled":
            seed = variant.seed if variant.order_seed is None else variant.order_seed
            return sorted(ks, key=lambda k: hashlib.sha256(f"{seed}\1{self._shots[k].id}".encode()).digest())
        return ks


def _nearest_last(row: Floats, chosen: Positions) -> Positions:
    return chosen[np.argsort(-row[chosen], kind="stable")[::-1]]


def _spread(among: Floats, similarity: Floats, k: int) -> list[int]:
    """Positions of k candidates near the case, unlike each other: MMR (Carbonell and Goldstein 1998)."""
    taken: list[int] = []
    while len(taken) < min(k, len(similarity)):
        repeated = among[:, taken].max(axis=1) if taken else np.zeros(len(similarity))
        gain = _MMR_LAMBDA * similarity - (1 - _MMR_LAMBDA) * repeated
        gain[taken] = -np.inf
        taken.append(int(np.argmax(gain)))
    return taken
