"""Two kept variants side by side: text, shots, and what the change did per class and case by case."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.panels import prompt_sections as shown
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import notice, page, style
from promptceiling.panels.sections import EMBEDDED
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Endpoint, Workspace
from promptceiling.search import diff_variants


class VariantDiffPanel:
    """Choose two variants; their answers are those that the workspace holds of the endpoint. Nothing is sent.

    At first the last variant stands beside the one that it was made from.
    """

    def __init__(
        self, labeled_set: LabeledSet, variants: Sequence[PromptVariant], workspace: Workspace | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.workspace, self.endpoint = workspace, endpoint or Endpoint()
        self.before, self.after = dropdown("Before"), dropdown("After")
        self.page = widgets.HTML()
        self.view = panel(controls(self.before, self.after), self.page)
        self.update(labeled_set, variants)

    def update(self, labeled_set: LabeledSet, variants: Sequence[PromptVariant]) -> None:
        """Show other variants."""
        self.labeled_set, self.variants = labeled_set, tuple(variants)
        names = [v.name for v in self.variants]
        for control in (self.before, self.after):
            fill(control, names, self._on_choice)
        if len(names) > 1:
            last = self.variants[-1]
            for control, place in ((self.before, names.index(last.parent) if last.parent in names[:-1] else 0),
                                   (self.after, len(names) - 1)):
                control.unobserve(self._on_choice, names="value")
                control.value = place
                control.observe(self._on_choice, names="value")
        self._render()

    def _on_choice(self, _: object) -> None:
        self._render()

    def _render(self) -> None:
        a, b = self.before.value, self.after.value
        if a is None or b is None or a == b:
            self.page.value = str(page(style(), notice("Choose two different variants to lay side by side.", "note")))
            return
        try:
            found = diff_variants(self.labeled_set, self.variants[a], self.variants[b], self.workspace, self.endpoint)
        except PromptCeilingError as error:
            self.page.value = str(page(style(), notice(str(error))))
            return
        whose = EMBEDDED if self.endpoint.embedded and found.scored else Markup("")
        self.page.value = str(page(style(), whose, shown.diff(found)))
