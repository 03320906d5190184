"""Prompt variants from a YAML list."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts.variant import PromptVariant, fields_of


class _Entry(BaseModel):
    """One list entry; everything but the name is optional."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[str, StringConstraints(min_length=1)]
    instructions: str | None = None
    labels: dict[str, str] | None = None
    shots: int | None = None
    selection: str | None = None
    order: str | None = None
    placement: str | None = None
    output: str | None = None
    confidence: bool | None = None
    seed: int | None = None
    kind: str | None = None
    parent: str | None = None


def read_variants(path: str | Path, labeled_set: LabeledSet) -> tuple[PromptVariant, ...]:
    """The variants listed in a YAML file, in its order, for the fields of `labeled_set`.

    Each entry has `name` and optionally `instructions, labels (label: description), shots, selection, order, placement,
    output, confidence, seed, kind, parent`. Without `kind` it is what differs first from the parent (or, without one,
    from the entry before). Raises InputError naming file, entry and key.
    """
    path = Path(path)
    try:
        entries: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", file=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path.name} is not YAML: {str(error).splitlines()[0]}.", file=path.name) from None
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{path.name}: expected a YAML list of variants (- name: ...).", file=path.name)
    variants: list[PromptVariant] = []
    for number, entry in enumerate(entries, start=1):
        variants.append(_variant(path, number, entry, labeled_set, variants))
    twice = [name for name, count in Counter(v.name for v in variants).items() if count > 1]
    if twice:
        raise InputError(f"{path.name} has two variants named {twice[0]!r}. Give each its own name.", file=path.name)
    return tuple(variants)


def _variant(
    path: Path, number: int, entry: object, labeled_set: LabeledSet, before: list[PromptVariant]
) -> PromptVariant:
    try:
        given = _Entry.model_validate(entry).model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "entry"
        raise InputError(
            f"{path.name}, variant {number}, {key}: {first['msg']}. Known keys: {', '.join(_Entry.model_fields)}.",
            file=path.name, row=number, column=key,
        ) from None
    descriptions = given.pop("labels", None)
    fields = fields_of(labeled_set, descriptions)
    unknown = sorted(set(descriptions or ()) - set(fields[0].labels))
    if unknown:
        raise InputError(
            f"{path.name}, variant {number}: the labels describe {unknown[0]!r}, which the labeled set does not have. "
            f"It has {', '.join(fields[0].labels)}.",
            file=path.name, row=number, column="labels",
        )
    try:
        variant = PromptVariant(fields=fields, **given)
    except InputError as error:
        raise InputError(
            f"{path.name}, variant {number}: {error}", file=path.name, row=number, column=error.column
        ) from None
    parent = next((v for v in before if v.name == variant.parent), before[-1] if before else None)
    if variant.parent and (parent is None or parent.name != variant.parent):
        raise InputError(
            f"{path.name}, variant {number}: the parent {variant.parent!r} is not listed before it.",
            file=path.name, row=number, column="parent",
        )
    if parent is not None:
        given.setdefault("kind", kind_of_change(parent, variant))
        given.setdefault("parent", parent.name)
    return PromptVariant(fields=fields, **given)


def kind_of_change(parent: PromptVariant, variant: PromptVariant) -> str:
    """What differs first: instructions (label descriptions included), selection, shots, order, placement or output."""
    for kind, names in (
        ("instructions", ("instructions", "fields")), ("shots", ("shots",)), ("selection", ("selection", "seed")),
        ("order", ("order",)), ("placement", ("placement",)), ("output", ("output", "confidence")),
    ):
        if any(getattr(parent, n) != getattr(variant, n) for n in names):
            return kind
    return "same"
