"""The score of one variant: every metric with its interval, and what was not scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptceiling.scores.interval import Interval, percentile, wilson
from promptceiling.scores.metrics import encode, point_metrics
from promptceiling.scores.resample import DRAWS, cells_of, resampled_cells, resampled_f1

MAX_FAILED = 0.05  # above this share of failures no verdict is given


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One label: precision, recall (Wilson) and F1 (bootstrap), with its support."""

    label: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class Score:
    """How well predictions fit.

    Attributes
    ----------
    n: completions asked for; `scored` of them came. The others `failed` and are in no metric.
    units: independent units (groups of cases that belong together) that were resampled.
    outcomes: completions by outcome.
    f1_weighted, f1_macro: with percentile bootstrap intervals; accuracy: Wilson.
    f1_weighted_failed_wrong: the weighted F1 where every failure counts as wrong: the other reading.
    constant_label, constant_f1: the commonest label, and the weighted F1 of always answering it.
    per_class: in the order of the labels.
    """

    n: int
    scored: int
    units: int
    outcomes: Mapping[str, int]
    f1_weighted: Interval
    f1_macro: Interval
    accuracy: Interval
    f1_weighted_failed_wrong: float
    constant_label: str
    constant_f1: float
    per_class: tuple[ClassScore, ...]

    @property
    def complete(self) -> bool:
        """Whether few enough completions failed for a verdict: at most 5%."""
        return self.n > 0 and self.n - self.scored <= MAX_FAILED * self.n


def score_predictions(
    expected: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], *,
    outcomes: Sequence[str] | None = None, units: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Score:
    """The score of predictions against what was expected, arrays of one length.

    `predicted` is None where an answer names no label, which counts as wrong. `outcomes` marks the completions that
    `failed`, which are left out and counted. `units` (one a completion) names what is resampled as a whole: a group, a
    near-duplicate cluster, or the case where it was asked several times; without it each completion is a unit.
    """
    said = np.asarray(outcomes if outcomes is not None else
                      ["answered" if p is not None else "unparsed" for p in predicted], dtype=object)
    kept = said != "failed"
    y, p = np.asarray(expected, dtype=object), np.asarray(predicted, dtype=object)
    scored = int(kept.sum())
    counts = Counter(y[kept] if scored else y)
    constant = min(counts, key=lambda label: (-counts[label], label)) if counts else ""
    point = point_metrics(y[kept], p[kept], labels)
    drawn_units = None if units is None else np.asarray(units, dtype=object)[kept]
    if scored:
        codes, cell = cells_of(encode(y[kept], labels), encode(p[kept], labels))
        resampled = resampled_cells(cell, drawn_units, np.random.default_rng(seed), draws)
        weighted, macro, _ = resampled_f1(resampled, codes[:, 0], codes[:, 1], len(labels))
        per_class = _per_class(resampled, codes, point, y[kept], p[kept], labels)
    else:
        weighted = macro = np.full(1, np.nan)
        per_class = ()
    return Score(
        n=len(y), scored=scored, units=scored if drawn_units is None else len(set(drawn_units)),
        outcomes=dict(Counter(said)),
        f1_weighted=percentile(point.f1_weighted, weighted, scored),
        f1_macro=percentile(point.f1_macro, macro, scored),
        accuracy=wilson(int(sum(a == b for a, b in zip(y[kept], p[kept], strict=True))), scored),
        f1_weighted_failed_wrong=point_metrics(y, np.where(kept, p, None), labels).f1_weighted,
        constant_label=constant,
        constant_f1=point_metrics(y[kept], [constant] * scored, labels).f1_weighted,
        per_class=per_class,
    )


def _per_class(resampled, codes, point, expected, predicted, labels):  # type: ignore[no-untyped-def]
    scores = []
    for k, label in enumerate(labels):
        is_expected, is_predicted = codes[:, 0] == k, codes[:, 1] == k
        hits = resampled[:, is_expected & is_predicted].sum(axis=1)
        total = resampled[:, is_expected].sum(axis=1) + resampled[:, is_predicted].sum(axis=1)
        f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
        right = int(((expected == label) & (predicted == label)).sum())
        named, support = int((predicted == label).sum()), point.support[k]
        scores.append(ClassScore(
            label, wilson(right, named), wilson(right, support), percentile(point.f1[k], f1, support), support))
    return tuple(scores)
