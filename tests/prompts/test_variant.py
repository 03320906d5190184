from dataclasses import FrozenInstanceError, replace

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError
from promptceiling.prompts import Field, PromptVariant, changed, fields_of, hard_variant, standard_variants

FIELDS = (Field("category", ("access", "billing")), Field("priority", ("high", "low")))


@pytest.mark.parametrize(("change", "said"), [
    ({"selection": "nearest"}, "selection is 'nearest'; expected one of fixed, stratified, similar, diverse, hard."),
    ({"order": "random"}, "order is 'random'; expected one of as_chosen, similar_last, by_class, shuffled."),
    ({"placement": "user"}, "placement is 'user'; expected one of system, turns."),
    ({"output": "xml"}, "output is 'xml'; expected one of json_schema, json, label, decisions."),
    ({"shots": -1}, "shots is -1; expected a whole number from 0 to 100."),
    ({"shots": 101}, "shots is 101"),
    ({"shots": True}, "shots is True"),
    ({"shots": 2.0}, "shots is 2.0"),
    ({"fields": ()}, "has no labels to choose from."),
    ({"fields": (Field("category", ()),)}, "has no labels to choose from."),
    ({"output": "decisions", "fields": (Field("category", ("one",)),)}, "category has 1 labels; the Decisions API"),
    ({"selection": "hard", "shots": 3}, "hard shots are chosen by what was confused earlier"),
    ({"confused": (("access", "access"),)}, "expected two different labels of category."),
    ({"confused": (("access", "sales"),)}, "confused holds ('access', 'sales')"),
    ({"values": (("who", "me"),)}, "no template has the placeholder {{who}}"),
    ({"values": (("case", "me"),)}, "the value 'case' is named twice, or like a placeholder"),
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
    {"output": "json"}, {"confidence": False}, {"seed": 1}, {"confused": (("access", "billing"),)}, {"embedding": "e"},
    {"system_template": "{{instructions}} {{answer}}"}, {"case_template": "Case: {{case}}"},
    {"case_template": "{{who}}: {{case}}", "values": (("who", "A customer"),)},
    {"fields": (Field("category", ("access", "billing"), about="what it is about"), FIELDS[1])},
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


@pytest.mark.parametrize(("change", "said"), [
    ({"case_template": "Ticket:"}, "In the case template of variant 'v', the placeholder {{case}} is missing"),
    ({"case_template": "{{case}} {{case}}"}, "{{case}} stands more than once"),
    ({"case_template": "{{case}} {{cse}}"}, "{{cse}} is unknown; known here are {{case}}."),
    ({"case_template": "{{case}} {{a b}}"}, "'{{a b}}' is no placeholder"),
    ({"case_template": "{{case}} {{"}, "a double brace is not closed"),
    ({"case_template": "{{case}} \ud83d"}, "half a character"),
    ({"system_template": "{{instructions}}"}, "{{answer}} is missing"),
    ({"system_template": "{{answer}}"}, "{{instructions}} is missing"),
    ({"system_template": "{{instructions}}{{answer}}", "shots": 2, "placement": "system"}, "{{examples}} is missing"),
    ({"system_template": "{{instructions}}{{answer}}{{case}}"}, "{{case}} is unknown"),
    ({"system_template": "{{answer}}", "output": "decisions"}, "{{answer}} is unknown; known here are {{examples}}."),
])
def test_template_names_the_placeholder_that_is_wrong(change, said):
    """A placeholder that is unknown, missing or there twice is an error that names it and the template."""
    with pytest.raises(InputError) as caught:
        PromptVariant("v", FIELDS, **change)

    assert said in str(caught.value)
    assert caught.value.column == next(iter(change))


def test_fingerprint_of_a_plain_variant_stays():
    """What came later and is left at its default is not hashed, so that answers of older workspaces are found."""
    assert PromptVariant("v", FIELDS).fingerprint == "9361680f041beee1"


def test_change_names_its_parent_and_its_kind():
    """A variant made from another knows where it comes from and what was changed; a kind that is given stands."""
    parent = PromptVariant("first", FIELDS)
    child = changed(parent, "second", shots=5)

    assert (child.name, child.parent, child.kind, child.shots) == ("second", "first", "shots", 5)
    assert changed(parent, "third", case_template="Ticket: {{case}}").kind == "instructions"
    assert changed(parent, "fourth", kind="model").kind == "model"


def test_hard_variant_takes_what_was_confused_commonest_first():
    """Wrong answers that are labels count in both directions; answers without a label, and right ones, do not."""
    fields = (Field("category", ("a", "b", "c", "d")),)
    parent = PromptVariant("v", fields, shots=3)
    hard = hard_variant(parent, list("aabbcdd"), ["c", "c", "a", "a", "b", "d", None])

    assert hard.confused == (("a", "b"), ("a", "c"), ("b", "c"))
    assert (hard.name, hard.parent, hard.kind, hard.selection) == ("v, hard", "v", "selection", "hard")
    with pytest.raises(InputError, match="No two labels were confused"):
        hard_variant(parent, ["a", "b"], ["a", None])


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
