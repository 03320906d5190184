"""Room 5 as a panel: the alternatives beside the prompt, whether they are worth it, and the fine-tuning job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from promptceiling.decision import Assumptions, Evidence
from promptceiling.panels import sections, tuning_sections
from promptceiling.panels.controls import panel
from promptceiling.panels.markup import page, style
from promptceiling.panels.readiness import readiness_section
from promptceiling.panels.tuning_changes import changes_section
from promptceiling.panels.tuning_job import job_section
from promptceiling.runs import Price


class TuningPanel:
    """The best prompt, the local classifier and the fine-tune side by side.

    `job` is a job's record as `fine_tune` gives it, or None where nothing was tuned. The panel has no control: what-if
    belongs to the decision.
    """

    def __init__(
        self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price],
        job: Mapping[str, Any] | None = None,
    ) -> None:
        self.page = widgets.HTML()
        self.view = panel(self.page)
        self.update(evidence, assumptions, prices, job)

    def update(
        self, evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price],
        job: Mapping[str, Any] | None = None,
    ) -> None:
        """Show other evidence, or another state of the job."""
        self._state = (evidence, assumptions, prices, job)
        self._render()

    def _render(self) -> None:
        evidence, assumptions, prices, job = self._state
        self.page.value = str(page(
            style(), sections.embedded_notice(evidence),
            tuning_sections.alternatives_section(evidence, assumptions, prices),
            tuning_sections.worth_section(evidence, assumptions), changes_section(evidence.alternatives),
            readiness_section(evidence.readiness, assumptions), job_section(job)))
