"""The checks of the lessons: a prediction held against what was measured, with a word on what the difference means."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision.words import figure
from promptceiling.panels.markup import EMPTY, facts, page, style
from promptceiling.scores import Interval


def check_number(said: float | None, found: Interval, *, about: str, because: str, hint: str) -> widgets.HTML:
    """Whether what was predicted lies in the interval of what was measured; `because` tells what to learn.

    `said` is None until a prediction has been written; then nothing is given away. Outside the interval the card says
    on which side, and `hint` tells where to look; what was measured and `because` are folded below it.
    """
    if said is None:
        return _not_yet("number")
    if not isinstance(said, int | float) or isinstance(said, bool):
        return _card("not met", "Not a number", f"The prediction is {said!r}; write a number such as 0.7.")
    measured = facts([("You said", f"{said:g}"), ("Measured", f"{figure(found)}, n {found.n:,}"),
                      ("Off by", f"{abs(said - found.value):.2f}")])
    if found.low <= said <= found.high:
        return _card("met", "Inside the interval", f"{about}:", measured + _paragraph(because))
    return _card("undecidable", "Too low" if said < found.low else "Too high", f"{about}: you said {said:g}.",
                 _paragraph(hint) + _folded("Show what was measured, and why", measured + _paragraph(because)))


def check_choice(said: str | None, right: str, options: Sequence[str], *, because: str, hint: str) -> widgets.HTML:
    """Whether the chosen option is the one that the measurement bears out; `because` tells why.

    A wrong one is answered with `hint`, where to look; the right one and `because` are folded below it.
    """
    if said is None:
        return _not_yet("choice")
    if said not in options:
        return _card("not met", "Not one of the options", f"{said!r} is not among: {', '.join(options)}.")
    if said == right:
        return _card("met", "Yes", f"{right}.", _paragraph(because))
    return _card("undecidable", "The measurement says otherwise", f"You said {said}.",
                 _paragraph(hint) + _folded("Show the answer, and why", _paragraph(f"It is: {right}. {because}")))


def check_done(parts: Sequence[tuple[str, bool, str]]) -> widgets.HTML:
    """A list of (what, whether it is done, what to do else), for work that has no single right answer."""
    done = sum(ok for _, ok, _ in parts)
    said = [(("✓ " if ok else "○ ") + what, "done" if ok else other) for what, ok, other in parts]
    return _card("met" if done == len(parts) else "undecidable", f"{done} of {len(parts)} done", "", facts(said))


def _not_yet(kind: str) -> widgets.HTML:
    return _card("not measured", "No prediction yet",
                 f'Write your {kind} in the cell above that begins with "prediction", run it and this cell again. A '
                 "prediction made before looking is the part that teaches.")


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)


def _folded(title: str, inside: Markup) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(title, inside)


def _card(status: str, verdict: str, said: str, below: Markup = EMPTY) -> widgets.HTML:
    sign = {"met": "✓", "undecidable": "?", "not measured": "○", "not met": "–"}[status]
    chip = Markup('<span class="pc-chip pc-{}">{} {}</span>').format(status.replace(" ", "-"), sign, verdict)
    card = Markup('<section class="pc-card" aria-label="Check"><div>{}</div><p>{}</p>{}</section>').format(
        chip, said, below)
    return widgets.HTML(str(page(style(), card)))
