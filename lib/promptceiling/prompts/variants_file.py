"""Prompt variants from a YAML list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from promptceiling.errors import InputError, meant
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts.lineage import kind_of_change
from promptceiling.prompts.variant import Field, PromptVariant, fields_of


class _FieldEntry(BaseModel):
    """What is said of a field: what it is about, and its labels with a description each."""

    model_config = ConfigDict(extra="forbid", strict=True)
    about: str = ""
    labels: dict[str, str | None] = {}


class _Entry(BaseModel):
    """One list entry; everything but the name is optional."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[str, StringConstraints(min_length=1)]
    instructions: str | None = None
    labels: dict[str, str] | None = None
    fields: dict[str, _FieldEntry | None] | None = None
    shots: int | None = None
    selection: str | None = None
    order: str | None = None
    placement: str | None = None
    output: str | None = None
    confidence: bool | None = None
    seed: int | None = None
    kind: str | None = None
    parent: str | None = None
    confused: list[Annotated[list[str], pydantic.Field(min_length=2, max_length=2)]] | None = None
    embedding: str | None = None
    system_template: str | None = None
    case_template: str | None = None
    values: dict[str, str] | None = None
    order_seed: int | None = None


def read_variants(path: str | Path, labeled_set: LabeledSet) -> tuple[PromptVariant, ...]:
    """The variants listed in a YAML file, in its order, for the fields of `labeled_set`.

    Each entry has `name` and optionally `instructions, labels (label: description), shots, selection, order, placement,
    output, confidence, seed, kind, parent, confused (list of [label, label]), embedding, system_template,
    case_template, values (placeholder: text), order_seed, fields (name: {about, labels: {label: description}})`.
    `fields` describes the fields of the labeled set; a field that it does not have is asked for with the labels given,
    and one that is null is not asked for. Without `kind` it is what differs first from the parent (or, without one,
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


def variant_entry(variant: PromptVariant, labeled_set: LabeledSet) -> dict[str, Any]:
    """The variant as an entry of a variants file: read with the same labeled set it has the same fingerprint."""
    entry = {
        key: value for key, value in asdict(variant).items()
        if key not in ("fields", "parent", "values", "confused") and value not in (None, "")}
    asked: dict[str, Any] = dict.fromkeys(labeled_set.fields)  # null: not asked for
    for field in variant.fields:
        asked[field.name] = {"about": field.about, "labels": dict(field.descriptions)}
    return entry | {"fields": asked, "values": dict(variant.values), "confused": [list(c) for c in variant.confused]}


def _variant(
    path: Path, number: int, entry: object, labeled_set: LabeledSet, before: list[PromptVariant]
) -> PromptVariant:
    try:
        entered = _Entry.model_validate(entry)
        given = entered.model_dump(exclude_none=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(f"{path.name}, variant {number}, {_said(first)}", file=path.name, row=number,
                         column=".".join(map(str, first["loc"])) or None) from None
    given.pop("fields", None)
    descriptions = given.pop("labels", {})
    for key in ("confused", "values"):
        if key in given:
            pairs = given[key].items() if isinstance(given[key], dict) else given[key]
            given[key] = tuple((one, other) for one, other in pairs)
    try:
        fields = _fields(labeled_set, descriptions, entered.fields or {})
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


_EXPECTED = {
    "string_type": "a text", "string_too_short": "a text that is not empty", "int_type": "a whole number",
    "bool_type": "true or false", "dict_type": "keys with values", "model_type": "keys with values",
    "list_type": "a list", "too_short": "a pair of labels", "too_long": "a pair of labels"}


def _said(error: ErrorDetails) -> str:
    """What is wrong with an entry, and what is expected: one sentence or two."""
    *place, key = error["loc"] or ("entry",)
    known: Collection[str] = _FieldEntry.model_fields if place and place[0] == "fields" else _Entry.model_fields
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in (*place, key)).lstrip(".")
    if error["type"] == "missing":
        return f"{where}: it is missing. Every variant needs a name of its own."
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no key {key!r}.{meant(str(key), known)} The keys are {', '.join(known)}."
    found = repr(error["input"])
    return (f"{where}: {found if len(found) <= 60 else found[:59] + '…'} was found; expected "
            f"{_EXPECTED.get(error['type'], 'another value')}.")


def _fields(
    labeled_set: LabeledSet, descriptions: dict[str, str], entries: dict[str, _FieldEntry | None]
) -> tuple[Field, ...]:
    main, *further = fields_of(labeled_set)
    if main.name in entries and entries[main.name] is None:
        raise InputError(f"the main field {main.name!r} cannot be left out.", column="fields")
    said = {main.name: _FieldEntry(), **entries}
    own = said[main.name] or _FieldEntry()
    said[main.name] = _FieldEntry(about=own.about, labels={**own.labels, **descriptions})
    fields = []
    for field in (main, *further):
        entry = said.pop(field.name, _FieldEntry())
        if entry is None:
            continue
        unknown = sorted(set(entry.labels) - set(field.labels))
        if unknown:
            raise InputError(
                f"the labels describe {unknown[0]!r}, which the labeled set does not have. It has "
                f"{', '.join(field.labels)}.", column="labels")
        described = tuple(sorted((label, text) for label, text in entry.labels.items() if text))
        fields.append(Field(field.name, field.labels, described, entry.about))
    for name, entry in said.items():
        if entry is None or len(entry.labels) < 2:
            raise InputError(f"the field {name!r} is not in the labeled set, so it needs two labels or more to choose "
                             "from.", column="fields")
        fields.append(Field(name, tuple(entry.labels), tuple(sorted(
            (label, text) for label, text in entry.labels.items() if text)), entry.about))
    return tuple(fields)
