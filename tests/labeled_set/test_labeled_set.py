from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set


@settings(deadline=None, max_examples=50)
@given(order=st.permutations(range(8)))
def test_content_hash_is_the_same_in_any_order_of_rows(order):
    """Sorting a file makes no new labeled set."""
    cases = made_cases(8)

    assert made_set([cases[k] for k in order]).content_hash == made_set(cases).content_hash


def test_content_hash_is_the_same_in_any_order_of_columns():
    """Moving a column makes no new labeled set."""
    cases = [case | {"expected_priority": "high", "expected_area": "eu"} for case in made_cases(6)]
    moved = made_set(cases)
    moved = replace(moved, cases=moved.cases[moved.cases.columns[::-1]])

    assert moved.content_hash == made_set(cases).content_hash


@pytest.mark.parametrize("column", ["id", "input", "expected_category", "expected_priority"])
def test_content_hash_follows_what_is_scored(column):
    """A change of one id, text or expected value is another labeled set."""
    cases = [case | {"expected_priority": "high"} for case in made_cases(6)]
    changed = [cases[0] | {column: "other"}, *cases[1:]]

    assert made_set(changed).content_hash != made_set(cases).content_hash


def test_content_hash_parts_neighbouring_columns():
    """Moving characters from one column to the next is a change."""
    cases = made_cases(3)
    one, other = ({"id": "ab", "input": "c"}, {"id": "a", "input": "bc"})

    assert made_set([cases[0] | one, *cases[1:]]).content_hash != made_set([cases[0] | other, *cases[1:]]).content_hash


def test_columns_that_are_not_scored_leave_the_hash_alone():
    """A note or a group beside the cases is no part of what is scored."""
    cases = made_cases(6)

    assert made_set([case | {"note": "seen"} for case in cases]).content_hash == made_set(cases).content_hash


def test_key_follows_the_split_of_every_case():
    """Results belong to one split of the set: another seed is another key, with the content hash unchanged."""
    labeled_set = made_set(made_cases(60))
    one, other = split_labeled_set(labeled_set, seed=1), split_labeled_set(labeled_set, seed=2)

    assert one.key != other.key
    assert one.content_hash == other.content_hash


def test_fields_begin_with_the_category():
    """The main field comes first, the others as the file has them."""
    cases = [{"expected_priority": "high", **case, "expected_area": "eu"} for case in made_cases(3)]

    assert made_set(cases).fields == ("category", "priority", "area")


def test_missing_value_is_no_label():
    """Labels are sorted, and a case without a value in a further field adds none."""
    cases = made_cases(3)
    labeled_set = made_set([cases[0] | {"expected_priority": ""}, cases[1] | {"expected_priority": "low"},
                            cases[2] | {"expected_priority": "high"}])

    assert labeled_set.labels("priority") == ("high", "low")


def test_split_gives_its_cases_in_the_order_of_the_file():
    """The splits part the set, "all" gives it whole, and rows keep their order."""
    labeled_set = split_labeled_set(made_set(made_cases(30)))
    parts = [labeled_set.split(name) for name in ("train", "validation", "test")]

    assert sum(map(len, parts)) == len(labeled_set.split("all")) == len(labeled_set) == 30
    assert all(part["row"].is_monotonic_increasing for part in parts)


def test_labeled_set_is_frozen():
    """A set that results belong to cannot be changed under them."""
    with pytest.raises(FrozenInstanceError):
        made_set(made_cases(3)).name = "other"
