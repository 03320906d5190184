"""A prompt variant: everything that decides what the model is sent for a case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet

Selection = Literal["fixed", "stratified", "similar", "diverse"]
Order = Literal["as_chosen", "similar_last", "by_class", "shuffled"]
Placement = Literal["system", "turns"]
Output = Literal["json_schema", "json", "label", "decisions"]

SELECTIONS: tuple[Selection, ...] = ("fixed", "stratified", "similar", "diverse")
ORDERS: tuple[Order, ...] = ("as_chosen", "similar_last", "by_class", "shuffled")
PLACEMENTS: tuple[Placement, ...] = ("system", "turns")
OUTPUTS: tuple[Output, ...] = ("json_schema", "json", "label", "decisions")
MAX_SHOTS = 100
DECISION_CHOICES = (2, 255)  # labels that a question of the Decisions API can have


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the model is asked for.

    Attributes
    ----------
    name: the key in the answer, e.g. "category".
    labels: the allowed values.
    descriptions: (label, description) for those labels that are described to the model.
    """

    name: str
    labels: tuple[str, ...]
    descriptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PromptVariant:
    """One way to ask.

    Attributes
    ----------
    name: what people call it; not sent to the model.
    fields: what is asked for, the main field first.
    instructions: the words before the list of labels.
    kind: what was changed against the parent, e.g. "instructions", "shots", "selection", "order", "output".
    shots: examples in the prompt, 0 to 100.
    selection: how they are chosen from the train split: `fixed` (one seeded draw for all cases), `stratified` (the
        same, spread over the classes), `similar` (nearest to the case), `diverse` (near, but unlike each other: MMR).
    order: `as_chosen`, `similar_last`, `by_class` or `shuffled` by the seed.
    placement: examples in the `system` text or as chat `turns`.
    output: `json_schema`, `json` (asked for in words and by response format), `label` (the main label alone) or
        `decisions` (the Decisions API: a typed question for each field, answered with probabilities).
    confidence: whether a probability of the main label is asked for (with `json_schema` and `json`); a decision always
        has one.
    seed: of the draws.
    parent: the name of the variant that this one was made from.
    """

    name: str
    fields: tuple[Field, ...]
    instructions: str = "Read the case and classify it."
    kind: str = "instructions"
    shots: int = 0
    selection: Selection = "stratified"
    order: Order = "as_chosen"
    placement: Placement = "turns"
    output: Output = "json_schema"
    confidence: bool = True
    seed: int = 0
    parent: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("selection", self.selection, SELECTIONS), ("order", self.order, ORDERS),
            ("placement", self.placement, PLACEMENTS), ("output", self.output, OUTPUTS),
        ):
            if value not in allowed:
                raise InputError(
                    f"Variant {self.name!r}: {what} is {value!r}; expected one of {', '.join(allowed)}.", column=what
                )
        if isinstance(self.shots, bool) or not isinstance(self.shots, int) or not 0 <= self.shots <= MAX_SHOTS:
            raise InputError(
                f"Variant {self.name!r}: shots is {self.shots!r}; expected a whole number from 0 to {MAX_SHOTS}.",
                column="shots",
            )
        if not self.fields or not self.fields[0].labels:
            raise InputError(f"Variant {self.name!r} has no labels to choose from.", column="fields")
        least, most = DECISION_CHOICES
        for asked in self.fields if self.output == "decisions" else ():
            if not least <= len(asked.labels) <= most:
                raise InputError(
                    f"Variant {self.name!r}: {asked.name} has {len(asked.labels)} labels; the Decisions API takes "
                    f"{least} to {most} of them. Choose another output.", column="output")

    @property
    def fingerprint(self) -> str:
        """SHA-256 (first 16 hex digits) over all that reaches the model; name, kind and parent do not."""
        sent = {k: v for k, v in asdict(self).items() if k not in ("name", "kind", "parent")}
        return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()[:16]


def fields_of(labeled_set: LabeledSet, descriptions: dict[str, str] | None = None) -> tuple[Field, ...]:
    """The fields of a labeled set, with descriptions for the labels of the main one where given."""
    described = tuple(sorted((descriptions or {}).items()))
    return tuple(
        Field(name, labeled_set.labels(name), described if k == 0 else ()) for k, name in enumerate(labeled_set.fields)
    )


def standard_variants(labeled_set: LabeledSet) -> tuple[PromptVariant, ...]:
    """Three to begin with: no shots, 5 spread over the classes, 5 nearest to the case."""
    fields = fields_of(labeled_set)
    return (
        PromptVariant("zero-shot", fields),
        PromptVariant("5 stratified shots", fields, kind="shots", shots=5, selection="stratified", parent="zero-shot"),
        PromptVariant("5 similar shots", fields, kind="selection", shots=5, selection="similar", order="similar_last",
                      parent="5 stratified shots"),
    )
