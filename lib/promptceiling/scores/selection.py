"""What the best of many is worth on new cases: its figure with the luck of having been picked taken off."""

from __future__ import annotations

import numpy as np

from promptceiling.scores.interval import NOTHING, Interval, Z, share_of_spread
from promptceiling.scores.metrics import Floats
from promptceiling.scores.units import Units

_SURE = 0.005  # of the 5% of error, the part that is spent on bounding the winner's luck whatever the others are


def selection_corrected(points: Floats, drawn: Floats, n: int, units: Units) -> Interval:
    """The weighted F1 to expect of the chosen variant, the best of `points`, on new cases.

    points: weighted F1, shape (variants,), of at least two; drawn: of shared resamples, shape (variants, draws); n:
    cases; units: what was drawn as a whole. NaN for a single unit.

    The value: what resampling adds to the scores stands for their error. With such an error times g added, the choice
    is one by 1 / (1 + g^2) of the cases; with the same error over g taken off, the scores are independent of that
    choice, and so right on average for what it took (Rasines and Young 2023, Biometrika 110:597). Over all resamples
    that gives the worth of a choice by half of the cases and by two thirds; the value goes on by as much again.

    The interval is the hybrid one of Andrews, Kitagawa and McCloskey (2024, Quarterly Journal of Economics 139:305):
    those truths under which the winner's score is neither too low nor too high for a score that had to lie above the
    others'. It is laid off in standard errors, as `share_interval` does, and widened to hold the value where that lies
    outside. Half a case is added to how far the others are behind, since scores of few cases come in steps. Both work
    on a scale on which the error of a share does not depend on it.

    In tests/simulations/selection.py the best of 5 or 20 looks up to 6 points too good: equal variants, graded ones, or
    equal but for one or two that are 3 to 10 points better, at 0.82 or 0.95, on 100 to 1,000 cases. There the value is
    off by at most 0.5 points (standard error 0.2; 0.3 from 300 cases), and the interval holds in 93 to 100% of 300 or
    400 draws (97% over all settings), where that of the score as picked holds in 70 to 97%. It is 1.3 to 1.6 times as
    wide as that one where none can be told from the best (up to 2.5 times at 0.95 on 100 cases), and hardly wider where
    one clearly is the best. Of cases in 8 to 30 units whose answers are much alike (correlation 0.3) it holds in 92 to
    95%.
    """
    if units.freedom <= 0:
        return NOTHING
    best, steady = int(points.argmax()), _steady(points)
    error = _steady(drawn)
    error -= error.mean(axis=1, keepdims=True)
    wide = error * np.sqrt(units.inflation)
    value = float(np.sin(np.clip(2 * _worth(steady, wide, 0.5) - _worth(steady, wide, 1.0), 0, np.pi / 2)) ** 2)
    reach = _reach(_steady(points - 0.5 / n) - steady[best], error, best)
    own = share_of_spread(
        points[best], float(drawn[best].mean() - points[best]), float(drawn[best].std()), n, units, reach)
    return Interval(value, min(own.low, value), max(own.high, value), n)


def _steady(share: Floats) -> Floats:
    """On a scale on which the error of a share does not depend on it: the best one's looks too small else."""
    return np.arcsin(np.sqrt(np.clip(share, 0, 1)))


def _worth(points: Floats, error: Floats, noise: float) -> float:
    """The mean score of what is chosen with errors of `noise` times their variance added, told without that choice."""
    told = []
    for scaled in (error * noise**0.5, error * -(noise**0.5)):
        chosen = (points[:, None] + scaled).argmax(axis=0)
        told.append(points[chosen] - scaled[chosen, np.arange(len(chosen))] / noise)
    return float(np.mean(told))


def _reach(behind: Floats, error: Floats, best: int) -> tuple[float, float]:
    """Both ends of the hybrid interval, in standard errors of the best one's score from that score.

    behind: scores less the best one's; error: of each variant's score, by draw.
    """
    from scipy.special import ndtr, ndtri  # imported late: pages that only read need not wait for it

    spread = error.std(axis=1)
    largest = np.abs(error[spread > 0] / spread[spread > 0, None]).max(axis=0, initial=Z)
    sure = min(float(np.quantile(largest, 1 - _SURE)), float(ndtri(1 - _SURE / 2 / len(error))))  # Bonferroni's at most
    if spread[best] == 0:
        return -sure, Z
    with_best = error @ error[best] / error.shape[1] / spread[best] ** 2
    behind = behind / spread[best]
    closer, further = with_best < 1 - 1e-9, with_best > 1 + 1e-9
    lowest = float(np.max(behind[closer] / (1 - with_best[closer]), initial=-np.inf))
    highest = float(np.min(behind[further] / (1 - with_best[further]), initial=np.inf))
    truth = np.linspace(-sure, sure, 2001)
    under = ndtr(np.maximum(lowest - truth, -sure))
    inside = ndtr(np.minimum(highest - truth, sure)) - under
    place = (ndtr(-truth) - under) / inside  # of the score among those that could have been; falls as the truth rises
    level = (0.05 - _SURE) / (1 - _SURE)
    ends = np.interp([level / 2, 1 - level / 2], place[::-1], truth[::-1])
    return float(ends[1]), float(ends[0])
