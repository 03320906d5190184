"""The score of one variant: every metric with its interval, and what was not scored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from promptceiling.errors import InputError
from promptceiling.scores.influence import influence_of
from promptceiling.scores.interval import (
    NOTHING,
    Interval,
    difference_interval,
    macro_interval,
    share_among,
    share_interval,
    wilson,
    wilson_ends,
)
from promptceiling.scores.metrics import Codes, PointMetrics, encode, point_metrics_of, unit_codes
from promptceiling.scores.resample import DRAWS, draw_metrics
from promptceiling.scores.units import Units

MAX_FAILED = 0.05  # above this share of failures no verdict is given
_FEW = 5  # a label with fewer cases says little about itself
_NEAR_CONSTANT, _FAR_ABOVE_MACRO = 0.05, 0.10


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One label: precision, recall and F1 with its support.

    Precision and recall have Wilson's interval, for units as `share_interval` has it. So has F1: F1 = 2 J / (1 + J),
    where J is the share of right answers among the cases that are expected or answered as this label. `n` of each
    interval is the number of cases in it.
    """

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
    f1_weighted, accuracy: see `share_interval`; f1_macro: see `macro_interval`.
    f1_weighted_failed_wrong: the weighted F1 where every failure counts as wrong: the other reading.
    constant_label, constant_f1: the commonest label, and the weighted F1 of always answering it.
    per_class: in the order of the labels.
    above_constant: weighted F1 minus the constant answer's on the same cases, by the influence of each case or unit.
    remarks: what a reader should know about these figures, in sentences; empty where there is nothing.
    """

    n: int
    scored: int
    units: int
    outcomes: Mapping[str, int]
    f1_weighted: Interval
    f1_macro: Interval
    accuracy: Interval
    f1_weighted_failed_wrong: Interval
    constant_label: str
    constant_f1: float
    per_class: tuple[ClassScore, ...]
    remarks: tuple[str, ...] = ()
    above_constant: Interval = NOTHING

    @property
    def complete(self) -> bool:
        """Whether few enough completions failed for a verdict: at most 5%."""
        return self.n > 0 and self.n - self.scored <= MAX_FAILED * self.n

    @property
    def constant(self) -> Interval:
        """`constant_f1` with its interval. Always answering a label of share p scores 2 p^2 / (1 + p), which grows with
        p: its ends are those of Wilson's interval for p, on independent units."""
        if not self.scored or math.isnan(self.constant_f1):
            return NOTHING
        share = (self.constant_f1 + math.sqrt(self.constant_f1**2 + 8 * self.constant_f1)) / 4
        low, high = (2 * p * p / (1 + p) for p in wilson_ends(share, min(self.units, self.scored)))
        return Interval(self.constant_f1, low, high, self.scored)


def score_predictions(
    expected: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], *,
    outcomes: Sequence[str] | None = None, units: Sequence[object] | None = None,
    cases: Sequence[object] | None = None, draws: int = DRAWS, seed: int = 0,
) -> Score:
    """The score of predictions against what was expected, arrays of one length.

    `predicted` is None where an answer names no label, which counts as wrong. `outcomes` marks the completions that
    `failed`, which are left out and counted. `units` (one a completion) names what is resampled as a whole: a group, a
    near-duplicate cluster, or the case where it was asked several times; without it each completion is a unit.
    `cases` names the case of each completion where cases were asked several times: the n of the three averages then
    counts cases, as their intervals do.

    Nothing scored gives NaN. Raises InputError where lengths differ, or a case expects what is no label.

    >>> score_predictions(["a", "a", "b", "b"], ["a", "b", "b", None], ["a", "b"]).accuracy.value
    0.5
    """
    for name, other in (("predicted", predicted), ("outcomes", outcomes), ("units", units), ("cases", cases)):
        if other is not None and len(other) != len(expected):
            raise InputError(f"`{name}` has {len(other)} entries for {len(expected)} cases; expected one a case.")
    size = len(labels)
    truth, said = encode(expected, labels), encode(predicted, labels)
    if (truth == size).any():
        row = int(np.flatnonzero(truth == size)[0])
        raise InputError(
            f"Case {row + 1} expects {expected[row]!r}, which is none of the {size} labels; add it to the labels.",
            row=row + 1)
    outcome = np.asarray(outcomes if outcomes is not None else
                         ["answered" if p is not None else "unparsed" for p in predicted], dtype=object)
    kept = outcome != "failed"
    scored = int(kept.sum())
    majority = np.bincount(truth[kept] if scored else truth, minlength=size)
    commonest = [labels[int(k)] for k in np.flatnonzero(majority == majority.max())] if len(truth) else [""]
    constant = min(commonest)
    point = point_metrics_of(truth[kept], said[kept], size)
    every = None if units is None else unit_codes(units)
    unit = None if every is None else unit_codes(every[kept])
    own = Units.of(unit, scored)
    if own.count == scored:  # each of one completion: nothing is drawn together
        unit = None
    answers = np.full(scored, labels.index(constant) if constant in labels else size)
    score = Score(
        n=len(truth), scored=scored, units=own.count, outcomes=dict(Counter(outcome)),
        f1_weighted=NOTHING, f1_macro=NOTHING, accuracy=NOTHING,
        f1_weighted_failed_wrong=NOTHING,
        constant_label=constant, constant_f1=point_metrics_of(truth[kept], answers, size).f1_weighted, per_class=())
    if len(truth) > scored:
        wrong = np.where(kept, said, size)
        score = replace(score, f1_weighted_failed_wrong=share_interval(
            point_metrics_of(truth, wrong, size).f1_weighted,
            draw_metrics(truth, [wrong], size, units=every, draws=draws, seed=seed).weighted[0],
            len(truth), Units.of(every, len(truth))))
    if not scored:
        return score
    drawn = draw_metrics(truth[kept], [said[kept]], size, units=unit, draws=draws, seed=seed)
    unseen = sum(s == 0 for s in point.support) / size
    weighted = share_interval(point.f1_weighted, drawn.weighted[0], scored, own)
    score = replace(
        score, f1_weighted=weighted,
        f1_weighted_failed_wrong=weighted if scored == len(truth) else score.f1_weighted_failed_wrong,
        f1_macro=macro_interval(point.f1_macro, drawn.macro[0], unseen, scored, own),
        accuracy=wilson(int((truth == said)[kept].sum()), scored) if unit is None else share_interval(
            point.accuracy, drawn.accuracy[0], scored, own),
        per_class=_per_class(truth[kept], said[kept], unit, point, labels),
        above_constant=_above(truth[kept], said[kept], answers, size, unit, own))
    if cases is not None:
        n = len({case for case, came in zip(cases, kept, strict=True) if came})
        score = replace(score, f1_weighted=replace(score.f1_weighted, n=n), f1_macro=replace(score.f1_macro, n=n),
                        accuracy=replace(score.accuracy, n=n))
    return replace(score, remarks=_remarks(score, point.support))


