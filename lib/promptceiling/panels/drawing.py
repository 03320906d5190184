"""How charts are drawn: inline SVG by matplotlib, coloured by the page, so that it follows its light or dark look."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup

from promptceiling.panels.markup import EMPTY, unbroken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# stand-ins that matplotlib draws with, replaced by the page's colours in the SVG
_COLOURS = {"#010203": "currentColor", "#040506": "var(--pc-soft)", "#070809": "var(--pc-accent)",
            "#0a0b0c": "var(--pc-line)", "#0d0e0f": "var(--pc-open)", "#010b0c": "var(--pc-on-accent)"}
INK, SOFT, ACCENT, LINE, OPEN, ON_ACCENT = _COLOURS
_WIDE, _NARROW = 9.0, 4.2  # inches; the page shows one or the other


def figure(
    draw: Callable[[Axes, bool], None], wide_height: float, narrow_height: float, described: str,
    grid: Literal["x", "y"] = "x", caption: str | None = None,
) -> Markup:
    """One drawing for wide pages and one for narrow ones, `described` in words; `grid` crosses that axis.

    The words stand below it too, unless a `caption` does: where the drawing's own texts say the same already.
    """
    sizes = (("pc-wide", (_WIDE, wide_height), False), ("pc-narrow", (_NARROW, narrow_height), True))
    both = Markup("").join(
        Markup('<div class="{}">{}</div>').format(name, _svg(draw, size, narrow, described, grid))
        for name, size, narrow in sizes)
    below = described if caption is None else caption
    return Markup("<figure>{}{}</figure>").format(
        both, Markup("<figcaption>{}</figcaption>").format(unbroken(below)) if below else EMPTY)


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
        drawing = Figure(figsize=size, layout="constrained")
        drawing.patch.set_alpha(0)
        axes = drawing.add_subplot()
        axes.patch.set_alpha(0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(LINE)
        axes.tick_params(colors=INK, length=0, labelsize=10)
        axes.grid(axis=grid, color=LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        draw(axes, narrow)
        out = io.StringIO()
        drawing.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    text = text[text.index("<svg") :]
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", text)
    label = Markup('<svg role="img" aria-label="{}" ').format(described)
    # matplotlib escapes every text that it draws
    return Markup(re.sub(r"^<svg ", lambda _: label, text))  # noqa: S704


def short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
