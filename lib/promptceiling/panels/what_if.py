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


# the name of an assumption -> kind, title, ends (powers of ten where it is a logarithm), step and look of its control
_CONTROLS: dict[str, tuple[Any, str, float, float, float, str]] = {
    "f1_ship": (widgets.FloatSlider, "F1 that ships", 0.01, 0.99, 0.01, ".2f"),
    "sla_ms": (widgets.FloatLogSlider, "Latency limit, ms (p95)", 0, 4, 0.02, ".0f"),
    "requests_per_month": (widgets.FloatLogSlider, "Requests a month", 3, 9, 0.05, ",.0f"),
    "budget_usd_per_month": (widgets.FloatLogSlider, "Budget, USD a month", 1, 6, 0.05, ",.0f"),
    "labels_enough": (widgets.IntSlider, "Labels that are enough", 50, 5000, 50, ",d"),
    "price_factor": (widgets.FloatLogSlider, "Prices, × the table's", -1.5, 1.5, 0.05, ".2f"),
    "gpu_usd_per_hour": (widgets.FloatSlider, "GPU, USD an hour", 0.1, 10, 0.1, ".2f"),
    "usd_per_hour": (widgets.FloatSlider, "Work, USD an hour", 5, 300, 5, ".0f"),
    "retrain_every_months": (widgets.FloatSlider, "Re-train every, months", 0.5, 24, 0.5, ".3"),
    "usd_per_error": (widgets.FloatSlider, "A wrong answer, USD", 0, 2, 0.005, ".4"),
}


class WhatIf:
    """Controls for the assumptions of a decision, and the answer beside them.

    `controls` are by the name of the assumption; `assumptions` is what they say now; `reset` puts them back. `basis_is`
    says in a word what the basis is: "published" or "stated". With `linked` the answer carries an address that restores
    the settings, for a page whose query `restore` reads.
    """

    def __init__(self, basis: Basis, *, basis_is: str, linked: bool = False) -> None:
        self.basis_is, self.linked, self._moving = basis_is, linked, False
        self.controls: dict[str, Any] = {name: _slider(*about) for name, about in _CONTROLS.items()}
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


def _slider(kind: Any, description: str, low: float, high: float, step: float, shown: str) -> Any:
    return kind(description=description, min=low, max=high, step=step, readout_format=shown, continuous_update=False,
                layout=widgets.Layout(width="min(560px, 100%)"), style={"description_width": "min(190px, 44%)"})
