from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError
from promptceiling.prompts import Field, PromptVariant, read_variants
from promptceiling.prompts.lineage import kind_of_change

LABELED_SET = made_set(made_cases(6))


def read(tmp_path, text):
    path = tmp_path / "variants.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_variants(path, LABELED_SET)


def test_everything_but_the_name_is_optional(tmp_path):
    """An entry with a name alone is the default variant over the fields of the labeled set."""
    [variant] = read(tmp_path, "- name: plain")

    assert variant == PromptVariant("plain", (Field("category", ("access", "billing", "export")),))


def test_every_key_is_taken(tmp_path):
    """What an entry says is what the variant is."""
    _, variant = read(tmp_path, """
- name: plain
- {name: all, instructions: Sort., labels: {billing: money}, shots: 3, selection: diverse, order: by_class,
   placement: system, output: json, confidence: false, seed: 7, kind: model, parent: plain}
""")

    assert variant == PromptVariant(
        "all", (Field("category", ("access", "billing", "export"), (("billing", "money"),)),), instructions="Sort.",
        kind="model", shots=3, selection="diverse", order="by_class", placement="system", output="json",
        confidence=False, seed=7)
    assert variant.parent == "plain"


def test_templates_values_confusions_and_embeddings_are_taken(tmp_path):
    """What decides the shots and the words around the case is carried by the file too."""
    [variant] = read(tmp_path, """
- name: all
  shots: 2
  selection: hard
  confused: [[billing, access], [export, access]]
  embedding: small-embedder
  system_template: "{{instructions}} {{answer}}"
  case_template: |
    {{who}} wrote:
    {{case}}
  values: {who: A customer}
""")

    assert variant.confused == (("billing", "access"), ("export", "access"))
    assert (variant.embedding, variant.system_template) == ("small-embedder", "{{instructions}} {{answer}}")
    assert (variant.case_template, variant.values) == ("{{who}} wrote:\n{{case}}\n", (("who", "A customer"),))


def test_fields_are_described_added_and_left_out(tmp_path):
    """A field of the set is described or left out; one that the set does not have is asked for with its own labels."""
    cases = [case | {"expected_priority": ("low", "high")[k % 2]} for k, case in enumerate(made_cases(6))]
    path = tmp_path / "v.yaml"
    path.write_text("""
- name: one
  labels: {access: logins}
  fields:
    category: {about: what it is about, labels: {billing: money}}
    priority: {labels: {high: today}}
    mood: {about: how the writer feels, labels: {calm: , angry: shouts}}
- {name: two, fields: {priority: null}}
""")
    one, two = read_variants(path, made_set(cases))

    assert one.fields == (
        Field("category", ("access", "billing", "export"), (("access", "logins"), ("billing", "money")),
              "what it is about"),
        Field("priority", ("high", "low"), (("high", "today"),)),
        Field("mood", ("calm", "angry"), (("angry", "shouts"),), "how the writer feels"))
    assert [f.name for f in two.fields] == ["category"]


def test_kind_is_what_differs_from_the_parent(tmp_path):
    """Without a kind, a variant is compared with its parent, or else with the entry before it."""
    variants = read(tmp_path, """
- name: zero
- {name: worded, instructions: Sort it.}
- {name: five, shots: 5, parent: zero}
- {name: near, shots: 5, selection: similar}
- {name: again, shots: 5, selection: similar}
""")

    assert [(v.kind, v.parent) for v in variants] == [
        ("instructions", None), ("instructions", "zero"), ("shots", "zero"), ("selection", "five"), ("same", "near")]


@pytest.mark.parametrize(("change", "kind"), [
    ({"instructions": "Sort."}, "instructions"), ({"shots": 5}, "shots"), ({"selection": "fixed"}, "selection"),
    ({"seed": 3}, "selection"), ({"order": "shuffled"}, "order"), ({"placement": "system"}, "placement"),
    ({"output": "label"}, "output"), ({"confidence": False}, "output"), ({"name": "other"}, "same"),
    ({"fields": (Field("category", ("a", "b"), (("a", "first"),)),)}, "instructions"),
    ({"shots": 5, "selection": "similar", "order": "shuffled"}, "shots"),
])
def test_kind_of_change_is_the_first_difference(change, kind):
    """Each property belongs to one kind; of several changes the first in the written order counts."""
    variant = PromptVariant("v", (Field("category", ("a", "b")),))

    assert kind_of_change(variant, replace(variant, **change)) == kind


@pytest.mark.parametrize(("text", "said"), [
    ("", "variants.yaml: expected a YAML list of variants (- name: ...)."),
    ("[]", "expected a YAML list"),
    ("name: zero", "expected a YAML list"),
    ("- name: [", "variants.yaml is not YAML"),
    (b"- name: \xff", "variants.yaml is not YAML"),
    ("[" * 1000, "variants.yaml is not YAML"),
    ("- !!python/object/apply:os.system [ls]", "variants.yaml is not YAML"),
    ("- zero", "variants.yaml, variant 1, entry: 'zero' was found; expected keys with values."),
    ("- shots: 3", "variants.yaml, variant 1, name: it is missing. Every variant needs a name of its own."),
    ("- name: ''", "variants.yaml, variant 1, name: '' was found; expected a text that is not empty."),
    ("- name: a\n- {name: b, shot: 3}", "variants.yaml, variant 2, shot: there is no key 'shot'. Did you mean "
     "'shots'? The keys are name, instructions, labels, fields, shots, "),
    ("- {name: a, shots: five}", "variants.yaml, variant 1, shots: 'five' was found; expected a whole number."),
    ("- {name: a, shots: true}", "variants.yaml, variant 1, shots: True was found; expected a whole number."),
    ("- {name: a, confidence: 1}", "variants.yaml, variant 1, confidence: 1 was found; expected true or false."),
    ("- {name: a, shots: 500}", "variants.yaml, variant 1: Variant 'a': shots is 500; expected a whole"),
    ("- {name: a, selection: near}", "variants.yaml, variant 1: Variant 'a': selection is 'near'; expected one of "),
    ("- {name: a, labels: {bills: money}}", "the labels describe 'bills', which the labeled set does not have. It has"),
    ("- {name: a, fields: {category: null}}", "variant 1: the main field 'category' cannot be left out."),
    ("- {name: a, fields: {mood: {labels: {calm: }}}}", "the field 'mood' is not in the labeled set, so it needs two"),
    ("- {name: a, fields: {category: {label: {}}}}", "fields.category.label: there is no key 'label'. Did you mean "
     "'labels'? The keys are about, labels."),
    ("- {name: a, confused: [[billing]]}", "confused[0]: ['billing'] was found; expected a pair of "
     "labels."),
    ("- {name: a, case_template: '{{text}}'}", "variants.yaml, variant 1: In the case template of variant 'a', the "),
    ("- {name: a, parent: b}\n- name: b", "variants.yaml, variant 1: the parent 'b' is not listed before it."),
    ("- {name: z}\n- {name: a, parent: b}", "variants.yaml, variant 2: the parent 'b' is not listed before it."),
    ("- name: a\n- name: a", "variants.yaml has two variants named 'a'. Give each its own name."),
])
def test_unusable_file_is_refused_with_entry_and_key(tmp_path, text, said):
    """What cannot be used is refused in a sentence that names the file, the entry and the key."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)

    assert said in str(caught.value)
    assert caught.value.file == "variants.yaml"


def test_missing_file_is_refused(tmp_path):
    """A path that leads nowhere is refused in words."""
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_variants(tmp_path / "nothing.yaml", LABELED_SET)
