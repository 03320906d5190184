"""A prompt variant: everything that decides what the model is sent for a case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts.template import check, names_in

Selection = Literal["fixed", "stratified", "similar", "diverse", "hard"]
Order = Literal["as_chosen", "similar_last", "by_class", "shuffled"]
Placement = Literal["system", "turns"]
Output = Literal["json_schema", "json", "label", "decisions"]

SELECTIONS: tuple[Selection, ...] = ("fixed", "stratified", "similar", "diverse", "hard")
ORDERS: tuple[Order, ...] = ("as_chosen", "similar_last", "by_class", "shuffled")
PLACEMENTS: tuple[Placement, ...] = ("system", "turns")
OUTPUTS: tuple[Output, ...] = ("json_schema", "json", "label", "decisions")
MAX_SHOTS = 100
DECISION_CHOICES = (2, 255)  # labels that a question of the Decisions API can have

# not in the first fingerprints
_LATER = ("confused", "embedding", "system_template", "case_template", "values", "order_seed")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the model is asked for.

    Attributes
    ----------
    name: the key in the answer, e.g. "category".
    labels: the allowed values.
    descriptions: (label, description) for those labels that are described to the model.
    about: what the field is, for the model; "" to leave it at the name.
    """

    name: str
    labels: tuple[str, ...]
    descriptions: tuple[tuple[str, str], ...] = ()
    about: str = ""


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
        same, spread over the classes), `similar` (nearest to the case), `diverse` (near, but unlike each other: MMR),
        `hard` (the nearest, each beside the nearest of the labels that its own was confused with earlier).
    order: `as_chosen`, `similar_last` (nearest to the case last), `by_class` or `shuffled` by the seed.
    placement: examples in the `system` text or as chat `turns`.
    output: `json_schema`, `json` (asked for in words and by response format), `label` (the main label alone) or
        `decisions` (the Decisions API: a typed question for each field, answered with probabilities).
    confidence: whether a probability of the main label is asked for (with `json_schema` and `json`); a decision always
        has one.
    seed: of the draws.
    parent: the name of the variant that this one was made from.
    confused: for `hard`: pairs of main labels that earlier answers confused, commonest first.
    embedding: the model whose vectors say what is near; None for TF-IDF.
    system_template: the system text around `{{instructions}}`, `{{answer}}` (what is asked for, with the labels) and,
        where shots stand there, `{{examples}}`; "" for one after the other.
    case_template: the user's text around `{{case}}`, for shots in turns and the case alike; "" for the case alone.
    values: (name, text) of further placeholders in both templates.
    order_seed: of the order `shuffled`; None for `seed`.
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
    confused: tuple[tuple[str, str], ...] = ()
    embedding: str | None = None
    system_template: str = ""
    case_template: str = ""
    values: tuple[tuple[str, str], ...] = ()
    order_seed: int | None = None

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

        self._check_confused()
        self._check_templates()

    def _check_confused(self) -> None:
        labels = self.fields[0].labels
        for pair in self.confused:
            if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(labels):
                raise InputError(f"Variant {self.name!r}: confused holds {pair!r}; expected two different labels of "
                                 f"{self.fields[0].name}.", column="confused")
        if self.selection == "hard" and self.shots and not self.confused:
            raise InputError(
                f"Variant {self.name!r}: hard shots are chosen by what was confused earlier, and nothing is named. "
                "Name pairs of labels under `confused`, or make the variant with hard_variant.", column="confused")

    def _check_templates(self) -> None:
        own = [name for name, _ in self.values]
        used: list[str] = []
        inside = ["examples"] if self.shots and self.placement == "system" else []
        asked = [] if self.output == "decisions" else ["instructions", "answer"]  # these go into its questions
        for column, template, needed, known in (
            ("system_template", self.system_template, [*asked, *inside], {*asked, "examples"}),
            ("case_template", self.case_template, ["case"], {"case"}),
        ):
            what = f"the {column.replace('_', ' ')} of variant {self.name!r}"
            try:
                if template:
                    check(template, what, needed=needed, known={*known, *own})
                    used += names_in(template, what)
            except InputError as error:
                raise InputError(str(error), column=column) from None
        for name in own:
            if own.count(name) > 1 or name in ("instructions", "answer", "examples", "case"):
                raise InputError(f"Variant {self.name!r}: the value {name!r} is named twice, or like a placeholder of "
                                 "the template itself.", column="values")
            if name not in used:
                raise InputError(f"Variant {self.name!r}: no template has the placeholder {{{{{name}}}}} for the value "
                                 f"{name!r}.", column="values")

    @property
    def fingerprint(self) -> str:
        """SHA-256 (first 16 hex digits) over all that reaches the model; name, kind and parent do not.

        What is left at its default and was not always there is left out, so that older fingerprints hold.
        """
        sent: dict[str, Any] = {k: v for k, v in asdict(self).items() if k not in ("name", "kind", "parent")}
        for name in _LATER:
            if sent[name] in ((), "", None):
                del sent[name]
        sent["fields"] = [{k: v for k, v in f.items() if k != "about" or v} for f in sent["fields"]]
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
