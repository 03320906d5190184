"""What a careful reviewer would say about a labeled set before a decision rests on it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, LabeledSet
from promptceiling.labeled_set.near_duplicates import near_duplicate_pairs, normalised

ENOUGH = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a labeled set.

    Attributes
    ----------
    code: a short stable name.
    severity: "blocks" (no decision until mended), "weakens" (the decision is less sure) or "fine".
    message: what was found, with its numbers.
    why: what it means for the decision.
    remedy: what to do; "" where nothing.
    rows: 1-based data rows of the file that it is about.
    """

    code: str
    severity: str
    message: str
    why: str
    remedy: str = ""
    rows: tuple[int, ...] = ()


def audit(labeled_set: LabeledSet, *, enough: int = ENOUGH) -> tuple[Finding, ...]:
    """Findings about size, balance, duplicates, contradicting labels and the second reading, worst first."""
    cases = labeled_set.cases
    findings = [_size(cases, enough), _balance(cases), *_duplicates(cases)]
    if "second_category" in cases and (cases["second_category"] != "").any():
        findings.append(_agreement(cases))
    rank = {"blocks": 0, "weakens": 1, "fine": 2}
    return tuple(sorted(findings, key=lambda f: rank[f.severity]))


def _size(cases: pd.DataFrame, enough: int) -> Finding:
    counts = cases[EXPECTED + MAIN_FIELD].value_counts()
    message = (f"{len(cases)} labeled cases in {len(counts)} classes; the smallest, {counts.index[-1]!r}, has "
               f"{counts.iloc[-1]}.")
    if len(cases) < enough:
        return Finding("size", "weakens", message, f"Fewer than {enough}: a fine-tune has little to learn from, and "
                       "intervals stay wide.", f"Label {enough - len(cases)} more while few-shot prompting serves.")
    return Finding("size", "fine", message, f"At least {enough}: enough to consider a fine-tune at all.")


def _balance(cases: pd.DataFrame) -> Finding:
    counts = cases[EXPECTED + MAIN_FIELD].value_counts()
    share = counts.iloc[0] / len(cases)
    message = (f"The most common class, {counts.index[0]!r}, is {share:.0%} of {len(cases)} cases; always answering it "
               f"has that accuracy. Largest to smallest class: {counts.iloc[0] / counts.iloc[-1]:.1f} to 1.")
    if share > 0.8:
        return Finding("balance", "weakens", message, "A high score says little here: the constant answer nearly "
                       "reaches it.", "Read the macro F1 and the per-class scores; label more of the rare classes.")
    return Finding("balance", "fine", message, "A score must be read against the constant answer.")


def _duplicates(cases: pd.DataFrame) -> list[Finding]:
    findings = []
    clean = cases["input"].map(normalised)
    labels = cases[EXPECTED + MAIN_FIELD]
    exact = clean.duplicated(keep=False)
    conflicting = exact & (labels.groupby(clean).transform("nunique") > 1)
    if conflicting.any():
        findings.append(Finding(
            "conflicting_labels", "weakens",
            f"{int(conflicting.sum())} cases have a text that also stands with another label.",
            "Nothing can score both right, so every score has a ceiling under 1.", "Decide on one label for each text.",
            _rows(cases, conflicting)))
    pairs = near_duplicate_pairs(cases["input"].tolist())
    later = sorted({j for _, j, _ in pairs})
    share = len(later) / len(cases)
    message = (f"{len(later)} of {len(cases)} cases ({share:.1%}) nearly repeat an earlier one "
               f"({int(exact.sum())} exactly).")
    if share >= 0.02:
        findings.append(Finding("near_duplicates", "weakens", message, "Repeats make the set look larger than it is; "
                                "splits keep them together.", "Keep one of each.",
                                tuple(int(cases["row"].iloc[j]) for j in later)))
    else:
        findings.append(Finding("near_duplicates", "fine", message, "Splits keep near-duplicates together."))
    return findings


def _agreement(cases: pd.DataFrame) -> Finding:
    from scipy.stats import binomtest  # imported late: pages that only read need not wait for it
    from sklearn.metrics import cohen_kappa_score

    both = cases[cases["second_category"] != ""]
    first, second = both[EXPECTED + MAIN_FIELD], both["second_category"]
    same, n = int((first == second).sum()), len(both)
    low, high = binomtest(same, n).proportion_ci(method="wilson")
    agrees = f"A second reading of {n} cases agrees on {same / n:.1%} [{low:.1%}, {high:.1%}]"
    if pd.concat([first, second]).nunique() == 1:
        return Finding("agreement", "weakens", f"{agrees}; Cohen's kappa is not defined, since one class alone occurs.",
                       "Agreement on one class says nothing about the others.", "Have cases of every class read twice.")
    kappa = float(cohen_kappa_score(first, second))
    # Cohen (1960): large-sample standard error, with the expected agreement taken as known
    expected = (same / n - kappa) / (1 - kappa) if kappa < 1 else 0.0
    margin = 1.96 * (same / n * (1 - same / n) / n) ** 0.5 / (1 - expected)
    return Finding(
        "agreement", "fine" if kappa >= 0.6 else "weakens",
        f"{agrees}; Cohen's kappa is {kappa:.2f} [{kappa - margin:.2f}, {min(1.0, kappa + margin):.2f}].",
        "A score far above this agreement would mean learning one reader's habits.",
        "Settle the disagreements and sharpen the labeling guide." if same < n else "",
        _rows(both, first != second))


def _rows(cases: pd.DataFrame, mask: pd.Series) -> tuple[int, ...]:
    return tuple(int(r) for r in cases.loc[mask, "row"])
