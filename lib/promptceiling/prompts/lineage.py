"""How one variant comes from another: the kind of change, and hard shots from what earlier answers confused."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from typing import Any

from promptceiling.errors import InputError
from promptceiling.labeled_set.near_duplicates import normalised
from promptceiling.prompts.variant import PromptVariant

NOISE = "noise floor"  # the kind of what is drawn again to see how far a score moves by chance; no step of an iteration

_KINDS = (
    ("instructions", ("instructions", "fields", "system_template", "case_template", "values")), ("shots", ("shots",)),
    ("selection", ("selection", "seed", "confused", "embedding")),
    ("order", ("order", "order_seed")), ("placement", ("placement",)),
    ("output", ("output", "confidence")),
)


def kind_of_change(parent: PromptVariant, variant: PromptVariant) -> str:
    """What differs first: instructions (descriptions and templates included), shots, selection, order, placement or
    output; "same" where nothing that is sent does."""
    for kind, names in _KINDS:
        if any(getattr(parent, n) != getattr(variant, n) for n in names):
            return kind
    return "same"


def changed(parent: PromptVariant, name: str, **changes: Any) -> PromptVariant:
    """Another variant made from `parent`, with its kind of change; raises InputError as making a variant does.

    >>> from promptceiling.prompts.variant import Field
    >>> changed(PromptVariant("v", (Field("category", ("a", "b")),)), "v, 5 shots", shots=5).kind
    'shots'
    """
    child = replace(parent, name=name, parent=parent.name, **changes)
    return child if "kind" in changes else replace(child, kind=kind_of_change(parent, child))


def wording(variant: PromptVariant) -> str:
    """A digest that is the same for variants that differ to no reader: space, case and punctuation are set aside.

    >>> from promptceiling.prompts.variant import Field
    >>> plain = PromptVariant("v", (Field("category", ("a", "b")),), instructions="Read it.")
    >>> wording(replace(plain, name="w", instructions="READ it ")) == wording(plain) != wording(replace(plain, shots=1))
    True
    """
    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return normalised(value)
        return [plain(each) for each in value] if isinstance(value, tuple | list) else value

    asked = replace(variant, name="", kind="", parent=None)
    told = [plain([*astuple(f)]) for f in asked.fields], [
        plain(getattr(asked, f.name)) for f in fields(asked) if f.name != "fields"]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def hard_variant(
    parent: PromptVariant, expected: Sequence[str], predicted: Sequence[str | None], *, name: str | None = None,
    most: int = 20, **changes: Any,
) -> PromptVariant:
    """`parent` with hard shots by what its answers, or another variant's, confused: at most so many pairs of labels.

    expected, predicted: of cases whose labels may be looked at: never of the test split. A pair counts in both
    directions, commonest first, then by name. Raises InputError where no two labels were confused.

    >>> from promptceiling.prompts.variant import Field
    >>> parent = PromptVariant("v", (Field("category", ("a", "b", "c")),), shots=2)
    >>> hard_variant(parent, ["a", "b", "c"], ["b", "a", None]).confused
    (('a', 'b'),)
    """
    labels = set(parent.fields[0].labels)
    counts = Counter(
        (min(right, said), max(right, said)) for right, said in zip(expected, predicted, strict=True)
        if said is not None and said != right and {right, said} <= labels)
    if not counts:
        raise InputError(f"No two labels were confused, so there are no hard shots to choose for {parent.name!r}.")
    pairs = tuple(sorted(counts, key=lambda pair: (-counts[pair], pair))[:most])
    return changed(parent, name or f"{parent.name}, hard", selection="hard", confused=pairs, **changes)
