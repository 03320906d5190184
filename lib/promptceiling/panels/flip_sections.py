"""What would flip the verdict, and how often each holds in plausible worlds, as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from promptceiling.decision import Flip, Plausible
from promptceiling.decision.flips import shown
from promptceiling.panels.drawing import ACCENT, INK, SOFT, figure, short
from promptceiling.panels.markup import EMPTY, join, table, unbroken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 8  # flips in the chart; the table holds all
_FAR = "how far it must move: the log of the ratio, or the difference of two scores"


def flips_first(flips: Sequence[Flip], most: int = 3) -> Markup:
    """The nearest flips in a few words, one line each."""
    if not flips:
        return Markup("no input, moved alone within its range")
    return Markup('<ul class="pc-ticks pc-flips">{}</ul>').format(join(
        Markup("<li>{}</li>").format(
            unbroken(f"{f.title}: {f.direction} {shown(f.unit, f.at)}, now {f.today} → {f.verdict}"))
        for f in flips[:most]))


def flips_section(flips: Sequence[Flip], plausible: Plausible) -> Markup:
    """Every input's flip, nearest first, as a chart and a table, and the share of plausible worlds of each verdict."""
    shares = table([("verdict", False), ("share of worlds", True)],
                   [(verdict, f"{count / plausible.draws:.1%} ({count} of {plausible.draws})")
                    for verdict, count in plausible.verdicts], "Verdicts in plausible worlds")
    return Markup('<h2>What would flip it</h2>{}<h3>All inputs at once</h3><p class="pc-small pc-soft">In '
                  "each of {} simulated worlds every measured figure is drawn from its interval and every stated "
                  "estimate from its plausible range, and the verdict is taken as if they were known.</p>{}").format(
        _alone(flips), plausible.draws, shares)


def _alone(flips: Sequence[Flip]) -> Markup:
    if not flips:
        return Markup("<p>No input, moved alone within its range, changes the verdict.</p>")
    rows = [(_named(f), f.today, f"{f.direction} {shown(f.unit, f.at)}", f.verdict,
             "measured" if f.measured else "stated") for f in flips]
    head = [("input, and which way", False), ("now", True), ("flips", True), ("to", False), ("known as", False)]
    return Markup('<p class="pc-small pc-soft">Each input is moved alone; all others stay. The nearest come first: if '
                  "a small step flips the verdict, it is not yet a firm one.</p>{}{}").format(
        flip_chart(flips),
        Markup('<details class="pc-row"><summary><span>All {} flips as a table</span></summary><div>{}</div></details>'
               ).format(len(flips), table(head, rows, "Values at which the verdict changes")))


def _named(flip: Flip) -> str:
    """An input that flips both ways is there twice: the way is part of its name."""
    return f"{'↑' if flip.direction == 'above' else '↓'} {flip.title}"


def flip_chart(flips: Sequence[Flip]) -> Markup:
    """How far the nearest flips are, as bars; nothing where no input that has a value now flips."""
    flips = [flip for flip in flips if math.isfinite(flip.distance)][:MOST]
    if not flips:
        return EMPTY

    def draw(axes: Axes, narrow: bool) -> None:
        most, step = max(f.distance for f in flips), 2.5 if narrow else 1.0
        for k, flip in enumerate(flips):
            y = -k * step
            axes.barh([y], [max(flip.distance, 0.004 * most)], height=0.5, color=ACCENT)
            said = f"{flip.direction} {shown(flip.unit, flip.at)} → {short(flip.verdict, 34)}"
            if narrow:
                axes.text(0, y + 1.1, short(_named(flip), 46), color=INK, fontsize=9.5, va="center")
                axes.text(0, y + 0.55, said, color=SOFT, fontsize=9, va="center")
            else:
                axes.text(flip.distance + 0.012 * most, y, said, color=INK, fontsize=9.5, va="center")
        axes.set_yticks([] if narrow else [-k for k in range(len(flips))],
                        [] if narrow else [short(_named(f), 42) for f in flips])
        axes.set_ylim(-(len(flips) - 1) * step - 0.6, 1.6 if narrow else 0.6)
        axes.set_xlim(0, most * (1.02 if narrow else 2.4))
        axes.set_xticks([])
        axes.set_xlabel(_FAR.replace(", ", ",\n") if narrow else _FAR, color=SOFT, fontsize=9)

    described = "The nearest flips: " + " ".join(flip.sentence for flip in flips)
    return figure(draw, 0.7 + 0.34 * len(flips), 0.7 + 0.62 * len(flips), described, caption="")
