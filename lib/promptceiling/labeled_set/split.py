"""Split a labeled set into train (the shot pool), validation and test (sealed)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from promptceiling.labeled_set.ids import SPLITS, check_split
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, LabeledSet, Notice
from promptceiling.labeled_set.near_duplicates import near_duplicate_clusters

SHARES: Mapping[str, float] = {"train": 0.4, "validation": 0.3, "test": 0.3}


def split_labeled_set(
    labeled_set: LabeledSet, *, shares: Mapping[str, float] = SHARES, seed: int = 0
) -> LabeledSet:
    """The same set with the columns `split`, `cluster` and `unit` filled.

    A `split` column that the file brought is kept as it is. Otherwise every unit (cases joined by a group or by being
    near-duplicates; also what the bootstrap resamples) goes whole into the split that its labels need most: stratified
    on the main field, decided by a seeded hash of the unit's content and never by the order of rows.

    Raises InputError where a given `split` column holds other words than train, validation, test.
    """
    cases = labeled_set.cases.copy()
    clusters = near_duplicate_clusters(cases["input"].tolist())
    cases["cluster"] = _first_id(cases, clusters)
    units = _units(cases, clusters)
    cases["unit"] = _first_id(cases, units)
    if "split" in cases and (cases["split"] != "").any():
        check_split(cases, labeled_set.name)
        return replace(labeled_set, cases=cases)
    cases["split"] = _assign(cases, units, shares, seed)
    notices = labeled_set.notices + _rare(cases)
    return replace(labeled_set, cases=cases, notices=notices)


def _first_id(cases: pd.DataFrame, of: np.ndarray) -> np.ndarray:
    """For each case the smallest id among those with its number in `of`."""
    rank, ids = pd.factorize(cases["id"], sort=True)
    least = np.full(int(of.max(initial=-1)) + 1, len(ids))
    np.minimum.at(least, of, rank)
    found: np.ndarray = np.asarray(ids, dtype=object)[least[of]]
    return found


def _units(cases: pd.DataFrame, clusters: np.ndarray) -> np.ndarray:
    """A unit number for each case: cases sharing a near-duplicate cluster or a group are one unit."""
    from scipy.sparse import csr_array  # imported late: pages that only read need not wait for it
    from scipy.sparse.csgraph import connected_components

    n = len(cases)
    nodes = [clusters]
    if "group" in cases and (cases["group"] != "").any():
        groups = cases["group"].where(cases["group"] != "", "case " + cases["id"])
        nodes.append(pd.factorize(groups)[0])
    edges_from, edges_to, offset = [], [], n
    for node in nodes:
        edges_from.append(np.arange(n))
        edges_to.append(node + offset)
        offset += int(node.max()) + 1 if n else 0
    graph = csr_array(
        (np.ones(n * len(nodes)), (np.concatenate(edges_from), np.concatenate(edges_to))), shape=(offset, offset)
    )
    return np.asarray(connected_components(graph, directed=False)[1][:n])


def _assign(cases: pd.DataFrame, units: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    names = list(shares)
    labels, classes = pd.factorize(cases[EXPECTED + MAIN_FIELD], sort=True)
    key = pd.Series(_first_id(cases, units)).groupby(units).first().to_dict()
    own: dict[int, dict[int, int]] = {}  # unit -> class -> cases: a table of all would not fit where both are many
    for unit, label in zip(units.tolist(), labels.tolist(), strict=True):
        counts = own.setdefault(unit, {})
        counts[label] = counts.get(label, 0) + 1
    size = {unit: sum(counts.values()) for unit, counts in own.items()}
    order = sorted(own, key=lambda u: (-size[u], hashlib.sha256(f"{seed}\0{key[u]}".encode()).digest()))
    total = np.bincount(labels, minlength=len(classes)).tolist()
    target = [[shares[name] * n for n in total] for name in names]
    filled = [[0.0] * len(total) for _ in names]
    chosen: dict[int, str] = {}
    for unit in order:
        # squared distance from the target, weighted so that a rare class counts as much as a common one
        further = [sum(((have[c] + n - aim[c]) ** 2 - (have[c] - aim[c]) ** 2) / max(aim[c], 1e-9)
                       for c, n in own[unit].items()) for have, aim in zip(filled, target, strict=True)]
        k = further.index(min(further))
        for label, n in own[unit].items():
            filled[k][label] += n
        chosen[unit] = names[k]
    return np.array([chosen[u] for u in units.tolist()], dtype=object)


def _rare(cases: pd.DataFrame) -> tuple[Notice, ...]:
    table = pd.crosstab(cases[EXPECTED + MAIN_FIELD], cases["split"]).reindex(columns=list(SPLITS), fill_value=0)
    missing = {label: [s for s in SPLITS if row[s] == 0] for label, row in table.iterrows() if (row == 0).any()}
    if not missing:
        return ()
    said = "; ".join(f"{label!r} is not in {' or '.join(where)}" for label, where in missing.items())
    return (Notice("class_missing_from_split", f"Too few cases to reach every split: {said}."),)
