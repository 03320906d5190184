"""What a careful reviewer would say about a labeled set before a decision rests on it."""

from __future__ import annotations

from promptceiling.labeled_set.agreement import agreement, likely_errors
from promptceiling.labeled_set.balance import balance, size, small_classes
from promptceiling.labeled_set.finding import Figure, Finding
from promptceiling.labeled_set.labeled_set import LabeledSet
from promptceiling.labeled_set.near_duplicates import near_duplicates
from promptceiling.labeled_set.repeats import conflicting, leakage, missing_classes, repeated, templates
from promptceiling.labeled_set.texts import languages, leaked_labels, lengths, sensitive

__all__ = ["ENOUGH", "Figure", "Finding", "audit", "reliability"]

ENOUGH = 500
_RANK = {"blocks": 0, "weakens": 1, "fine": 2}


def audit(labeled_set: LabeledSet, *, enough: int = ENOUGH) -> tuple[Finding, ...]:
    """Findings, worst first: what, how many with an interval, examples, why it matters, what to do.

    Of size and balance; repeated, nearly repeated, contradicting and template-made texts; leaks and gaps between
    splits; a second reading and the ceiling it implies; likely label errors; secrets and personal data; labels that
    stand in the texts; lengths and languages.
    """
    cases = labeled_set.cases
    near = near_duplicates(cases["input"].tolist())
    findings = [
        size(cases, enough), *small_classes(cases), balance(cases), *conflicting(cases, near), *repeated(cases, near),
        *templates(cases), *leakage(cases, near), *missing_classes(cases), *agreement(cases), *likely_errors(cases),
        *sensitive(cases), *leaked_labels(cases), lengths(cases), languages(cases),
    ]
    return tuple(sorted(findings, key=lambda f: _RANK[f.severity]))


def reliability(labeled_set: LabeledSet) -> tuple[Finding, ...]:
    """What no verdict may pass over, worst first: leaks, contradicting and stated labels, and how far labels are right.

    Codes and figures: `leakage_<split>_<split>` ("near", "exact", "normalised", "other_label": shares of the scored
    split), `parted_groups`, `conflicting_labels` ("share", "ceiling"), `stated_label` ("share"), `agreement`
    ("agreement", "kappa"), `score_ceiling` ("ceiling": what accuracy can be expected at most, by a second reading) and
    `label_errors` ("share", "ceiling": by likely errors). A finding that blocks leaves no figure to decide by.
    """
    cases = labeled_set.cases
    near = near_duplicates(cases["input"].tolist())
    stated = [f for f in leaked_labels(cases) if f.code == "stated_label"]
    findings = [*conflicting(cases, near), *leakage(cases, near), *stated, *agreement(cases), *likely_errors(cases)]
    return tuple(sorted(findings, key=lambda f: _RANK[f.severity]))
