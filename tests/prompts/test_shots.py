from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from tests.made_up import made_cases, made_set, real_set

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, ShotPicker, fields_of
from promptceiling.prompts.likeness import largest
from promptceiling.prompts.variant import ORDERS, SELECTIONS

CASES = made_cases(60)


def variant_of(labeled_set, **options):
    if options.get("selection") == "hard":
        options = {"confused": tuple(combinations(labeled_set.labels(), 2))[:4]} | options
    return PromptVariant("v", fields_of(labeled_set), **({"shots": 5} | options))


def picked(labeled_set, cases=None, **options):
    """The shots' ids of each case, of the validation split unless told."""
    cases = labeled_set.split("validation") if cases is None else cases
    return [[s.id for s in shots] for shots in ShotPicker(labeled_set).pick(variant_of(labeled_set, **options), cases)]


@settings(deadline=None, max_examples=25)
@given(copies=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 23)), max_size=12), seed=st.integers(0, 99),
       shots=st.integers(1, 25), selection=st.sampled_from(SELECTIONS), order=st.sampled_from(ORDERS))
def test_no_shot_is_the_case_or_near_it_or_from_another_split(copies, seed, shots, selection, order):
    """However many texts repeat, and whatever split is scored, shots come from train and from other clusters alone."""
    cases = [dict(case) for case in CASES[:24]]
    for source, target in copies:
        cases[target]["input"] = cases[source]["input"].upper()
    labeled_set = split_labeled_set(made_set(cases), seed=seed)
    by_id = labeled_set.cases.set_index("id")
    chosen = picked(labeled_set, labeled_set.cases, shots=shots, selection=selection, order=order, seed=seed)

    for case_id, ids in zip(by_id.index, chosen, strict=True):
        assert case_id not in ids
        assert set(by_id.loc[ids, "split"]) <= {"train"}
        assert by_id.loc[case_id, "cluster"] not in set(by_id.loc[ids, "cluster"])
        assert len(ids) == len(set(ids)) <= shots


@pytest.mark.parametrize("selection", SELECTIONS)
def test_near_duplicate_across_a_given_split_is_no_shot(selection):
    """Where the file's own split parts two copies of a text, the copy in train is still barred."""
    cases = [case | {"split": "train" if k < 9 else "test"} for k, case in enumerate(CASES[:12])]
    cases[10]["input"] = cases[4]["input"].title()
    labeled_set = split_labeled_set(made_set(cases))
    chosen = picked(labeled_set, labeled_set.split("test"), shots=9, selection=selection)

    assert [len(ids) for ids in chosen] == [9, 8, 9]
    assert "c0004" not in chosen[1]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_small_pool_gives_fewer_shots(selection):
    """Where more shots are asked for than train holds, all of train is shown."""
    labeled_set = split_labeled_set(made_set(CASES[:12]))
    train = set(labeled_set.split("train")["id"])

    assert all(set(ids) == train for ids in picked(labeled_set, shots=100, selection=selection))


def test_no_shots_are_none():
    """A variant without shots, and a set without train cases, show none."""
    labeled_set = split_labeled_set(made_set(CASES))
    without = split_labeled_set(made_set([case | {"split": "validation"} for case in CASES[:6]]))

    assert picked(labeled_set, shots=0) == [[]] * len(labeled_set.split("validation"))
    assert picked(without, shots=5, selection="similar") == [[]] * 6


def test_shot_carries_every_field():
    """A shot is a train case's text with all its expected values."""
    labeled_set = split_labeled_set(made_set([case | {"expected_priority": "high"} for case in CASES]))
    [shot] = ShotPicker(labeled_set).pick(variant_of(labeled_set, shots=1), labeled_set.split("test").iloc[:1])[0]
    case = labeled_set.cases.set_index("id").loc[shot.id]

    assert shot.text == case["input"]
    assert shot.expected == {"category": case["expected_category"], "priority": "high"}


@pytest.mark.parametrize("selection", ["fixed", "stratified"])
def test_drawn_shots_are_the_same_for_all_cases(selection):
    """One draw serves all cases; another seed draws others."""
    labeled_set = split_labeled_set(made_set(CASES))
    first, *others = picked(labeled_set, selection=selection)

    assert all(ids == first for ids in others)
    assert picked(labeled_set, selection=selection, seed=1)[0] != first


