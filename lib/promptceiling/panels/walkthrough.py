"""The walkthrough: one page over a published file, read-only; the what-if controls are pure functions over it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import Published, read_published
from promptceiling.errors import PromptCeilingError
from promptceiling.panels import score_sections, sections, tuning_sections
from promptceiling.panels.bill_sections import bill_section
from promptceiling.panels.controls import panel
from promptceiling.panels.decision import decision_about
from promptceiling.panels.flip_sections import flips_section
from promptceiling.panels.markup import join, notice, page, style
from promptceiling.panels.picture_sections import dimensions_section, lanes_section
from promptceiling.panels.what_if import Basis, WhatIf

PUBLISHED_VARIABLE = "PROMPTCEILING_PUBLISHED"
PARTS_VARIABLE = "PROMPTCEILING_PARTS"  # a file with the parts, rendered once for all visitors
QUERY_VARIABLE = "QUERY_STRING"  # of the page's address; Voila gives it to the page's kernel


class Walkthrough:
    """The page over what a file published.

    Widgets are attributes; `view` holds them all. Moving a control of `what_if` renders the answer beside the controls;
    nothing is written, sent or called. `query` is what the page's address says of the settings, or None where there is
    no such address. `parts` are what `parts_of` gives for it, where that has been rendered already.
    """

    def __init__(
        self, published: Published, query: str | None = None, parts: tuple[str, str] | None = None
    ) -> None:
        self.top, self.rest = widgets.HTML(), widgets.HTML()
        self.what_if = WhatIf(_basis(published), basis_is="published", linked=query is not None)
        self.view = panel(self.top, self.what_if.view, self.rest)
        self.view.add_class("pc-page")
        self._render(parts or parts_of(published))
        self.what_if.restore(query or "")

    def update(self, published: Published) -> None:
        """Show another published file."""
        self.what_if.update(_basis(published))
        self._render(parts_of(published))

    def _render(self, parts: tuple[str, str]) -> None:
        self.top.value, self.rest.value = parts


def parts_of(published: Published) -> tuple[str, str]:
    """What stands above the what-if controls, and below them: HTML that only the published file decides."""
    evidence, assumptions, basis = published.evidence, published.assumptions, _basis(published)
    decision, flips, plausible, forecast = basis.decide(), basis.flips(), basis.plausible(), basis.forecast()
    above = [
        ("table", "The table", sections.table_section(decision) + sections.checklist_section(decision)
         + lanes_section(decision)),
        ("prompts", "How far prompts got", score_sections.leaderboard_section(evidence, assumptions)),
        ("alternatives", "The alternatives",
         tuning_sections.alternatives_section(evidence, assumptions, published.prices)
         + dimensions_section([course.option for course in forecast.courses], assumptions)),
        ("mistakes", "Where it is wrong", score_sections.confusion_section(evidence)),
        ("what-if", "What if", Markup(
            '<h2>What if</h2><p class="pc-soft">Move a control: the answer follows. Nothing here changes what was '
            "published.</p>")),
    ]
    below = [
        ("flips", "What would flip it", flips_section(flips, plausible)),
        ("bill", "The bill and the loop", bill_section(evidence, assumptions, forecast, published.ends)),
        ("rests-on", "What this rests on",
         sections.rests_on_section(evidence, published.prices, published.published_at, published.ends)),
    ]
    top = page(style(), sections.masthead(evidence, published.published_at),
               sections.verdict_card(decision, about_it=decision_about(basis, decision, flips, plausible)),
               contents([(name, title) for name, title, _ in above + below]), _sections(above))
    return str(top), str(page(_sections(below)))


def contents(parts: Sequence[tuple[str, str]]) -> Markup:
    """Links to the parts of a page, by their (id, title)."""
    return Markup('<nav class="pc-contents" aria-label="On this page">{}</nav>').format(
        join(Markup('<a href="#{}">{}</a>').format(*part) for part in parts))


def _sections(parts: Sequence[tuple[str, str, Markup]]) -> Markup:
    return join(Markup('<section id="{}" aria-label="{}">{}</section>').format(*part) for part in parts)


def _basis(published: Published) -> Basis:
    return Basis(published.evidence, published.assumptions, published.prices, published.ends)


def open_walkthrough(path: str | Path | None = None) -> widgets.Widget:
    """The walkthrough over a published file, by default the one that the app was started with.

    What cannot be read is said in the page.
    """
    where = path or os.environ.get(PUBLISHED_VARIABLE)
    try:
        if not where:
            raise PromptCeilingError("No published file is named. Start the page with `promptceiling app FILE`, or "
                                     "give open_walkthrough a path.")
        rendered = None if path else _rendered()
        return Walkthrough(read_published(where), os.environ.get(QUERY_VARIABLE), rendered).view
    except PromptCeilingError as error:
        return widgets.HTML(str(page(style(), notice(str(error)))))


def _rendered() -> tuple[str, str] | None:
    """The parts that were rendered before this kernel started; None where there are none."""
    where = os.environ.get(PARTS_VARIABLE)
    if not where:
        return None
    top, rest = json.loads(Path(where).read_text(encoding="utf-8"))
    return str(top), str(rest)
