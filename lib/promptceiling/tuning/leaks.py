"""The leak guard: texts that would be trained on and are also, or nearly, among those that are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from promptceiling.labeled_set import LabeledSet, near_duplicate_pairs
from promptceiling.labeled_set.near_duplicates import normalised

How = Literal["exact", "normalised", "near"]


@dataclass(frozen=True, slots=True)
class Leak:
    """A trained text and a scored one that are the same, the same to a reader, or nearly so.

    Attributes
    ----------
    trained, scored: their places in the two lists; how: the strictest sense in which they are alike.
    cosine: of their character 3- to 5-grams; 1 for equal texts.
    """

    trained: int
    scored: int
    how: How
    cosine: float


def find_leaks(trained: Sequence[str], scored: Sequence[str]) -> tuple[Leak, ...]:
    """Every pair across the two lists that is alike: exact, by words alone, or with a cosine of at least 0.9.

    In the order of the trained texts; where one has several twins, the likest first. Nothing is taken from how the set
    was split: the texts are compared anew.

    >>> [(leak.trained, leak.how) for leak in find_leaks(["Where is my card", "ok then"], ["where is my CARD?", "no"])]
    [(0, 'normalised')]
    """
    equal: dict[str, list[int]] = {}
    alike: dict[str, list[int]] = {}
    for k, text in enumerate(scored):
        equal.setdefault(text, []).append(k)
        alike.setdefault(normalised(text), []).append(k)
    found: dict[tuple[int, int], Leak] = {}
    for i, text in enumerate(trained):
        for k in equal.get(text, ()):
            found[i, k] = Leak(i, k, "exact", 1.0)
        for k in alike.get(normalised(text), ()):
            found.setdefault((i, k), Leak(i, k, "normalised", 1.0))
    edge = len(trained)
    for i, j, cosine in near_duplicate_pairs([*trained, *scored]):
        first, second = min(i, j), max(i, j)
        if first < edge <= second:
            found.setdefault((first, second - edge), Leak(first, second - edge, "near", float(cosine)))
    return tuple(sorted(found.values(), key=lambda leak: (leak.trained, -leak.cosine, leak.scored)))


def unleaked_train(labeled_set: LabeledSet) -> pd.DataFrame:
    """The train cases that share no cluster of near-duplicates with a validation or test case.

    Shots are chosen by the same rule, so that a prompt and what is trained here have seen the same of a scored case.
    """
    cases = labeled_set.cases
    scored = set(cases.loc[cases["split"] != "train", "cluster"])
    train = labeled_set.split("train")
    return train[~train["cluster"].isin(scored)]


def counted(leaks: Sequence[Leak]) -> str:
    """How many trained texts leak, by how they are alike, in words.

    >>> counted([Leak(0, 3, "exact", 1.0), Leak(2, 4, "near", 0.93)])
    '1 exactly, 0 after case, space and punctuation are set aside, 1 nearly'
    """
    strictest: dict[int, How] = {}
    rank = ("exact", "normalised", "near")
    for leak in leaks:
        known = strictest.get(leak.trained)
        if known is None or rank.index(leak.how) < rank.index(known):
            strictest[leak.trained] = leak.how
    kinds = list(strictest.values())
    return (f"{kinds.count('exact')} exactly, {kinds.count('normalised')} after case, space and punctuation are set "
            f"aside, {kinds.count('near')} nearly")
