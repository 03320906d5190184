"""The space of a search: one prompt, and what may be changed about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from promptceiling.errors import InputError
from promptceiling.prompts import PromptVariant, changed
from promptceiling.prompts.variant import Order, Output, Placement, Selection

_OUTPUTS = {"json_schema": "as JSON by schema", "json": "as JSON", "label": "label alone", "decisions": "decisions"}


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Every combination of these, made from `base`; an empty dimension stays as the base has it.

    Attributes
    ----------
    base: where the search starts; its fields, descriptions and templates are those of every variant.
    instructions: further wordings beside the base's.
    shots, selections, orders, placements, outputs: what to try. Without shots the first three of the others are one.
    """

    base: PromptVariant
    instructions: tuple[str, ...] = ()
    shots: tuple[int, ...] = (0, 5, 20)
    selections: tuple[Selection, ...] = ("stratified", "similar", "diverse")
    orders: tuple[Order, ...] = ()
    placements: tuple[Placement, ...] = ()
    outputs: tuple[Output, ...] = ()

    def variants(self) -> tuple[PromptVariant, ...]:
        """The grid, each variant once, those with fewer shots first; each knows the one that it changes one thing of.

        Raises InputError for a combination that is no variant, and for hard shots, which come of what was confused.
        """
        if "hard" in self.selections:
            raise InputError("Hard shots are chosen by what earlier answers confused: the search makes them by itself.",
                             column="selection")
        base = self.base
        wordings = tuple(dict.fromkeys((base.instructions, *self.instructions)))
        dimensions = (
            wordings, self.shots or (base.shots,), self.selections or (base.selection,), self.orders or (base.order,),
            self.placements or (base.placement,), self.outputs or (base.output,))
        names = ("instructions", "shots", "selection", "order", "placement", "output")
        found: dict[str, PromptVariant] = {}
        made: dict[tuple[object, ...], PromptVariant] = {}
        for place in product(*(range(len(d)) for d in dimensions)):
            values = {n: d[k] for n, d, k in zip(names, dimensions, place, strict=True)}
            if values["shots"] == 0:
                values |= {"selection": base.selection, "order": base.order, "placement": base.placement}
            variant = replace(base, name=_name(values, base, wordings), **values)  # type: ignore[arg-type]
            before = next((made[p] for k in reversed(range(len(place))) if place[k]
                           and (p := (*place[:k], place[k] - 1, *place[k + 1:])) in made), None)
            if before is not None and before.fingerprint != variant.fingerprint:
                variant = changed(before, variant.name, **values)
            elif before is None:
                variant = replace(variant, parent=None)
            made[place] = found.setdefault(variant.fingerprint, variant)
        return tuple(sorted(found.values(), key=lambda v: v.shots))


def _name(values: dict[str, object], base: PromptVariant, wordings: tuple[str, ...]) -> str:
    """What a variant of the grid is called: what differs from the base, in words."""
    shots = values["shots"]
    parts = ["zero-shot" if shots == 0 else f"{shots} {values['selection']} shots"]
    if shots and values["order"] != "as_chosen":
        parts.append(str(values["order"]).replace("_", " "))
    if shots and values["placement"] == "system":
        parts.append("in the system text")
    if values["output"] != base.output:
        parts.append(_OUTPUTS[str(values["output"])])
    if values["instructions"] != base.instructions:
        parts.append(f"wording {wordings.index(str(values['instructions'])) + 1}")
    return ", ".join(parts)
