"""The walkthrough: one page over a published file, read-only; the what-if controls are pure functions over it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.published import Published, read_published
from promptceiling.decision.verdict import Decision, decide
from promptceiling.errors import PromptCeilingError
from promptceiling.panels import sections
from promptceiling.panels.markup import page, style

PUBLISHED_VARIABLE = "PROMPTCEILING_PUBLISHED"


class Walkthrough:
    """The page over what a file published.

    Widgets are attributes; `view` holds them all. Moving a control changes `assumptions` and renders the answer beside
    the controls; nothing is written, sent or called.
    """

    def __init__(self, published: Published) -> None:
        self.published = published
        self.assumptions = published.assumptions
        evidence = published.evidence
        self.controls: dict[str, Any] = {
            "f1_ship": _slider(widgets.FloatSlider, self.assumptions.f1_ship, "F1 that ships", min=0.5, max=0.99, step=0.01,
                               readout_format=".2f"),
            "sla_ms": _slider(widgets.FloatLogSlider, self.assumptions.sla_ms, "Latency limit, ms (p95)", min=0, max=4,
                              step=0.02, readout_format=".0f"),
            "requests_per_month": _slider(widgets.FloatLogSlider, self.assumptions.requests_per_month, "Requests a month",
                                          min=3, max=9, step=0.05, readout_format=",.0f"),
            "budget_usd_per_month": _slider(widgets.FloatLogSlider, self.assumptions.budget_usd_per_month,
                                            "Budget, USD a month", min=1, max=6, step=0.05, readout_format=",.0f"),
            "labels_enough": _slider(widgets.IntSlider, self.assumptions.labels_enough, "Labels that are enough", min=50,
                                     max=5000, step=50, readout_format=",d"),
        }
        self.reset = widgets.Button(description="As published", tooltip="Put every control back to the published value")
        self.answer = widgets.HTML()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.reset.on_click(self._on_reset)
        decision = self._decide(self.assumptions)
        top = page(
            style(), sections.masthead(evidence, published.published_at), sections.verdict_card(decision),
            sections.table_section(decision), sections.leaderboard_section(evidence, self.assumptions),
            sections.alternatives_section(evidence, self.assumptions, published.prices),
            sections.confusion_section(evidence),
            Markup('<h2 id="what-if">What if</h2><p class="pc-soft">Move a control: the answer below follows. Nothing here '
                   "changes what was published.</p>"),
        )
        rest = page(sections.rests_on_section(evidence, published.prices, published.published_at))
        box = widgets.VBox([*self.controls.values(), self.reset])
        box.add_class("pc-controls")
        self.view = widgets.VBox([widgets.HTML(str(top)), box, self.answer, widgets.HTML(str(rest))])
        self.view.add_class("pc-walkthrough")
        self._render()

    def _decide(self, assumptions: Assumptions) -> Decision:
        return decide(self.published.evidence, assumptions, self.published.prices)

    def _on_change(self, _: object) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        self.assumptions = replace(self.published.assumptions, **values)
        self._render()

    def _on_reset(self, _: object) -> None:
        for name, control in self.controls.items():
            control.value = getattr(self.published.assumptions, name)

    def _render(self) -> None:
        now, before = self._decide(self.assumptions), self._decide(self.published.assumptions)
        card = (sections.unchanged_card(now) if now.verdict == before.verdict
                else sections.verdict_card(now, label="With these settings"))
        self.answer.value = str(page(card, sections.changes(before, now)))


def _slider(kind: Any, value: float, description: str, **options: Any) -> Any:
    return kind(value=value, description=description, continuous_update=False,
                layout=widgets.Layout(width="min(560px, 96%)"), style={"description_width": "min(190px, 44%)"}, **options)


def open_walkthrough(path: str | Path | None = None) -> widgets.Widget:
    """The walkthrough over a published file, by default the one that the app was started with.

    What cannot be read is said in the page.
    """
    where = path or os.environ.get(PUBLISHED_VARIABLE)
    try:
        if not where:
            raise PromptCeilingError("No published file is named. Start the page with `promptceiling app FILE`, or give "
                                     "open_walkthrough a path.")
        return Walkthrough(read_published(where)).view
    except PromptCeilingError as error:
        return widgets.HTML(str(page(style(), Markup('<p class="pc-notice" role="alert">{}</p>').format(str(error)))))
