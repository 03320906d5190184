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
    table = pd.crosstab(units, cases[EXPECTED + MAIN_FIELD].to_numpy()).to_numpy(dtype=float)  # [unit, class]
    first = pd.Series(_first_id(cases, units)).groupby(units).first()  # one a unit, ascending, as the table has them
    sizes, keys = table.sum(axis=1), first.to_numpy()
    order = sorted(
        range(len(table)), key=lambda u: (-sizes[u], hashlib.sha256(f"{seed}\0{keys[u]}".encode()).digest())
    )
    target = np.array([shares[s] for s in names])[:, None] * table.sum(axis=0)[None, :]
    filled, weight = np.zeros_like(target), target.clip(1e-9)
    chosen: dict[int, str] = {}
    single = np.where((table > 0).sum(axis=1) == 1, table.argmax(axis=1), -1)  # nearly all units are of one class
    for unit in order:
        at = slice(single[unit], single[unit] + 1) if single[unit] >= 0 else slice(None)
        own = table[unit, at]
        # squared distance from the target, weighted so that a rare class counts as much as a common one
        gap = filled[:, at] - target[:, at]
        k = int((((filled[:, at] + own - target[:, at]) ** 2 - gap**2) / weight[:, at]).sum(axis=1).argmin())
        filled[k, at] += own
        chosen[unit] = names[k]
    return np.array([chosen[u] for u in units], dtype=object)


def _rare(cases: pd.DataFrame) -> tuple[Notice, ...]:
    table = pd.crosstab(cases[EXPECTED + MAIN_FIELD], cases["split"]).reindex(columns=list(SPLITS), fill_value=0)
    missing = {label: [s for s in SPLITS if row[s] == 0] for label, row in table.iterrows() if (row == 0).any()}
    if not missing:
        return ()
    said = "; ".join(f"{label!r} is not in {' or '.join(where)}" for label, where in missing.items())
    return (Notice("class_missing_from_split", f"Too few cases to reach every split: {said}."),)