@settings(deadline=None, max_examples=12)
@given(order=st.permutations(range(30)), selection=st.sampled_from(SELECTIONS))
def test_shots_are_the_same_in_any_order_of_rows(order, selection):
    """Sorting the file changes no prompt, not even where several texts are equally near."""
    one = split_labeled_set(made_set(CASES[:30]))
    other = split_labeled_set(made_set([CASES[k] for k in order]))
    validation = one.split("validation")
    again = other.cases.set_index("id").loc[validation["id"]].reset_index()

    assert picked(one, validation, selection=selection) == picked(other, again, selection=selection)


@pytest.mark.parametrize("shots", [1, 3, 5, 6, 9])
def test_stratified_shots_go_round_the_classes(shots):
    """No class has two shots more than another, and when all have one the commonest class comes first."""
    cases = CASES[:45] + [case | {"id": f"more{k}", "expected_category": "billing"}
                          for k, case in enumerate(made_cases(15, seed=1))]
    labeled_set = split_labeled_set(made_set(cases))
    labels = labeled_set.cases.set_index("id")["expected_category"]
    drawn = [labels[k] for k in picked(labeled_set, shots=shots, selection="stratified")[0]]
    counts = Counter(drawn)

    assert max(counts.values()) - min(counts.get(label, 0) for label in labels.unique()) <= 1
    assert drawn[0] == "billing"


def test_similar_shots_are_the_nearest_of_the_pool():
    """On real questions, the cosines of the shots are the largest that a plain loop over dense vectors finds."""
    labeled_set = split_labeled_set(real_set("askubuntu_test"))
    validation, train = labeled_set.split("validation"), labeled_set.split("train").set_index("id")
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    pool = dict(zip(train.index, vectorizer.fit_transform(train["input"]).toarray(), strict=True))
    for case, ids in zip(validation.itertuples(), picked(labeled_set, selection="similar"), strict=True):
        query = vectorizer.transform([case.input]).toarray()[0]
        allowed = train.index[train["cluster"] != case.cluster]
        best = sorted((float(pool[k] @ query) for k in allowed), reverse=True)[:5]

        np.testing.assert_allclose([pool[k] @ query for k in ids], best, atol=1e-6)


def test_blocks_of_cases_do_not_matter(monkeypatch):
    """Cases are compared in blocks; each has the shots that it would have alone."""
    labeled_set = split_labeled_set(made_set(CASES))
    whole = picked(labeled_set, selection="similar")
    monkeypatch.setattr("promptceiling.prompts.likeness.BLOCK", 4)

    assert picked(labeled_set, selection="similar") == whole


def diverse_set():
    """A case near three alike train cases and, less so, to a fourth of its own."""
    words = "refund invoice charge vat receipt total"
    rows = [
        ("a1", f"{words} alpha beta", "billing"), ("a2", f"{words} alpha gamma", "billing"),
        ("a3", f"{words} alpha delta", "billing"), ("b1", "refund invoice login token session reset", "access"),
        ("z1", "nothing in common whatsoever here", "export"), ("q", f"{words} login token", "billing"),
    ]
    cases = [{"id": i, "input": t, "expected_category": c, "split": "train" if i != "q" else "validation"}
             for i, t, c in rows]
    return split_labeled_set(made_set(cases))


def test_diverse_shots_begin_with_the_nearest_and_then_turn_elsewhere():
    """MMR takes the nearest first; its second is near but unlike the first, not the first's twin.

    The case's cosine is 0.606 to each a and 0.481 to b1; a1's is 0.731 to its twins and 0.117 to b1. With weights 0.7
    and 0.3 a twin gains 0.205 and b1 0.302.
    """
    [similar], [diverse] = (picked(diverse_set(), shots=2, selection=s) for s in ("similar", "diverse"))

    assert similar[0] == diverse[0]
    assert set(similar) < {"a1", "a2", "a3"}
    assert diverse[1] == "b1"


def test_orders_show_the_same_shots_in_another_order():
    """By class is sorted by label, shuffled follows the seed; the shots are the same, and drawn ones that are all as
    near as each other are only turned round by similar last."""
    labeled_set = split_labeled_set(made_set(CASES))
    labels = labeled_set.cases.set_index("id")["expected_category"]
    by_order = {o: picked(labeled_set, selection="stratified", shots=9, order=o) for o in ORDERS}

    for plain, last, by_class, shuffled in zip(*(by_order[o] for o in ORDERS), strict=True):
        assert last == plain[::-1]
        assert by_class == sorted(plain, key=lambda k: (labels[k], plain.index(k)))
        assert sorted(shuffled) == sorted(plain) != shuffled
    assert picked(labeled_set, selection="similar", order="shuffled") != picked(
        labeled_set, selection="similar", order="as_chosen")


