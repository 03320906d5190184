"""Room 4 as a panel: the leaderboard, the plateau, where the best prompt is wrong, and each label's scores."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import Assumptions, Evidence
from promptceiling.panels import score_sections, sections
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import EMPTY, page, style


class ScoresPanel:
    """How far prompts got. `variant` chooses the one whose labels are shown one by one."""

    def __init__(self, evidence: Evidence, assumptions: Assumptions | None = None) -> None:
        self.top, self.classes = widgets.HTML(), widgets.HTML()
        self.variant = dropdown("Variant")
        self._box = controls(self.variant)
        self.view = panel(self.top, self._box, self.classes)
        self.update(evidence, assumptions)

    def update(self, evidence: Evidence, assumptions: Assumptions | None = None) -> None:
        """Show other evidence, its best variant chosen."""
        self.evidence, self.assumptions = evidence, assumptions or Assumptions()
        fill(self.variant, [f"{p.name} ({p.model})" for p in evidence.prompts], self._on_variant)
        self._render()

    def _on_variant(self, _: object) -> None:
        self._render_classes()

    def _render(self) -> None:
        evidence = self.evidence
        self.top.value = str(page(
            style(), sections.embedded_notice(evidence),
            score_sections.leaderboard_section(evidence, self.assumptions), score_sections.confusion_section(evidence),
            Markup('<h2>Label by label</h2><p class="pc-soft">Choose a variant: every label\'s scores on the '
                   "validation split follow.</p>") if evidence.prompts else EMPTY))
        self._box.layout.display = None if evidence.prompts else "none"
        self._render_classes()

    def _render_classes(self) -> None:
        k = self.variant.value
        shown = score_sections.classes_section(self.evidence.prompts[k]) if k is not None else EMPTY
        self.classes.value = str(page(shown))
