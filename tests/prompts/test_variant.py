from dataclasses import FrozenInstanceError, replace

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError
from promptceiling.prompts import Field, PromptVariant, fields_of, standard_variants

FIELDS = (Field("category", ("access", "billing")), Field("priority", ("high", "low")))


@pytest.mark.parametrize(("change", "said"), [
    ({"selection": "nearest"}, "selection is 'nearest'; expected one of fixed, stratified, similar, diverse."),
    ({"order": "random"}, "order is 'random'; expected one of as_chosen, similar_last, by_class, shuffled."),
    ({"placement": "user"}, "placement is 'user'; expected one of system, turns."),
    ({"output": "xml"}, "output is 'xml'; expected one of json_schema, json, label, decisions."),
    ({"shots": -1}, "shots is -1; expected a whole number from 0 to 100."),
    ({"shots": 101}, "shots is 101"),
    ({"shots": True}, "shots is True"),
    ({"shots": 2.0}, "shots is 2.0"),
    ({"fields": ()}, "has no labels to choose from."),
    ({"fields": (Field("category", ()),)}, "has no labels to choose from."),
])
def test_impossible_variant_is_refused(change, said):
    """A variant that cannot be asked is refused when it is made, naming the variant, what was found and expected."""
    with pytest.raises(InputError) as caught:
        PromptVariant(**({"name": "mine", "fields": FIELDS} | change))

    assert str(caught.value).startswith("Variant 'mine'")
    assert said in str(caught.value)


@pytest.mark.parametrize("change", [
    {"fields": FIELDS[:1]},
    {"fields": (Field("category", ("access", "billing"), (("billing", "money"),)), FIELDS[1])},
    {"fields": (Field("category", ("billing", "access")), FIELDS[1])},
    {"instructions": "Sort."}, {"shots": 5}, {"selection": "similar"}, {"order": "shuffled"}, {"placement": "system"},
    {"output": "json"}, {"confidence": False}, {"seed": 1},
], ids=lambda change: next(iter(change)))
def test_fingerprint_follows_what_reaches_the_model(change):
    """Each property that changes what is sent changes the fingerprint."""
    variant = PromptVariant("mine", FIELDS)

    assert replace(variant, **change).fingerprint != variant.fingerprint


@pytest.mark.parametrize("change", [{"name": "yours"}, {"kind": "order"}, {"parent": "another"}])
def test_fingerprint_leaves_out_what_people_call_it(change):
    """Name, kind and parent are not sent, so answers are shared by variants that differ in these alone."""
    variant = PromptVariant("mine", FIELDS)

    assert replace(variant, **change).fingerprint == variant.fingerprint


def test_variant_is_frozen():
    """A variant that answers belong to cannot be changed under them."""
    with pytest.raises(FrozenInstanceError):
        PromptVariant("mine", FIELDS).shots = 3


def test_fields_are_those_of_the_labeled_set():
    """The main field comes first, labels are sorted, and descriptions go with the main field."""
    cases = [case | {"expected_priority": ("low", "high")[k % 2]} for k, case in enumerate(made_cases(6))]

    assert fields_of(made_set(cases), {"billing": "money", "access": "logins"}) == (
        Field("category", ("access", "billing", "export"), (("access", "logins"), ("billing", "money"))),
        Field("priority", ("high", "low")),
    )


def test_standard_variants_climb_from_none_to_similar_shots():
    """The three to begin with are no shots, 5 over the classes, and 5 near the case with the nearest last."""
    zero, stratified, similar = standard_variants(made_set(made_cases(6)))

    assert (zero.shots, zero.parent) == (0, None)
    assert (stratified.shots, stratified.selection, stratified.parent) == (5, "stratified", zero.name)
    assert (similar.shots, similar.selection, similar.order, similar.parent) == (
        5, "similar", "similar_last", stratified.name)
