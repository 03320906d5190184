"""Charts as inline SVG: drawn by matplotlib, coloured by the page, so that they follow its light or dark look."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup

from promptceiling.scores import Interval, Plateau

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# stand-ins that matplotlib draws with, replaced by the page's colours in the SVG
_COLOURS = {"#010203": "currentColor", "#040506": "var(--pc-soft)", "#070809": "var(--pc-accent)",
            "#0a0b0c": "var(--pc-line)", "#0d0e0f": "var(--pc-open)"}
_INK, _SOFT, _ACCENT, _LINE, _OPEN = _COLOURS
_WIDE, _NARROW = 9.0, 4.2  # inches; the page shows one or the other


def interval_chart(
    names: Sequence[str], intervals: Sequence[Interval], *, threshold: float, described: str, axis: str = "weighted F1"
) -> Markup:
    """Points with their 95% intervals, one line a name, and the threshold as a dashed line."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(names), 0, -1)
        for y, interval in zip(ys, intervals, strict=True):
            if not math.isnan(interval.low):
                axes.plot([interval.low, interval.high], [y, y], color=_ACCENT, linewidth=2.2, solid_capstyle="butt")
            axes.plot([interval.value], [y], "o", color=_ACCENT, markersize=6.5)
            if narrow:
                axes.text(0, y + 0.28, _short(names[len(names) - y], 44), color=_INK, fontsize=9.5)
        axes.axvline(threshold, color=_OPEN, linestyle="--", linewidth=1.3)
        axes.text(threshold, len(names) + 0.62, f"threshold {threshold:.2f}", color=_OPEN, fontsize=9.5,
                  ha="right" if threshold > 0.5 else "left", va="bottom")
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [_short(n, 46) for n in names])
        axes.set_ylim(0.4, len(names) + 0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel(axis, color=_SOFT)

    return _figure(draw, 0.9 + 0.34 * len(names), 1.0 + 0.52 * len(names), described)


def plateau_chart(plateau: Plateau, *, threshold: float, described: str) -> Markup:
    """The best weighted F1 so far over the iterations, with the threshold as a dashed line."""

    def draw(axes: Axes, narrow: bool) -> None:
        xs = list(range(1, len(plateau.best_so_far) + 1))
        axes.step(xs, plateau.best_so_far, where="post", color=_ACCENT, linewidth=2.2)
        axes.plot(xs, plateau.best_so_far, "o", color=_ACCENT, markersize=5.5)
        axes.axhline(threshold, color=_OPEN, linestyle="--", linewidth=1.3)
        axes.text(xs[0], threshold + 0.015, f"threshold {threshold:.2f}", color=_OPEN, fontsize=9.5, va="bottom")
        axes.set_xticks(xs)
        axes.set_ylim(0, 1)
        axes.set_xlabel("iteration", color=_SOFT)
        axes.set_ylabel("best weighted F1 so far", color=_SOFT)

    return _figure(draw, 2.7, 2.9, described, grid="y")


def loss_chart(losses: Sequence[Sequence[float]], *, described: str) -> Markup:
    """Training loss over the steps of a fine-tuning job; `losses` is a list of (step, loss)."""

    def draw(axes: Axes, narrow: bool) -> None:
        axes.plot([step for step, _ in losses], [loss for _, loss in losses], "o-", color=_ACCENT, linewidth=2.2,
                  markersize=5)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("step", color=_SOFT)
        axes.set_ylabel("training loss", color=_SOFT)

    return _figure(draw, 2.7, 2.9, described, grid="y")


def count_chart(names: Sequence[str], counts: Sequence[int], *, described: str, axis: str = "cases") -> Markup:
    """Bars with their counts, one line a name, in the order given."""

    def draw(axes: Axes, narrow: bool) -> None:
        ys = range(len(names), 0, -1)
        axes.barh(list(ys), counts, height=0.32 if narrow else 0.62, color=_ACCENT)
        for y, name, count in zip(ys, names, counts, strict=True):
            axes.annotate(f"{count:,}", (count, y), xytext=(5, 0), textcoords="offset points", color=_INK, fontsize=10,
                          va="center")
            if narrow:
                axes.text(0, y + 0.24, _short(name, 44), color=_INK, fontsize=9.5, va="bottom")
        axes.set_yticks([] if narrow else list(ys), [] if narrow else [_short(n, 46) for n in names])
        axes.set_ylim(0.4, len(names) + 0.7)
        axes.set_xlim(0, 1.12 * max(counts, default=1))
        axes.set_xlabel(axis, color=_SOFT)

    return _figure(draw, 0.7 + 0.28 * len(names), 0.8 + 0.48 * len(names), described)


def _figure(
    draw: Callable[[Axes, bool], None], wide_height: float, narrow_height: float, described: str,
    grid: Literal["x", "y"] = "x",
) -> Markup:
    """One drawing for wide pages and one for narrow ones, with a text alternative; `grid` crosses that axis."""
    sizes = (("pc-wide", (_WIDE, wide_height), False), ("pc-narrow", (_NARROW, narrow_height), True))
    both = Markup("").join(
        Markup('<div class="{}">{}</div>').format(name, _svg(draw, size, narrow, described, grid))
        for name, size, narrow in sizes)
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(both, described)


def _svg(
    draw: Callable[[Axes, bool], None], size: tuple[float, float], narrow: bool, described: str, grid: Literal["x", "y"]
) -> Markup:
    import matplotlib as mpl  # imported late: half a second that pages without a chart need not wait for
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": "promptceiling", "font.family": "sans-serif", "font.size": 10,
        "text.parse_math": False,  # a label with two dollar signs is a label
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the browser draws the text, in its own fonts
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_LINE)
        axes.tick_params(colors=_INK, length=0, labelsize=10)
        axes.grid(axis=grid, color=_LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        draw(axes, narrow)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    text = text[text.index("<svg") :]
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", text)
    label = Markup('<svg role="img" aria-label="{}" ').format(described)
    # matplotlib escapes every text that it draws
    return Markup(re.sub(r"^<svg ", lambda _: label, text))  # noqa: S704


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
