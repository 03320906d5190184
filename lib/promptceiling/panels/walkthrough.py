"""The walkthrough: one page over a published file, read-only; the what-if controls are pure functions over it."""

from __future__ import annotations

import os
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
from promptceiling.panels.markup import notice, page, style
from promptceiling.panels.picture_sections import dimensions_section, lanes_section
from promptceiling.panels.what_if import Basis, WhatIf

PUBLISHED_VARIABLE = "PROMPTCEILING_PUBLISHED"
QUERY_VARIABLE = "QUERY_STRING"  # of the page's address; Voila gives it to the page's kernel


class Walkthrough:
    """The page over what a file published.

    Widgets are attributes; `view` holds them all. Moving a control of `what_if` renders the answer beside the controls;
    nothing is written, sent or called. `query` is what the page's address says of the settings, or None where there is
    no such address.
    """

    def __init__(self, published: Published, query: str | None = None) -> None:
        self.top, self.rest = widgets.HTML(), widgets.HTML()
        self.what_if = WhatIf(_basis(published), basis_is="published", linked=query is not None)
        self.view = panel(self.top, self.what_if.view, self.rest)
        self.view.add_class("pc-page")
        self._render(published)
        self.what_if.restore(query or "")

    def update(self, published: Published) -> None:
        """Show another published file."""
        self.what_if.update(_basis(published))
        self._render(published)

    def _render(self, published: Published) -> None:
        evidence, assumptions = published.evidence, published.assumptions
        basis = _basis(published)
        decision, flips, plausible, forecast = basis.decide(), basis.flips(), basis.plausible(), basis.forecast()
        self.top.value = str(page(
            style(), sections.masthead(evidence, published.published_at),
            sections.verdict_card(decision, about_it=decision_about(basis, decision, flips, plausible)),
            sections.table_section(decision), sections.checklist_section(decision), lanes_section(decision),
            score_sections.leaderboard_section(evidence, assumptions),
            tuning_sections.alternatives_section(evidence, assumptions, published.prices),
            dimensions_section([course.option for course in forecast.courses], assumptions),
            score_sections.confusion_section(evidence),
            Markup('<h2 id="what-if">What if</h2><p class="pc-soft">Move a control: the answer below follows. Nothing '
                   "here changes what was published.</p>")))
        self.rest.value = str(page(
            flips_section(flips, plausible), bill_section(evidence, assumptions, forecast, published.ends),
            sections.rests_on_section(evidence, published.prices, published.published_at, published.ends)))


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
        return Walkthrough(read_published(where), os.environ.get(QUERY_VARIABLE)).view
    except PromptCeilingError as error:
        return widgets.HTML(str(page(style(), notice(str(error)))))
