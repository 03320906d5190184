"""What-if controls: pure functions over evidence. Nothing is written, sent or called."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import (
    Assumptions,
    Decision,
    Evidence,
    Flip,
    Forecast,
    ModelEnds,
    Plausible,
    decide,
    flips_of,
    forecast_of,
    plausible_verdicts,
)
from promptceiling.panels import sections
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.flip_sections import flips_first
from promptceiling.panels.markup import EMPTY, page
from promptceiling.runs import Price


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision is made from: the evidence, what the user states, dated prices by model name, ends of models.

    Every method takes other assumptions in place of the stated ones.
    """

    evidence: Evidence
    assumptions: Assumptions
    prices: dict[str, Price]
    ends: ModelEnds | None = None

    def decide(self, assumptions: Assumptions | None = None) -> Decision:
        return decide(self.evidence, assumptions or self.assumptions, self.prices, self.ends)

    def flips(self, assumptions: Assumptions | None = None) -> tuple[Flip, ...]:
        return flips_of(self.evidence, assumptions or self.assumptions, self.prices, self.ends)

    def plausible(self, assumptions: Assumptions | None = None) -> Plausible:
        return plausible_verdicts(self.evidence, assumptions or self.assumptions, self.prices, self.ends)

    def forecast(self, assumptions: Assumptions | None = None) -> Forecast:
        return forecast_of(self.evidence, assumptions or self.assumptions, self.prices, self.ends)


class WhatIf:
    """Controls for the assumptions of a decision, and the answer beside them.

    `controls` are by the name of the assumption; `assumptions` is what they say now; `reset` puts them back. `basis_is`
    says in a word what the basis is: "published" or "stated". With `linked` the answer carries an address that restores
    the settings, for a page whose query `restore` reads.
    """

    def __init__(self, basis: Basis, *, basis_is: str, linked: bool = False) -> None:
        self.basis_is, self.linked, self._moving = basis_is, linked, False
        self.controls: dict[str, Any] = {
            "f1_ship": _slider(widgets.FloatSlider, "F1 that ships", min=0.01, max=0.99, step=0.01,
                               readout_format=".2f"),
            "sla_ms": _slider(widgets.FloatLogSlider, "Latency limit, ms (p95)", min=0, max=4, step=0.02,
                              readout_format=".0f"),
            "requests_per_month": _slider(widgets.FloatLogSlider, "Requests a month", min=3, max=9, step=0.05,
                                          readout_format=",.0f"),
            "budget_usd_per_month": _slider(widgets.FloatLogSlider, "Budget, USD a month", min=1, max=6, step=0.05,
                                            readout_format=",.0f"),
            "labels_enough": _slider(widgets.IntSlider, "Labels that are enough", min=50, max=5000, step=50,
                                     readout_format=",d"),
            "price_factor": _slider(widgets.FloatLogSlider, "Prices, × the table's", min=-1.5, max=1.5, step=0.05,
                                    readout_format=".2f"),
            "gpu_usd_per_hour": _slider(widgets.FloatSlider, "GPU, USD an hour", min=0.1, max=10, step=0.1,
                                        readout_format=".2f"),
            "usd_per_hour": _slider(widgets.FloatSlider, "Work, USD an hour", min=5, max=300, step=5,
                                    readout_format=".0f"),
            "retrain_every_months": _slider(widgets.FloatSlider, "Re-train every, months", min=0.5, max=24, step=0.5,
                                            readout_format=".1f"),
            "usd_per_error": _slider(widgets.FloatSlider, "A wrong answer, USD", min=0, max=2, step=0.005,
                                     readout_format=".3f"),
        }
        self.reset = widgets.Button(
            description=f"As {basis_is}", tooltip=f"Put every control back to the {basis_is} value")
        self.answer = widgets.HTML()
        self.view = panel(controls(*self.controls.values(), self.reset), self.answer)
        self.view.add_class("pc-what-if")
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.reset.on_click(self._on_reset)
        self.update(basis)

    def update(self, basis: Basis) -> None:
        """Start again from another basis."""
        self.basis, self.assumptions = basis, basis.assumptions
        self._on_reset(None)

    def restore(self, query: str) -> None:
        """Move the controls to what a page's query says, such as "f1_ship=0.8&sla_ms=500".

        What is no control, or no number, is left out; what is beyond a control's ends moves it to its end.
        """
        with self._answered_once():
            for name, text in parse_qsl(query):
                with contextlib.suppress(ValueError, OverflowError):
                    if name in self.controls and math.isfinite(value := float(text)):
                        self.controls[name].value = _within(self.controls[name], value)

    def moved(self) -> dict[str, Any]:
        """What differs from the basis, by the name of the assumption."""
        return {name: control.value for name, control in self.controls.items()
                if control.value != _within(control, getattr(self.basis.assumptions, name))}

    @contextlib.contextmanager
    def _answered_once(self) -> Iterator[None]:
        """However many controls are moved inside, the answer is written once, at the end."""
        self._moving = True
        yield
        self._moving = False
        self._on_change(None)

    def _on_change(self, _: object) -> None:
        if self._moving:
            return
        self.assumptions = replace(self.basis.assumptions, **self.moved())
        self._render()

    def _on_reset(self, _: object) -> None:
        with self._answered_once():
            for name, control in self.controls.items():
                control.value = _within(control, getattr(self.basis.assumptions, name))

    def _render(self) -> None:
        before, now = self.basis.decide(), self.basis.decide(self.assumptions)
        flips = Markup('<h3>Would flip it first</h3>{}').format(flips_first(self.basis.flips(self.assumptions), 4))
        card = (sections.unchanged_card(now) if now.verdict == before.verdict
                else sections.verdict_card(now, label="With these settings"))
        self.answer.value = str(page(card, sections.changes(before, now, self.basis_is), flips, self._link()))

    def _link(self) -> Markup:
        moved = self.moved()
        if not self.linked or not moved:
            return EMPTY
        query = urlencode({name: f"{value:.6g}" for name, value in moved.items()})
        return Markup('<p class="pc-small"><a href="?{}">Link to these settings</a></p>').format(query)


def _within(control: Any, value: float) -> float:
    """The value, or the nearest one that the control can show; what is stated beyond its ends stays stated."""
    if isinstance(control, widgets.FloatLogSlider):
        low, high = control.base**control.min, control.base**control.max
    else:
        low, high = control.min, control.max
    return float(min(max(value, low), high))


def _slider(kind: Any, description: str, **options: Any) -> Any:
    return kind(description=description, continuous_update=False, layout=widgets.Layout(width="min(560px, 100%)"),
                style={"description_width": "min(190px, 44%)"}, **options)
