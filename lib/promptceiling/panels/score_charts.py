"""Charts of scores: calibration, risk against coverage, latency, labels one by one, and the learning curve.

Each tells its own text alternative. What stands for what differs by shape or line style, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from promptceiling.decision.words import figure as said
from promptceiling.decision.words import milliseconds
from promptceiling.panels.drawing import ACCENT, INK, LINE, OPEN, SOFT, figure, short
from promptceiling.scores import Calibration, ClassScore, LearningCurve, percentile_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = ("o", "s", "^", "D")


def reliability_chart(calibration: Calibration) -> Markup:
    """Right answers against stated confidence: a point a bin with its 95% interval and cases; dashed: as stated."""

    def draw(axes: Axes, narrow: bool) -> None:
        axes.plot([0, 1], [0, 1], color=OPEN, linestyle="--", linewidth=1.3)
        for one in calibration.bins:
            axes.plot([one.confidence] * 2, [one.accuracy.low, one.accuracy.high], color=ACCENT, linewidth=2.2)
            axes.plot([one.confidence], [one.accuracy.value], "o", color=ACCENT, markersize=6)
            axes.annotate(f"{one.accuracy.n}", (one.confidence, one.accuracy.low), xytext=(0, -3), color=INK,
                          textcoords="offset points", fontsize=8.5, ha="center", va="top")
        axes.set_xlim(0, 1.02)
        axes.set_ylim(-0.06, 1.02)
        axes.set_xlabel("stated confidence", color=SOFT)
        axes.set_ylabel("share of right answers", color=SOFT)

    told = "; ".join(f"stated {b.confidence:.2f}: right {said(b.accuracy)}, n {b.accuracy.n}" for b in calibration.bins)
    return figure(draw, 3.6, 3.4, f"Right answers by stated confidence, with 95% intervals; cases below each point; "
                  f"dashed: confidence that means what it says. {told}.", grid="y")


def risk_chart(calibration: Calibration) -> Markup:
    """The error rate among answered cases where only the most confident share is answered, with 95% intervals."""
    coverage, risk, risks = calibration.coverage, calibration.risk, calibration.risks

    def draw(axes: Axes, narrow: bool) -> None:
        axes.step([0, *coverage], [risk[0], *risk], where="pre", color=ACCENT, linewidth=2.2)
        for share, rate in risks:
            axes.plot([share] * 2, [rate.low, rate.high], color=ACCENT, linewidth=1.3)
        axes.axhline(risk[-1], color=OPEN, linestyle="--", linewidth=1.3)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, max(0.05, 1.05 * max(*risk, *(rate.high for _, rate in risks))))
        axes.set_xlabel("share of cases that are answered, most confident first", color=SOFT)
        axes.set_ylabel("error rate among them", color=SOFT)

    half, part = next((share, rate) for share, rate in risks if share >= 0.5)
    return figure(draw, 2.9, 2.9, f"Error rate against the share of {calibration.n} cases that is answered, with 95% "
                  f"intervals: {said(part)} where the most confident {half:.0%} are, n {part.n}; {said(risks[-1][1])} "
                  f"(dashed) where all are, n {calibration.n}.", grid="y")


def latency_chart(seconds: Mapping[str, Sequence[float]], quantiles: Sequence[float] = (0.5, 0.95)) -> Markup:
    """Latency percentiles in milliseconds with 95% intervals, a line a name; an arrow: too few calls for an end.

    A mark a quantile (at most four). Raises InputError for a latency that is negative or no number.
    """
    rows = [(name, [percentile_interval([1000 * s for s in each], q) for q in quantiles])
            for name, each in seconds.items() if len(each)]
    ends = [x for _, found in rows for i in found for x in (i.value, i.high) if math.isfinite(x)]
    far = 1.1 * max(ends, default=1.0)

    def draw(axes: Axes, narrow: bool) -> None:
        for k, (name, found) in enumerate(rows):
            for j, (i, q) in enumerate(zip(found, quantiles, strict=True)):
                y = len(rows) - k - 0.22 * j
                axes.plot([i.low, min(i.high, far)], [y, y], color=ACCENT, linewidth=2.2, solid_capstyle="butt")
                axes.plot([i.value], [y], _MARKS[j], color=ACCENT, markersize=6,
                          label=f"p{100 * q:g}" if k == 0 else None)
                if math.isinf(i.high):
                    axes.plot([far], [y], ">", color=OPEN, markersize=6)
            if narrow:
                axes.text(0, len(rows) - k + 0.2, short(name, 44), color=INK, fontsize=9.5)
        ys = [len(rows) - k for k in range(len(rows))]
        axes.set_yticks([] if narrow else ys, [] if narrow else [short(name, 46) for name, _ in rows])
        axes.set_xlim(0, 1.04 * far)
        axes.set_ylim(0.4, len(rows) + 0.7)
        axes.set_xlabel("milliseconds", color=SOFT)
        axes.legend(frameon=False, labelcolor=INK, fontsize=9.5, loc="lower right", bbox_to_anchor=(1, 1), ncols=4,
                    borderaxespad=0)

    told = "; ".join(
        f"{name}: {', '.join(f'p{100 * q:g} {milliseconds(i)}' for i, q in zip(found, quantiles, strict=True))}, "
        f"n {found[0].n}" for name, found in rows)
    return figure(draw, 1.2 + 0.5 * len(rows), 1.3 + 0.6 * len(rows),
                  f"Latency with 95% intervals; an arrow marks an upper end that more calls would show. {told}.")


def class_chart(per_class: Sequence[ClassScore]) -> Markup:
    """F1 of each label as a bar with its 95% interval and its cases, in the order given; no case: no bar."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(per_class), 0, -1)
        for y, each in zip(ys, per_class, strict=True):
            f1 = each.f1
            if f1.n:
                axes.barh([y], [f1.value], height=0.34 if narrow else 0.6, color=LINE, edgecolor=ACCENT, linewidth=1.2)
                axes.plot([f1.low, f1.high], [y, y], color=INK, linewidth=1.6)
                axes.plot([f1.low, f1.high], [y, y], "|", color=INK, markersize=7)
            axes.text(1.02, y, f"{each.support}", color=INK, fontsize=9.5, va="center")
            if narrow:
                axes.text(0, y + 0.24, short(each.label, 40), color=INK, fontsize=9.5, va="bottom")
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [short(c.label, 46) for c in per_class])
        axes.set_xlim(0, 1.1)
        axes.set_ylim(0.4, len(per_class) + 0.8)
        axes.set_xlabel("F1; cases at the right", color=SOFT)

    told = "; ".join(f"{c.label} {said(c.f1)}, {c.support} cases" for c in per_class)
    return figure(draw, 0.8 + 0.3 * len(per_class), 0.9 + 0.5 * len(per_class),
                  f"F1 by label, with 95% intervals. {told}.")


