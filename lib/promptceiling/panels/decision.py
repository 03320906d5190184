"""Room 6 as a panel: the verdict, the table, what would change them, and the bill."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import Assumptions, Decision, Evidence, Flip, ModelEnds, Plausible
from promptceiling.panels import sections
from promptceiling.panels.bill_sections import bill_section
from promptceiling.panels.controls import panel
from promptceiling.panels.flip_sections import flips_first, flips_section
from promptceiling.panels.markup import page, style
from promptceiling.panels.picture_sections import dimensions_section, lanes_section
from promptceiling.panels.what_if import Basis, WhatIf
from promptceiling.runs import Price


class DecisionPanel:
    """The verdict, the table and the bill under the stated assumptions; `what_if` answers under others, beside its
    controls. `ends` says when models end, see `model_ends`.
    """

    def __init__(
        self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price], ends: ModelEnds | None = None
    ) -> None:
        basis = Basis(evidence, assumptions, prices, ends)
        self.top, self.rest = widgets.HTML(), widgets.HTML()
        self.what_if = WhatIf(basis, basis_is="stated")
        self.view = panel(self.top, self.what_if.view, self.rest)
        self._render(basis)

    def update(
        self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price], ends: ModelEnds | None = None
    ) -> None:
        """Show another decision."""
        basis = Basis(evidence, assumptions, prices, ends)
        self.what_if.update(basis)
        self._render(basis)

    def _render(self, basis: Basis) -> None:
        decision, flips, plausible, forecast = basis.decide(), basis.flips(), basis.plausible(), basis.forecast()
        self.top.value = str(page(
            style(), sections.embedded_notice(basis.evidence),
            sections.verdict_card(decision, about_it=decision_about(basis, decision, flips, plausible)),
            sections.table_section(decision), sections.checklist_section(decision), lanes_section(decision),
            dimensions_section([course.option for course in forecast.courses], basis.assumptions),
            Markup('<h2>What if</h2><p class="pc-soft">Move a control: the answer below follows. Nothing here changes '
                   "what is stated in the notebook.</p>")))
        self.rest.value = str(page(
            flips_section(flips, plausible), bill_section(basis.evidence, basis.assumptions, forecast, basis.ends)))


def decision_about(
    basis: Basis, decision: Decision, flips: Sequence[Flip], plausible: Plausible
) -> list[tuple[str, str | Markup]]:
    """What stands beside a verdict: how sure it is, what would flip it first, and what it rests on."""
    return [("How sure", plausible.short(decision.verdict)), ("Flips first", flips_first(flips)),
            ("Rests on", basis.evidence.rests_on)]
