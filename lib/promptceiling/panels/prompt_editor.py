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
_DRAWN = ("fixed", "stratified")  # ways to choose shots that do not ask what is near


class VariantEditor:
    """Widgets by the name of the property that they change; `on_change` hears of every change by hand.

    `draft(confused)` is the variant that the form describes, made from the one that it was filled with; `known` are the
    fields of the labeled set, whose labels need not be typed.
    """

    known: tuple[Field, ...] = ()

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change, self._filling, self._further = on_change, False, ""
        self.parent: PromptVariant | None = None
        self.fields: dict[str, Any] = {
            "name": _text("Name"), "instructions": _area("Instructions", 3),
            "shots": widgets.BoundedIntText(description="Shots", min=0, max=MAX_SHOTS, layout=_WIDE, style=_ASKED),
            "selection": _choice("Chosen", SELECTIONS), "embedding": _text("Near by"),
            "order": _choice("Order", ORDERS), "placement": _choice("Placed in", PLACEMENTS),
            "output": _choice("Answer as", OUTPUTS),
            "seed": widgets.BoundedIntText(description="Seed", min=0, max=2**31 - 1, layout=_WIDE, style=_ASKED),
            "confidence": widgets.Checkbox(description="Ask for a probability", layout=_WIDE, style=_ASKED),
        }
        self.more: dict[str, Any] = {
            "about": _text("What it is", "of the main field, for the model"),
            "labels": _area("Labels", 6, "label: what it means, one a line"),
            "further": _area("Further fields", 5, "priority: how urgent it is\n  high: today\nmood:\n  calm\n  angry"),
            "system_template": _area("System text", 3, "{{instructions}} {{answer}} {{examples}}"),
            "case_template": _area("Around a case", 2, "{{case}}"),
        }
        every = [*self.fields.values(), *self.more.values()]
        for widget in every:
            widget.observe(self._heard, names="value")
        how = widgets.Label("A further field that is not named is not asked for. Below its name stand its values, each "
                            "indented; a field that the labeled set does not have needs two or more.", layout=_WIDE)
        how.add_class("pc-wraps")
        about, labels, asked, *templates = self.more.values()
        further = widgets.Accordion((widgets.VBox((about, labels, asked, how, *templates)),), layout=_WIDE,
                                    titles=("Descriptions, further fields and templates",))
        self.view = controls(*self.fields.values(), further)

    def fill(self, variant: PromptVariant) -> None:
        """Show a variant."""
        self._filling, self.parent = True, variant
        for name, widget in self.fields.items():
            value = getattr(variant, name)
            widget.value = "" if value is None else value
        main, *further = variant.fields
        self.more["about"].value = main.about
        self.more["labels"].value = described(main)
        self.more["further"].value = self._further = "\n".join(
            f"{field.name}: {field.about}".rstrip() + "".join(f"\n  {line}" for line in described(field).split("\n"))
            for field in further)
        self.more["system_template"].value = variant.system_template
        self.more["case_template"].value = variant.case_template
        self._filling = False
        self._look()

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
        values["embedding"] = values["embedding"].strip() or None
        main = replace(parent.fields[0], about=self.more["about"].value.strip())
        text = self.more["further"].value
        values["fields"] = (with_descriptions(main, self.more["labels"].value.split("\n")), *(
            parent.fields[1:] if text == self._further else further_fields(text, self.known or parent.fields)))
        if values["selection"] == "hard":
            values["confused"] = parent.confused or tuple(confused)
        child = changed(parent, name or parent.name, **values)
        if child.kind == "same":
            return replace(parent, name=name) if name and name != parent.name else parent
        return child if name != parent.name else replace(child, name=f"{parent.name}, {child.kind}")

    def _heard(self, _: object) -> None:
        if not self._filling:
            self._look()
            self._on_change()

    def _look(self) -> None:
        """What is near matters where shots are chosen by it."""
        near, f = self.fields["embedding"], self.fields
        near.disabled = not f["shots"].value or (f["selection"].value in _DRAWN and f["order"].value != "similar_last")
        near.placeholder = ("only where near shots are chosen" if near.disabled else
                            "words (TF-IDF), or an embedding model")


def described(field: Field) -> str:
    """The labels of a field with what they mean, one a line."""
    said = dict(field.descriptions)
    return "\n".join(f"{label}: {said[label]}" if label in said else label for label in field.labels)


def with_descriptions(field: Field, lines: Sequence[str]) -> Field:
    """The field with the descriptions that lines of `label: what it means` give. Raises InputError for a line that
    describes no label."""
    found: dict[str, str] = {}
    labels = sorted(field.labels, key=len, reverse=True)  # a label may hold a colon, or begin like another
    for line in filter(None, map(str.strip, lines)):
        label = next((k for k in labels if line == k or line.startswith(f"{k}:")), None)
        if label is None:
            raise InputError(f"The labels of {field.name!r} describe {line[:60]!r}, which is none of "
                             f"{', '.join(field.labels)}.")
        if text := line.removeprefix(label).removeprefix(":").strip():
            found[label] = text
    return replace(field, descriptions=tuple(sorted(found.items())))


def further_fields(text: str, known: Sequence[Field]) -> tuple[Field, ...]:
    """The fields that a text names, each with its values below it, indented. `known`: those of the labeled set, the
    main one first.

    >>> further_fields("mood: of the writer\\n  calm\\n  angry: shouts", ())
    (Field(name='mood', labels=('calm', 'angry'), descriptions=(('angry', 'shouts'),), about='of the writer'),)

    Raises InputError for a value without a field, a field that is named twice, and one of the text's own with fewer
    than two values.
    """
    blocks: list[tuple[str, list[str]]] = []
    for line in filter(str.strip, text.split("\n")):
        if not line[0].isspace():
            blocks.append((line.strip(), []))
        elif blocks:
            blocks[-1][1].append(line.strip())
        else:
            raise InputError(f"The further fields begin with the value {line.strip()[:60]!r}; begin with the name of a "
                             "field, without a space before it.")
    fields: dict[str, Field] = {}
    for head, lines in blocks:
        own = next((f for f in known if head == f.name or head.startswith(f"{f.name}:")), None)
        name = own.name if own else head.partition(":")[0].strip()
        if name in fields or (known and name == known[0].name):
            raise InputError(f"The field {name!r} is asked for twice. Leave one of them out.")
        labels = own.labels if own else tuple(dict.fromkeys(line.partition(":")[0].strip() for line in lines))
        if len(labels) < 2:
            raise InputError(f"The field {name!r} is not in the labeled set, so it needs two values or more to choose "
                             "from, each on an indented line below it.")
        about = head.removeprefix(name).strip().removeprefix(":").strip()
        fields[name] = with_descriptions(Field(name, labels, about=about), lines)
    return tuple(fields.values())


def _text(description: str, placeholder: str = "") -> widgets.Text:
    return widgets.Text(description=description, placeholder=placeholder, layout=_WIDE, style=_ASKED)


def _area(description: str, rows: int, placeholder: str = "") -> widgets.Textarea:
    return widgets.Textarea(description=description, rows=rows, placeholder=placeholder, layout=_WIDE, style=_ASKED)


def _choice(description: str, names: Sequence[str]) -> widgets.Dropdown:
    return widgets.Dropdown(description=description, options=[(n.replace("_", " "), n) for n in names], layout=_WIDE,
                            style=_ASKED)
