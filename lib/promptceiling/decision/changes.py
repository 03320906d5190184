"""What changed beside the main score: label by label, in further fields, and in the format of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from promptceiling.scores import Interval, benjamini_hochberg, score_predictions
from promptceiling.scores.interval import share_among
from promptceiling.scores.paired import mcnemar_exact, share_difference

UNUSABLE = ("unparsed", "truncated", "refused")
FORMATS = {"unusable": "answers without a usable label", "unparsed": "of these, not read as a label",
           "truncated": "of these, cut off", "refused": "of these, refused"}
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClassChange:
    """One label, before and after.

    Attributes
    ----------
    support: cases of the label; delta_recall: share of them that is right, alternative minus prompt (Tango's interval).
    only_prompt, only_alternative: cases of the label that one side alone gets right.
    prompt_f1, f1: the label's F1 on each side.
    regressed: recall fell, and McNemar's test says so with at most 5% false discoveries among all labels
        (Benjamini-Hochberg).
    """

    label: str
    support: int
    prompt_f1: Interval
    f1: Interval
    delta_recall: Interval
    only_prompt: int
    only_alternative: int
    regressed: bool


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A share of the cases on both sides (see `share_of`), and its paired difference: alternative minus prompt.

    Attributes
    ----------
    name: what is counted: a further field's name (share right), or an outcome (share of answers that end so).
    worse: whether the whole interval of the difference is on the bad side of zero.
    """

    name: str
    prompt: Interval
    alternative: Interval
    delta: Interval
    worse: bool


def class_changes(
    a: pd.DataFrame, b: pd.DataFrame, labels: Sequence[str]
) -> tuple[ClassChange, ...]:
    """Each label that has a case, prompt (a) and alternative (b) on the same cases; the greatest loss of recall first.

    Both frames have the columns `expected, predicted, unit`, case by case in the same order.
    """
    before, after = _f1(a, labels), _f1(b, labels)
    right_a, right_b = (a["predicted"] == a["expected"]).to_numpy(), (b["predicted"] == a["expected"]).to_numpy()
    found, units = [], a["unit"].to_numpy()
    for label in labels:
        own = (a["expected"] == label).to_numpy()
        if own.any():
            found.append((label, int(own.sum()), share_difference(right_a[own], right_b[own], units[own]),
                          int((right_a & ~right_b & own).sum()), int((right_b & ~right_a & own).sum())))
    p = benjamini_hochberg([mcnemar_exact(won, lost) if won + lost else 1.0 for *_, lost, won in found])
    changes = [ClassChange(label, n, before[label], after[label], delta, lost, won,
                           regressed=bool(lost > won and adjusted <= 0.05))
               for (label, n, delta, lost, won), adjusted in zip(found, p, strict=True)]
    return tuple(sorted(changes, key=lambda c: (c.delta_recall.value, c.label)))


def field_changes(a: pd.DataFrame, b: pd.DataFrame) -> tuple[ShareChange, ...]:
    """Further fields that both sides were asked for, on the cases that have a label there; no answer is wrong."""
    found = []
    for column in (str(c) for c in a.columns if str(c).startswith("expected_")):
        name = column.removeprefix("expected_")
        said = f"predicted_{name}"
        known = a[column].fillna("").ne("").to_numpy()
        if said not in a or not known.any() or a[said].isna().all() or b[said].isna().all():
            continue
        sides = [(side[said] == a[column]).to_numpy()[known] for side in (a, b)]
        found.append(_change(name, sides[0], sides[1], a["unit"].to_numpy()[known], better=1))
    return tuple(found)


def format_changes(a: pd.DataFrame, b: pd.DataFrame) -> tuple[ShareChange, ...]:
    """Answers without a usable label, together and by outcome, where either side has one."""
    found = []
    for name, outcomes in (("unusable", UNUSABLE), *((outcome, (outcome,)) for outcome in UNUSABLE)):
        sides = [side["outcome"].isin(outcomes).to_numpy() for side in (a, b)]
        if name == "unusable" or sides[0].any() or sides[1].any():
            found.append(_change(name, sides[0], sides[1], a["unit"].to_numpy(), better=-1))
    return tuple(found)


def _f1(rows: pd.DataFrame, labels: Sequence[str]) -> dict[str, Interval]:
    score = score_predictions(rows["expected"].tolist(), rows["predicted"].tolist(), labels,
                              units=rows["unit"].tolist(), draws=1)
    return {c.label: c.f1 for c in score.per_class}


def _change(name: str, a: Mask, b: Mask, units: NDArray[np.object_], *, better: int) -> ShareChange:
    delta = share_difference(a, b, units)
    worse = delta.high < 0 if better > 0 else delta.low > 0
    return ShareChange(name, share_of(a, units), share_of(b, units), delta, bool(worse))


def share_of(mask: Mask, units: NDArray[np.object_]) -> Interval:
    """A share with Wilson's interval, for as many cases as it is worth where cases share units (see `share_among`).

    >>> share_of(np.array([True, False]), np.array([0, 1])).n
    2
    """
    _, place = np.unique(units, return_inverse=True)
    alone = int(place.max(initial=-1)) + 1 == len(mask)
    return share_among(mask, np.ones(len(mask), dtype=bool), None if alone else place)
