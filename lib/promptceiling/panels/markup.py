"""HTML for panels. Every text goes through MarkupSafe, so that words from data are shown and never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

EMPTY = Markup("")
_FIGURE = re.compile(r"\[[-+$]?\d[^\[\]]{0,30}, [^\[\]]{1,30}\]|[-+]?\d[\d.,]* pp\b|\bn \d[\d,]*")


@cache
def style() -> Markup:
    """The style sheet, in its tag."""
    return Markup("<style>{}</style>").format(
        Markup((Path(__file__).parent / "style.css").read_text(encoding="utf-8")))  # noqa: S704 - our own file


def unbroken(text: str | Markup) -> Markup:
    """A text whose intervals, points and n each stay on one line; what is marked up already is left as it is.

    >>> unbroken("a gain of +1.0 pp [-0.5, +2.5] <here>")
    Markup('a gain of <span class="pc-num">+1.0 pp</span> <span class="pc-num">[-0.5, +2.5]</span> &lt;here&gt;')
    """
    if isinstance(text, Markup):
        return text
    return Markup(_FIGURE.sub(r'<span class="pc-num">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped before


def join(parts: Iterable[Markup]) -> Markup:
    """Parts one after another."""
    return EMPTY.join(parts)


def page(*parts: Markup) -> Markup:
    """Parts as one piece of a page in the project's look."""
    return Markup('<div class="pc">{}</div>').format(join(parts))


def table(head: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str | Markup]], caption: str) -> Markup:
    """A table that scrolls sideways where it is too wide; on a phone each row is a card, titled by its first cell.

    `head` is (title, whether numbers stand below).
    """
    cells = join(Markup('<th scope="col" role="columnheader"{}>{}</th>').format(_right(n), title) for title, n in head)
    # the roles keep it a table for screen readers where the style sheet lays its cells out as cards
    body = join(
        Markup('<tr role="row">{}</tr>').format(join(
            Markup('<td role="cell" data-column="{}"{}>{}</td>').format(
                title, _right(number), unbroken(cell))
            for (title, number), cell in zip(head, row, strict=True)))
        for row in rows)
    return Markup('<div class="pc-scroll" tabindex="0" role="region" aria-label="{}">'
                  '<table class="pc-stacks" role="table"><caption class="pc-visually-hidden">{}</caption>'
                  '<thead role="rowgroup"><tr role="row">{}</tr></thead><tbody role="rowgroup">{}</tbody></table>'
                  "</div>").format(caption, caption, cells, body)


def _right(number: bool) -> Markup:
    return Markup(' class="pc-num"') if number else EMPTY


def facts(pairs: Iterable[tuple[str, str | Markup]]) -> Markup:
    """Terms with what is known of each, side by side."""
    return Markup('<dl class="pc-facts">{}</dl>').format(
        join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(term, unbroken(value)) for term, value in pairs))


def notice(text: str | Markup, role: str = "alert") -> Markup:
    """A sentence that stands out; `role` is "note" where nothing is wrong."""
    return Markup('<p class="pc-notice" role="{}">{}</p>').format(role, text)


def verbatim(text: str) -> Markup:
    """A text byte for byte. The line break that HTML drops after the tag is not the text's."""
    return Markup("<pre>\n{}</pre>").format(text)