@pytest.mark.parametrize("selection", ["similar", "diverse"])
@pytest.mark.parametrize("letters", ["abcdefghijkl", "!?#$%&*+/<=>", "请退款发票登录密码导出"])
def test_texts_without_words_have_shots_too(selection, letters):
    """Texts of one letter, one sign or one character of Chinese are compared by their characters."""
    cases = [{"id": f"c{k}", "input": letter, "expected_category": "xy"[k % 2]} for k, letter in enumerate(letters)]
    labeled_set = split_labeled_set(made_set(cases))

    assert all(len(ids) == 2 for ids in picked(labeled_set, shots=2, selection=selection))


@pytest.mark.parametrize("selection", SELECTIONS)
def test_similar_last_brings_the_nearest_to_the_end(selection):
    """However shots were chosen, those that are shown later are as near to the case as those before, or nearer."""
    labeled_set = split_labeled_set(real_set("askubuntu_test"))
    validation, texts = labeled_set.split("validation").iloc[:20], labeled_set.cases.set_index("id")["input"]
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit(labeled_set.split("train")["input"])
    chosen = picked(labeled_set, validation, selection=selection, order="similar_last")
    plain = picked(labeled_set, validation, selection=selection)
    for case, ids in zip(validation["input"], chosen, strict=True):
        near = (vectorizer.transform(texts[ids]) @ vectorizer.transform([case]).T).toarray().ravel()

        assert (np.diff(near) >= -1e-6).all()
    assert [sorted(ids) for ids in chosen] == [sorted(ids) for ids in plain]


def test_hard_shots_set_the_nearest_beside_what_it_was_confused_with():
    """The nearest comes first, then the nearest of the label that its own was confused with."""
    rows = [("a1", "refund invoice charge vat", "billing"), ("a2", "refund invoice charge", "billing"),
            ("b1", "refund login token", "access"), ("b2", "token session", "access"), ("z1", "refund file", "export"),
            ("q", "refund invoice charge vat total", "billing")]
    labeled_set = split_labeled_set(made_set([
        {"id": i, "input": t, "expected_category": c, "split": "train" if i != "q" else "validation"}
        for i, t, c in rows]))

    assert picked(labeled_set, shots=3, selection="similar") == [["a1", "a2", "z1"]]
    assert picked(labeled_set, shots=3, selection="hard", confused=(("access", "billing"),)) == [["a1", "b1", "a2"]]
    assert picked(labeled_set, shots=3, selection="hard", confused=(("access", "export"),)) == [["a1", "a2", "z1"]]


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=7, max_size=7), min_size=1, max_size=4),
       k=st.integers(1, 9))
def test_largest_are_those_of_a_full_sort(rows, k):
    """The k largest of each row, equal values by position, however many are equal at the cut."""
    values = np.array(rows, dtype=np.float32)

    for wide in (values, np.tile(values, 43), np.tile(values, 64)):  # in one piece, and in stretches
        np.testing.assert_array_equal(largest(wide, k), np.argsort(-wide, axis=1, kind="stable")[:, :k])


def test_vectors_of_an_embedding_model_say_what_is_near():
    """A variant that names an embedding model gets the shots whose vectors are nearest, whatever their words."""
    labeled_set = split_labeled_set(made_set(CASES))
    train, validation = labeled_set.split("train").sort_values("id"), labeled_set.split("validation")
    angles = {t: k / len(train) for k, t in enumerate(train["input"])} | dict.fromkeys(validation["input"], 0.0)
    vectors = {"m": {text: (3 * np.cos(a), 3 * np.sin(a)) for text, a in angles.items()}}
    variant = variant_of(labeled_set, selection="similar", embedding="m", shots=3)
    picker = ShotPicker(labeled_set, vectors)

    assert [[s.id for s in shots] for shots in picker.pick(variant, validation)] == [
        train["id"].iloc[:3].tolist()] * len(validation)
    with pytest.raises(InputError, match="There is no vector of 'm' for the text"):
        ShotPicker(labeled_set).pick(variant, validation)


def test_set_that_was_not_split_is_refused():
    """Without splits nothing tells the shot pool from what is scored."""
    with pytest.raises(InputError, match=r"has not been split\. Call split_labeled_set first."):
        ShotPicker(made_set(CASES))


def test_no_cases_need_no_shots():
    """An empty frame of cases gives an empty list."""
    labeled_set = split_labeled_set(made_set(CASES))

    for selection in SELECTIONS:
        assert picked(labeled_set, pd.DataFrame(labeled_set.cases.iloc[:0]), selection=selection) == []
