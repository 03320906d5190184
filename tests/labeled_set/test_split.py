import tracemalloc
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up import made_cases, made_set, real_set

from promptceiling.errors import InputError
from promptceiling.labeled_set import SHARES, SPLITS, labeled_set_of, near_duplicate_pairs, split_labeled_set
from promptceiling.labeled_set.near_duplicates import near_duplicate_clusters

CASES = made_cases(90)


def split_of(cases, **options):
    """Case id -> split."""
    split = split_labeled_set(made_set(cases), **options).cases
    return dict(zip(split["id"], split["split"], strict=True))


@settings(deadline=None, max_examples=12)
@given(order=st.permutations(range(45)), seed=st.integers(0, 5))
def test_splits_are_the_same_in_any_order_of_rows(order, seed):
    """Sorting the file moves no case to another split, cluster or unit."""
    cases = [case | {"group": f"g{k // 3}"} for k, case in enumerate(CASES[:45])]
    one = split_labeled_set(made_set(cases), seed=seed).cases.set_index("id")
    other = split_labeled_set(made_set([cases[k] for k in order]), seed=seed).cases.set_index("id")

    columns = ["split", "cluster", "unit"]
    pd.testing.assert_frame_equal(one[columns], other[columns].loc[one.index])


@settings(deadline=None, max_examples=20)
@given(groups=st.lists(st.integers(0, 12), min_size=40, max_size=40), seed=st.integers(0, 9))
def test_group_is_never_parted(groups, seed):
    """All cases of a customer or thread stand in one split and one unit, however uneven the groups are."""
    cases = [case | {"group": f"g{g}" if g else ""} for case, g in zip(CASES, groups, strict=False)]
    split = split_labeled_set(made_set(cases), seed=seed).cases
    grouped = split[split["group"] != ""].groupby("group")

    assert (grouped["split"].nunique() == 1).all()
    assert (grouped["unit"].nunique() == 1).all()


@settings(deadline=None, max_examples=20)
@given(repeats=st.lists(st.integers(1, 4), min_size=12, max_size=12), seed=st.integers(0, 9))
def test_near_duplicates_are_never_parted(repeats, seed):
    """A text and its copies with another spacing, case or last word stand in one split and one cluster."""
    cases = [
        {"id": f"{k}.{n}", "input": f"{CASES[k]['input'].upper() if n % 2 else CASES[k]['input']} {'again' * n}",
         "expected_category": CASES[k]["expected_category"]}
        for k, times in enumerate(repeats) for n in range(times)
    ]
    split = split_labeled_set(made_set(cases), seed=seed).cases
    pairs = near_duplicate_pairs(split["input"].tolist())

    assert len(pairs) >= sum(times * (times - 1) // 2 for times in repeats if times == 2)
    for i, j, _ in pairs:
        assert split["split"].iloc[i] == split["split"].iloc[j]
        assert split["cluster"].iloc[i] == split["cluster"].iloc[j]


def test_unit_joins_groups_through_near_duplicates():
    """Two groups that share a text are one unit, which carries the smallest of its ids."""
    cases = [case | {"group": f"g{k}"} for k, case in enumerate(CASES[:12])]
    cases[7] |= {"group": "g3"}
    cases[9] |= {"input": cases[7]["input"].title()}
    split = split_labeled_set(made_set(cases)).cases.set_index("id")

    assert split.loc[["c0003", "c0007", "c0009"], "unit"].tolist() == ["c0003"] * 3
    assert split.loc[["c0003", "c0007", "c0009"], "cluster"].tolist() == ["c0003", "c0007", "c0007"]


def test_case_without_group_or_duplicate_is_its_own_unit():
    """Cases that have nothing in common are split one by one."""
    split = split_labeled_set(made_set(CASES)).cases

    assert split["unit"].tolist() == split["cluster"].tolist() == split["id"].tolist()


def test_splits_are_stratified():
    """Of 30 cases in each class, 12, 9 and 9 go to train, validation and test: 40, 30 and 30 percent."""
    split = split_labeled_set(made_set(CASES)).cases

    for _, one_class in split.groupby("expected_category"):
        assert Counter(one_class["split"]) == {"train": 12, "validation": 9, "test": 9}


def test_public_set_is_stratified_within_two_cases():
    """In 77 real classes of 35 to 187 cases, every class has its shares to within two cases and its near-duplicates."""
    split = split_labeled_set(real_set("banking77_test")).cases
    counts = pd.crosstab(split["expected_category"], split["split"])
    biggest = split["unit"].value_counts().max()

    for name, share in SHARES.items():
        assert (counts[name] - share * counts.sum(axis=1)).abs().max() <= 2 + biggest


def test_other_shares_are_followed():
    """Shares that the caller chooses are the shares that come."""
    split = split_of(CASES, shares={"train": 0.8, "validation": 0.1, "test": 0.1})

    assert Counter(split.values()) == {"train": 72, "validation": 9, "test": 9}


def test_another_seed_is_another_split():
    """The seed draws; the same seed draws the same."""
    assert split_of(CASES, seed=1) != split_of(CASES, seed=2)
    assert split_of(CASES, seed=1) == split_of(CASES, seed=1)


def test_given_split_is_kept():
    """A split column that the file brought is left as it is, and clusters are found beside it."""
    given_split = [SPLITS[k % 3] for k in range(len(CASES))]
    split = split_labeled_set(made_set([c | {"split": s} for c, s in zip(CASES, given_split, strict=True)])).cases

    assert split["split"].tolist() == given_split
    assert split["cluster"].tolist() == split["id"].tolist()


def test_empty_split_column_is_filled():
    """A split column without a single value counts as none."""
    assert set(split_of([case | {"split": ""} for case in CASES]).values()) == set(SPLITS)


@pytest.mark.parametrize("word", ["dev", "Train", "", " train"])
def test_unknown_split_is_refused_with_its_row(word):
    """A word other than the three is refused, naming the row, what was found and what is expected."""
    cases = [case | {"split": "train"} for case in CASES[:9]]
    cases[4] |= {"split": word}

    with pytest.raises(InputError) as caught:
        split_labeled_set(made_set(cases))

    told = f"the split {word!r}" if word else "no split, while others have one"
    assert f"made, row 5 has {told}; expected train, validation or test in every row" in str(caught.value)
    assert (caught.value.row, caught.value.column) == (5, "split")


def test_class_too_small_for_every_split_is_told():
    """A class with a single case is named with the splits that it does not reach."""
    labeled_set = split_labeled_set(made_set([*CASES[:30], CASES[31] | {"expected_category": "rare"}]))

    [notice] = labeled_set.notices
    assert notice.code == "class_missing_from_split"
    assert notice.message.count(" is not in ") == 1
    assert "'rare' is not in " in notice.message


def test_splitting_leaves_the_given_set_alone():
    """The set that was handed in has no new column."""
    labeled_set = made_set(CASES)
    columns = list(labeled_set.cases.columns)
    split_labeled_set(labeled_set)

    assert list(labeled_set.cases.columns) == columns


def test_thousands_of_classes_take_no_table_of_all_units_and_classes():
    """Splitting 3,000 units of 1,000 classes takes less than half of what a table of the two would (24 MB)."""
    labeled_set = labeled_set_of([{"input": f"w{k}", "label": f"class {k % 1000}"} for k in range(3000)])
    near_duplicate_clusters(labeled_set.cases["input"].tolist())  # kept for the split

    tracemalloc.start()
    split = split_labeled_set(labeled_set)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 12e6
    assert split.cases.groupby("expected_category")["split"].nunique().min() == 3
