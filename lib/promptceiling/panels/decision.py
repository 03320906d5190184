"""Room 6 as a panel: the verdict, the table, and what would change them."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import Assumptions, Evidence
from promptceiling.panels import sections
from promptceiling.panels.controls import panel
from promptceiling.panels.markup import page, style
from promptceiling.panels.what_if import Basis, WhatIf
from promptceiling.runs import Price


class DecisionPanel:
    """The verdict and the table under the stated assumptions; `what_if` answers under others, beside its controls."""

    def __init__(self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> None:
        basis = Basis(evidence, assumptions, prices)
        self.top = widgets.HTML()
        self.what_if = WhatIf(basis, basis_is="stated")
        self.view = panel(self.top, self.what_if.view)
        self._render(basis)

    def update(self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> None:
        """Show another decision."""
        basis = Basis(evidence, assumptions, prices)
        self.what_if.update(basis)
        self._render(basis)

    def _render(self, basis: Basis) -> None:
        decision = basis.decide()
        self.top.value = str(page(
            style(), sections.embedded_notice(basis.evidence), sections.verdict_card(decision),
            sections.table_section(decision),
            Markup('<h2>What if</h2><p class="pc-soft">Move a control: the answer below follows. Nothing here changes '
                   "what is stated in the notebook.</p>")))