def _above(truth: Codes, said: Codes, constant: Codes, size: int, unit: Codes | None, own: Units) -> Interval:
    value, influence = influence_of(truth, said, size)
    least, influence_of_constant = influence_of(truth, constant, size)
    moved = influence - influence_of_constant
    sums = moved if unit is None else np.bincount(unit, weights=moved)
    return difference_interval(value - least, float(np.sqrt((sums**2).sum())) / len(truth), len(truth), own)


def _per_class(
    truth: Codes, said: Codes, unit: Codes | None, point: PointMetrics, labels: Sequence[str]
) -> tuple[ClassScore, ...]:
    right = truth == said
    scores = []
    for k, label in enumerate(labels):
        expected, named = truth == k, said == k
        jaccard = share_among(right, expected | named, unit)
        low, high = (2 * end / (1 + end) for end in (jaccard.low, jaccard.high))
        scores.append(ClassScore(
            label, _with_value(point.precision[k], share_among(right, named, unit)),
            _with_value(point.recall[k], share_among(right, expected, unit)),
            Interval(point.f1[k], low, high, jaccard.n), point.support[k]))
    return tuple(scores)


def _with_value(value: float, interval: Interval) -> Interval:
    return Interval(value, interval.low, interval.high, interval.n)


def _remarks(score: Score, support: Sequence[int]) -> tuple[str, ...]:
    said = []
    failed = score.n - score.scored
    if failed:
        said.append(f"{score.scored} scored of {score.n}: {failed} failed and are in no figure.")
    if score.f1_weighted.value - score.constant_f1 < _NEAR_CONSTANT:
        said.append(
            f"Weighted F1 {_said(score.f1_weighted)} is close to always answering {score.constant_label!r}, "
            f"{_said(score.constant)} (n {score.scored}).")
    if score.f1_weighted.value - score.f1_macro.value > _FAR_ABOVE_MACRO:
        said.append(
            f"Weighted F1 {_said(score.f1_weighted)} is far above macro F1 {_said(score.f1_macro)} (n {score.scored}): "
            "rare labels do badly.")
    unseen, few = sum(s == 0 for s in support), sum(0 < s < _FEW for s in support)
    if unseen:
        said.append(
            f"{unseen} of {len(support)} labels have no case here and count as 0 in macro F1; "
            "its upper end allows for any F1 of theirs.")
    if few:
        said.append(f"{few} of {len(support)} labels have fewer than {_FEW} cases; their own figures say little.")
    if math.isfinite(score.f1_weighted.low) and score.units < 30:
        one = score.units == 1 < score.scored
        said.append("All cases are of one unit, so nothing can be said of others." if one else
                    f"Only {score.units} independent unit{'s' * (score.units != 1)}: intervals are wide.")
    return tuple(said)


def _said(interval: Interval) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
