"""Charts of variants, iterations, training and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from promptceiling.panels.drawing import ACCENT, INK, LINE, OPEN, SOFT, figure, short
from promptceiling.scores import Interval, Plateau
from promptceiling.scores.plateau import LAST

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def interval_chart(
    names: Sequence[str], intervals: Sequence[Interval], *, threshold: float | None, described: str,
    axis: str = "weighted F1",
) -> Markup:
    """Points with their 95% intervals, one line a name, and the threshold, where there is one, as a dashed line."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(names), 0, -1)
        for y, interval in zip(ys, intervals, strict=True):
            if not math.isnan(interval.low):
                axes.plot([interval.low, interval.high], [y, y], color=ACCENT, linewidth=2.2, solid_capstyle="butt")
            axes.plot([interval.value], [y], "o", color=ACCENT, markersize=6.5)
            if narrow:
                axes.text(0, y + 0.28, short(names[len(names) - y], 44), color=INK, fontsize=9.5)
        if threshold is not None:
            axes.axvline(threshold, color=OPEN, linestyle="--", linewidth=1.3)
            axes.text(threshold, len(names) + 0.62, f"threshold {threshold:.2f}", color=OPEN, fontsize=9.5,
                      ha="right" if threshold > 0.5 else "left", va="bottom")
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [short(n, 46) for n in names])
        axes.set_ylim(0.4, len(names) + 0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel(axis, color=SOFT)

    return figure(draw, 0.9 + 0.34 * len(names), 1.0 + 0.52 * len(names), described)


def difference_chart(
    names: Sequence[str], deltas: Sequence[Interval], margins: Sequence[float], *, described: str
) -> Markup:
    """Differences in percentage points with their 95% intervals, one line a name; 0 is drawn, margins are dashed."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(names), 0, -1)
        for y, name, delta in zip(ys, names, deltas, strict=True):
            axes.plot([100 * delta.low, 100 * delta.high], [y, y], color=ACCENT, linewidth=2.2, solid_capstyle="butt")
            axes.plot([100 * delta.value], [y], "o", color=ACCENT, markersize=6.5)
            if narrow:
                axes.text(0.01, y + 0.2, short(name, 44), color=INK, fontsize=9.5, transform=axes.get_yaxis_transform())
        axes.axvline(0, color=SOFT, linewidth=1.3)
        for margin in margins:
            axes.axvline(100 * margin, color=OPEN, linestyle="--", linewidth=1.3)
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [short(n, 46) for n in names])
        axes.set_ylim(0.4, len(names) + 0.7)
        axes.set_xlabel("difference in percentage points", color=SOFT)

    return figure(draw, 0.9 + 0.34 * len(names), 1.0 + 0.52 * len(names), described)


def plateau_chart(plateau: Plateau, *, threshold: float, described: str) -> Markup:
    """Each iteration's weighted F1 with its interval, the best so far as steps, and the threshold as a dashed line.

    The framed band begins at the best before the last three and is as high as the gain that would not matter: a
    plateau is where the last three do not leave it.
    """

    def draw(axes: Axes, narrow: bool) -> None:
        xs = list(range(1, len(plateau.best_so_far) + 1))
        axes.step(xs, plateau.best_so_far, where="post", color=ACCENT, linewidth=2.2)
        for x, score in zip(xs, plateau.scores, strict=False):
            axes.plot([x, x], [score.low, score.high], color=ACCENT, linewidth=1.3)
        values = [score.value for score in plateau.scores] or plateau.best_so_far
        axes.plot(xs, values, "o", color=ACCENT, markersize=5.5)
        if plateau.gain is not None:
            floor = plateau.best_so_far[-1] - plateau.gain.value
            axes.fill_between([xs[-1] - LAST + 0.5, xs[-1] + 0.4], floor, floor + plateau.limit, facecolor=LINE,
                              edgecolor=OPEN, linewidth=1)
        axes.axhline(threshold, color=OPEN, linestyle="--", linewidth=1.3)
        axes.text(xs[0], threshold + 0.015, f"threshold {threshold:.2f}", color=OPEN, fontsize=9.5, va="bottom")
        axes.set_xticks(xs)
        axes.set_ylim(0, 1)
        axes.set_xlabel("iteration", color=SOFT)
        axes.set_ylabel("weighted F1", color=SOFT)

    return figure(draw, 2.7, 2.9, described, grid="y")


def loss_chart(
    losses: Sequence[Sequence[float]], *, described: str, validation: Sequence[Sequence[float]] = ()
) -> Markup:
    """Training loss, and validation loss where there is one, over the steps of a job; both lists of (step, loss)."""

    def draw(axes: Axes, narrow: bool) -> None:
        axes.plot([step for step, _ in losses], [loss for _, loss in losses], "o-", color=ACCENT, linewidth=2.2,
                  markersize=5 if len(losses) < 60 else 0, label="training")
        if validation:
            axes.plot([step for step, _ in validation], [loss for _, loss in validation], "s--", color=OPEN,
                      linewidth=1.6, markersize=5, label="validation")
            axes.legend(frameon=False, labelcolor=INK, fontsize=9.5)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("step", color=SOFT)
        axes.set_ylabel("loss" if validation else "training loss", color=SOFT)

    return figure(draw, 2.7, 2.9, described, grid="y")


def count_chart(names: Sequence[str], counts: Sequence[int], *, described: str, axis: str = "cases") -> Markup:
    """Bars with their counts, one line a name, in the order given."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(names), 0, -1)
        axes.barh(list(ys), counts, height=0.32 if narrow else 0.62, color=ACCENT)
        for y, name, count in zip(ys, names, counts, strict=True):
            axes.annotate(f"{count:,}", (count, y), xytext=(5, 0), textcoords="offset points", color=INK, fontsize=10,
                          va="center")
            if narrow:
                axes.text(0, y + 0.24, short(name, 44), color=INK, fontsize=9.5, va="bottom")
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [short(n, 46) for n in names])
        axes.set_ylim(0.4, len(names) + 0.7)
        axes.set_xlim(0, 1.12 * max(counts, default=1))
        axes.set_xlabel(axis, color=SOFT)

    return figure(draw, 0.7 + 0.28 * len(names), 0.8 + 0.48 * len(names), described)
