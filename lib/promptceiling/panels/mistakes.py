"""Where one variant is wrong, as a panel: a matrix to sort, the texts of a cell, and what else its answers show."""

from __future__ import annotations

from collections import Counter

import ipywidgets as widgets

from promptceiling.decision.inspection import Inspection
from promptceiling.panels import mistake_sections
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import page, style

ORDERS = ("by name", "by cases", "by errors")


class MistakesPanel:
    """`order` sorts the matrix; `expected` and `answered` choose a cell of it, whose texts follow.

    A click on a cell moves these two (see mends.js), so the keyboard and a script reach all that the mouse does.
    """

    def __init__(self, inspection: Inspection) -> None:
        self.matrix, self.texts, self.rest = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.order, self.expected, self.answered = dropdown("Order"), dropdown("Expected"), dropdown("Answered")
        self.expected.add_class("pc-choose-expected")
        self.answered.add_class("pc-choose-answered")
        self.view = panel(self.matrix, controls(self.order, self.expected, self.answered), self.texts, self.rest)
        self.view.add_class("pc-mistakes")
        self.update(inspection)

    def update(self, inspection: Inspection) -> None:
        """Show another inspection, its most confused pair chosen."""
        self.inspection = inspection
        fill(self.order, ORDERS, self._on_order)
        fill(self.expected, inspection.labels, self._on_cell)
        fill(self.answered, [*inspection.labels, "no label"], self._on_cell)
        if inspection.pairs:
            top = inspection.pairs[0]
            self.expected.value = inspection.labels.index(top.expected)
            self.answered.value = (*inspection.labels, None).index(top.predicted)
        self._render()

    def _on_order(self, _: object) -> None:
        self._render_matrix()

    def _on_cell(self, _: object) -> None:
        self._render_cell()

    def _render(self) -> None:
        self.rest.value = str(page(mistake_sections.rest(self.inspection)))
        self._render_matrix()
        self._render_cell()

    def _render_matrix(self) -> None:
        found = self.inspection
        support = Counter(case[2] for case in found.cases)
        errors = Counter(case[2] for case in found.cases if case[2] != case[3])
        key = {1: support, 2: errors}.get(self.order.value)
        order = sorted(range(len(found.labels)),
                       key=lambda k: (-key[found.labels[k]] if key else 0, found.labels[k]))
        self.matrix.value = str(page(style(), mistake_sections.matrix(found, order)))

    def _render_cell(self) -> None:
        found = self.inspection
        if self.expected.value is not None and self.answered.value is not None:
            self.texts.value = str(page(mistake_sections.cell(
                found, found.labels[self.expected.value], (*found.labels, None)[self.answered.value])))
