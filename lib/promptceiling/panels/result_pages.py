"""How a leaderboard, a comparison and a plateau look in a notebook: pages from frozen results; every text escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from promptceiling.decision.words import difference, figure, points
from promptceiling.panels.charts import difference_chart, interval_chart
from promptceiling.panels.markup import EMPTY, facts, join, notice, page, style, table, unbroken
from promptceiling.panels.score_sections import BEST_IN, plateau_section
from promptceiling.scores import Comparison, Leaderboard, Plateau

# a notebook shows many results below each other: a line, where a page of its own has the whole notice
_EMBEDDED = Markup('<p class="pc-small pc-soft" role="note">The embedded model\'s scores, not an LLM\'s.</p>')


def leaderboard_page(board: Leaderboard, remarks: Sequence[str], *, embedded: bool) -> str:
    """Chart and table of every variant, the corrected figure, and what is to be known about them."""
    best = board.standings[0]
    chart = interval_chart(
        [s.name for s in board.standings], [s.f1_weighted for s in board.standings], threshold=None,
        described=f"Weighted F1 of {len(board.standings)} variants on {board.n} cases, with 95% intervals; best: "
                  f"{best.name}, {figure(best.f1_weighted)}.")
    rows = [(s.name, figure(s.f1_weighted), str(s.f1_weighted.n),
             "best" if s is best else difference(s.delta_to_best) + (", not distinguishable" if s.tied else ""),
             f"{s.best_share:.0%}") for s in board.standings]
    head = [("variant", False), ("weighted F1", True), ("cases", True), ("against the best", False),
            (BEST_IN, True)]
    corrected = EMPTY if len(board.standings) < 2 else Markup(
        "<p>{}</p>").format(unbroken(f"Corrected for having picked the best of {len(board.standings)}: "
                                     f"{figure(board.selection_corrected)} (n {board.selection_corrected.n})."))
    return _page(embedded, notice(f"No verdict: {board.withheld}") if board.withheld else EMPTY, chart,
                 table(head, rows, "Variants by weighted F1, with 95% intervals"), corrected, listed(remarks))


def comparison_page(found: Comparison, a: str, b: str, *, embedded: bool) -> str:
    """The verdict of B against A, the difference, and what it rests on."""
    low, high = found.margins
    about: list[tuple[str, str]] = [
        ("Weighted F1", f"{difference(found.delta_f1_weighted)} (n {found.n})"),
        ("Accuracy", f"{difference(found.delta_accuracy)} (n {found.n})"),
        ("Right in one alone", f"{found.only_a} in {a}, {found.only_b} in {b} (McNemar p {found.mcnemar_p:.2g})"),
        ("Margins", f"too little {points(low)}, enough {points(high)}"),
        ("Share of resamples", ", ".join(f"{share:.0%} gain at least {points(margin)}"
                                         for margin, share in found.share_at_least))]
    if not math.isnan(found.detectable):
        about.append(("These cases would show", f"a difference of {points(found.detectable)[1:]} in accuracy, at 80% "
                                                "power"))
    if found.labels_needed:
        about.append(("To decide it", f"about {found.labels_needed:,} more labels"))
    if found.left_out:
        about.append(("Left out", f"{found.left_out} cases that failed" + (
            "" if math.isnan(found.delta_failed_wrong.value) else
            f"; counted as wrong they make it {difference(found.delta_failed_wrong)} (n {found.n + found.left_out})")))
    chart = difference_chart(
        ["weighted F1", "accuracy"], [found.delta_f1_weighted, found.delta_accuracy], found.margins,
        described=f"{b} minus {a} on {found.n} cases, with 95% intervals: weighted F1 "
                  f"{difference(found.delta_f1_weighted)}, accuracy {difference(found.delta_accuracy)}. Dashed: the "
                  "margins.")
    return _page(embedded, notice(f"No verdict: {found.withheld}") if found.withheld else EMPTY,
                 Markup("<h3>{} against {}: {}</h3>").format(b, a, found.worth), chart, facts(about))


def plateau_page(found: Plateau, threshold: float, *, embedded: bool) -> str:
    """The state, the chart over the iterations, and the gain of the last three."""
    return _page(embedded, plateau_section(found, threshold))


def listed(remarks: Sequence[str]) -> Markup:
    """Sentences as a small list; nothing where there are none."""
    return Markup('<ul class="pc-small pc-soft">{}</ul>').format(
        join(Markup("<li>{}</li>").format(r) for r in remarks)) if remarks else EMPTY


def _page(embedded: bool, *parts: Markup) -> str:
    return str(page(style(), *parts, _EMBEDDED if embedded else EMPTY))
