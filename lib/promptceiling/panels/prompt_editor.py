"""A form over one prompt variant: what it says is a variant, or a sentence that says why it is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from promptceiling.errors import InputError
from promptceiling.panels.controls import controls
from promptceiling.prompts import Field, PromptVariant, changed
from promptceiling.prompts.variant import MAX_SHOTS, ORDERS, OUTPUTS, PLACEMENTS, SELECTIONS

_WIDE = {"width": "min(760px, 96%)"}
_ASKED = {"description_width": "10em"}


class VariantEditor:
    """Widgets by the name of the property that they change; `on_change` hears of every change by hand.

    `draft(confused)` is the variant that the form describes, made from the one that it was filled with.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change, self._filling = on_change, False
        self.parent: PromptVariant | None = None
        self.fields: dict[str, Any] = {
            "name": _text("Name"), "instructions": _area("Instructions", 3),
            "shots": widgets.BoundedIntText(description="Shots", min=0, max=MAX_SHOTS, layout=_WIDE, style=_ASKED),
            "selection": _choice("Chosen", SELECTIONS), "order": _choice("Order", ORDERS),
            "placement": _choice("Placed in", PLACEMENTS), "output": _choice("Answer as", OUTPUTS),
            "seed": widgets.BoundedIntText(description="Seed", min=0, max=2**31 - 1, layout=_WIDE, style=_ASKED),
            "confidence": widgets.Checkbox(description="Ask for a probability", layout=_WIDE, style=_ASKED),
        }
        self.more: dict[str, Any] = {
            "labels": _area("Labels", 6, "label: what it means, one a line"),
            "system_template": _area("System text", 3, "{{instructions}} {{answer}} {{examples}}"),
            "case_template": _area("Around a case", 2, "{{case}}"),
        }
        every = [*self.fields.values(), *self.more.values()]
        for widget in every:
            widget.observe(self._heard, names="value")
        further = widgets.Accordion((widgets.VBox(tuple(self.more.values())),), titles=("Descriptions and templates",),
                                    layout=_WIDE)
        self.view = controls(*self.fields.values(), further)

    def fill(self, variant: PromptVariant) -> None:
        """Show a variant."""
        self._filling, self.parent = True, variant
        for name, widget in self.fields.items():
            widget.value = getattr(variant, name)
        main = dict(variant.fields[0].descriptions)
        self.more["labels"].value = "\n".join(f"{label}: {main.get(label, '')}".rstrip()
                                              for label in variant.fields[0].labels)
        self.more["system_template"].value = variant.system_template
        self.more["case_template"].value = variant.case_template
        self._filling = False

    def draft(self, confused: Sequence[tuple[str, str]] = ()) -> PromptVariant:
        """The variant that the form describes; the parent itself where nothing was changed.

        `confused` is for hard shots. Raises InputError in words for what is no variant.
        """
        if self.parent is None:
            raise InputError("There is no variant.")
        parent = self.parent
        values = {name: widget.value for name, widget in self.fields.items()}
        name = values.pop("name").strip()
        values |= {k: self.more[k].value for k in ("system_template", "case_template")}
        values["fields"] = (self._described(parent.fields[0]), *parent.fields[1:])
        if values["selection"] == "hard":
            values["confused"] = parent.confused or tuple(confused)
        child = changed(parent, name or parent.name, **values)
        if child.kind == "same":
            return replace(parent, name=name) if name and name != parent.name else parent
        return child if name != parent.name else replace(child, name=f"{parent.name}, {child.kind}")

    def _described(self, field: Field) -> Field:
        found: dict[str, str] = {}
        labels = sorted(field.labels, key=len, reverse=True)  # a label may hold a colon, or begin like another
        for line in filter(str.strip, self.more["labels"].value.split("\n")):
            label = next((k for k in labels if line.strip() == k or line.strip().startswith(f"{k}:")), None)
            if label is None:
                raise InputError(f"The labels describe {line.strip()[:60]!r}, which is none of "
                                 f"{', '.join(field.labels)}.")
            if text := line.strip().removeprefix(label).removeprefix(":").strip():
                found[label] = text
        return replace(field, descriptions=tuple(sorted(found.items())))

    def _heard(self, _: object) -> None:
        if not self._filling:
            self._on_change()


def _text(description: str) -> widgets.Text:
    return widgets.Text(description=description, layout=_WIDE, style=_ASKED)


def _area(description: str, rows: int, placeholder: str = "") -> widgets.Textarea:
    return widgets.Textarea(description=description, rows=rows, placeholder=placeholder, layout=_WIDE, style=_ASKED)


def _choice(description: str, names: Sequence[str]) -> widgets.Dropdown:
    return widgets.Dropdown(description=description, options=[(n.replace("_", " "), n) for n in names], layout=_WIDE,
                            style=_ASKED)