def learning_chart(curve: LearningCurve) -> Markup:
    """The score against the number of labels: measured points, the forecast (hollow, dashed) or why there is none."""
    forecasts = [f for f in curve.forecasts if f.refused is None]
    refused = [curve.refused] if curve.refused else [f"{f.labels:,} labels: {f.refused}" for f in curve.forecasts
                                                     if f.refused]

    def draw(axes: Axes, narrow: bool) -> None:
        for x, score, hollow in [*((p.labels, p.score, False) for p in curve.points),
                                 *((f.labels, f.score, True) for f in forecasts)]:
            if not math.isnan(score.low):
                axes.plot([x, x], [score.low, score.high], color=ACCENT, linewidth=2.2)
            axes.plot([x], [score.value], "s" if hollow else "o", color=ACCENT, markersize=6,
                      markerfacecolor="none" if hollow else ACCENT)
        if forecasts:
            first, last = curve.points[-1].labels, forecasts[-1].labels
            xs = [first + (last - first) * k / 40 for k in range(41)]
            axes.plot(xs, [curve.at(x) for x in xs], "--", color=OPEN, linewidth=1.3)
        axes.set_xscale("log")
        ticks = [p.labels for p in curve.points] + [f.labels for f in forecasts]
        axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
        axes.minorticks_off()
        axes.set_ylim(0, 1)
        axes.set_xlabel("labels", color=SOFT)
        axes.set_ylabel("score", color=SOFT)

    measured = "; ".join(f"{p.labels:,} labels {said(p.score)}, {p.draws} draws" for p in curve.points)
    ahead = "; ".join(f"{f.labels:,} labels {said(f.score)}" for f in forecasts)
    return figure(draw, 2.9, 2.9, f"Score by number of labels, with 95% intervals. Measured: {measured}. "
                  + (f"Forecast (squares): {ahead}. " if ahead else "")
                  + (f"No forecast: {' '.join(refused)}" if refused else ""), grid="y")
