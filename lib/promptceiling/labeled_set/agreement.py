"""How far the labels can be trusted: a second reading, likely errors, and the ceiling they put on a score."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from promptceiling.labeled_set.finding import Figure, Finding, quoted, rate, rows_where, share, shown, wilson
from promptceiling.labeled_set.label_errors import LARGEST, find_label_errors
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD

_MAIN = EXPECTED + MAIN_FIELD
F1_SHIP = 0.85
_SELDOM = 0.95  # people who label alone agree less, on texts that need judgement


def agreement(cases: pd.DataFrame) -> list[Finding]:
    """Cohen's kappa of the labels and `second_category`, with its interval, and the ceiling that follows."""
    if "second_category" not in cases or not (cases["second_category"] != "").any():
        return []
    both = cases[cases["second_category"] != ""]
    first, second = both[_MAIN], both["second_category"]
    same, n = int((first == second).sum()), len(both)
    low, high = wilson(same, n)
    agrees = f"A second reading of {n} cases agrees on {same / n:.1%} [{low:.1%}, {high:.1%}]"
    kappa = kappa_of(first.tolist(), second.tolist())
    if kappa is None:
        return [Finding("agreement", "weakens",
                        f"{agrees}; Cohen's kappa is not defined, since one class alone occurs.",
                        "Agreement on one class says nothing about the others.",
                        "Have cases of every class read twice.", figures=(share("agreement", same, n),))]
    differ = both[first != second]
    found = Finding(
        "agreement", "fine" if kappa.value >= 0.6 else "weakens",
        f"{agrees}; Cohen's kappa is {kappa.value:.2f} [{kappa.low:.2f}, {kappa.high:.2f}].",
        "A score far above this agreement would mean learning one reader's habits."
        + (" Independent readers seldom agree so well: make sure that the second did not see the first's labels."
           if kappa.value > _SELDOM and n >= 100 else ""),
        "Settle the disagreements and sharpen the labeling guide." if same < n else "",
        rows_where(both, first != second),
        shown(f"row {row}: {label!r} or {other!r}? {quoted(text)}" for row, label, other, text in zip(
            differ["row"], differ[_MAIN], differ["second_category"], differ["input"], strict=True)),
        (share("agreement", same, n), kappa))
    return [found, _ceiling(same, n)]


def kappa_of(first: Sequence[str], second: Sequence[str]) -> Figure | None:
    """Cohen's kappa of two readings; the ends are Wilson's of the agreement, with the expected one taken as known.

    So does Cohen (1960), with value +- 1.96 standard errors, which is [1, 1] where all agree. Of 25 to 400 cases with
    an agreement of 0.7 to 0.98 that held in 39 to 99% of 2,000 draws, this one in 91% (25 cases, 0.98) and more.

    None where one class alone occurs. Equal to scikit-learn's `cohen_kappa_score`, and does not import it.

    >>> round(kappa_of(["a", "b"] * 10, ["a", "b"] * 9 + ["a", "a"]).value, 6)
    0.9
    """
    labels = sorted({*first, *second})
    if len(labels) < 2:
        return None
    n, place = len(first), {label: k for k, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    np.add.at(table, ([place[x] for x in first], [place[x] for x in second]), 1)
    expected = float(table.sum(axis=1) @ table.sum(axis=0)) / n**2
    kappa = (float(table.trace()) / n - expected) / (1 - expected)
    low, high = ((end - expected) / (1 - expected) for end in wilson(int(table.trace()), n))
    return Figure("kappa", kappa, max(-1.0, low), high, n)


def labels_right(agreement: float) -> float:
    """The share of labels that are right where two readings agree on this share: two readers who each are right with
    probability a, independently, agree on about a squared.

    >>> labels_right(0.81)
    0.9
    """
    return math.sqrt(agreement)


def _ceiling(same: int, n: int) -> Finding:
    low, high = wilson(same, n)
    value, bounds = labels_right(same / n), (labels_right(low), labels_right(high))
    return Finding(
        "score_ceiling", "blocks" if bounds[1] < F1_SHIP else "weakens" if bounds[0] < 0.95 else "fine",
        f"If both readers err alike and independently, about {value:.1%} [{bounds[0]:.1%}, {bounds[1]:.1%}] of the "
        f"labels are right (n = {n}).",
        f"Accuracy measured against these labels cannot be expected above that; the threshold to hold it against is "
        f"{F1_SHIP}.", "Have disputed cases read a third time." if bounds[0] < 0.95 else "",
        figures=(Figure("ceiling", value, *bounds, n),))


def likely_errors(cases: pd.DataFrame) -> list[Finding]:
    """Labels that the other cases speak against, ranked with the reason, and what they would do to a score."""
    found = find_label_errors(cases["input"].tolist(), cases[_MAIN].tolist(),
                              cases["unit" if "unit" in cases else "id"].tolist())
    if found is None:
        return [Finding("label_errors", "fine", f"Not searched for label errors: {len(cases)} cases are too few to "
                        "learn from (at least 50 in classes of 3 or more).", "Errors may be there and are not seen.")]
    n, k = len(found.order), int(found.suspected.sum())
    at = [(int(position), found.proposed[rank], found.given_p[rank], found.proposed_p[rank])
          for rank, position in enumerate(found.order) if found.suspected[rank]]
    labels, rows, texts = cases[_MAIN].tolist(), cases["row"].tolist(), cases["input"].tolist()
    low, high = wilson(k, n)
    sample = f" (a sample of {LARGEST:,}, of {len(cases):,})" if n < len(cases) and n == LARGEST else ""
    return [Finding(
        "label_errors", "weakens" if low > 0.02 else "fine",
        f"{rate(k, n)} labels look wrong to a linear classifier that has not seen them{sample}.",
        f"If all of them are wrong, accuracy cannot be measured above {1 - k / n:.1%} [{1 - high:.1%}, {1 - low:.1%}]; "
        "hard cases look wrong too, so read this as the most that is wrong.",
        "Read the rows from the first on, and stop when ten in a row are right." if k else "",
        tuple(int(rows[position]) for position, *_ in at),
        shown(f"row {rows[position]} is {labels[position]!r} ({own:.0%}), the others suggest {proposed!r} ({p:.0%}): "
              f"{quoted(texts[position])}" for position, proposed, own, p in at),
        (share("share", k, n), share("ceiling", n - k, n)))]
