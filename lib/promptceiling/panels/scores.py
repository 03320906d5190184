"""How far prompts got, as a panel: leaderboard, plateau, confusions, and one variant looked into."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision import Assumptions, Evidence
from promptceiling.decision.inspection import Inspector
from promptceiling.errors import InputError
from promptceiling.panels import score_sections, sections
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import EMPTY, notice, page, style
from promptceiling.panels.mistakes import MistakesPanel


class ScoresPanel:
    """How far prompts got. `variant` chooses the one that is looked into, label by label.

    With an `inspector` (see `inspector_of`) the chosen variant's answers follow too, as `mistakes`: a matrix to choose
    texts from, slices, cases that every variant misses.
    """

    def __init__(
        self, evidence: Evidence, assumptions: Assumptions | None = None, inspector: Inspector | None = None
    ) -> None:
        self.top, self.classes = widgets.HTML(), widgets.HTML()
        self.variant = dropdown("Variant")
        self.mistakes: MistakesPanel | None = None
        self._box = controls(self.variant)
        self.view = panel(self.top, self._box, self.classes)
        self.update(evidence, assumptions, inspector)

    def update(
        self, evidence: Evidence, assumptions: Assumptions | None = None, inspector: Inspector | None = None
    ) -> None:
        """Show other evidence, its best variant chosen."""
        self.evidence, self.assumptions, self.inspector = evidence, assumptions or Assumptions(), inspector
        fill(self.variant, [f"{p.name} ({p.model})" for p in evidence.prompts], self._on_variant)
        self._render()

    def _on_variant(self, _: object) -> None:
        self._render_variant()

    def _render(self) -> None:
        evidence = self.evidence
        self.top.value = str(page(
            style(), sections.embedded_notice(evidence),
            score_sections.leaderboard_section(evidence, self.assumptions),
            score_sections.latency_section(self.inspector.latencies) if self.inspector is not None else EMPTY,
            score_sections.confusion_section(evidence) if self.inspector is None else EMPTY,
            Markup('<h2>{}</h2><p class="pc-soft">Choose a variant: {} on the validation split follow.</p>').format(
                *(("Label by label", "every label's scores") if self.inspector is None else
                  ("Where it is wrong", "every label's scores, and its answers,"))) if evidence.prompts else EMPTY))
        self._box.layout.display = None if evidence.prompts else "none"
        self._render_variant()

    def _render_variant(self) -> None:
        k, below = self.variant.value, []
        shown = score_sections.classes_section(self.evidence.prompts[k]) if k is not None else EMPTY
        self.mistakes = None
        if k is not None and self.inspector is not None:
            try:
                self.mistakes = MistakesPanel(self.inspector.inspect(self.evidence.prompts[k]))
                below = [self.mistakes.view]
            except InputError as error:
                shown += notice(str(error))
        self.classes.value = str(page(shown))
        self.view.children = [self.top, self._box, self.classes, *below]
