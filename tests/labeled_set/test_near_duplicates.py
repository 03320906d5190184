from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from tests.made_up import made_cases, real_set

from promptceiling.labeled_set import audit, near_duplicate_clusters, near_duplicate_pairs, split_labeled_set
from promptceiling.labeled_set import near_duplicates as module
from promptceiling.labeled_set.near_search import near_pairs

FAMILY = "the invoice of {month} shows a sum that nobody here can explain, please send the corrected one soon"
MONTHS = ("march", "april", "may", "june")


def test_cosine_is_that_of_tf_idf_over_character_ngrams():
    """Two texts that share one of three n-grams have the cosine that the formula gives.

    abcd has the n-grams abc, bcd, abcd and abce has abc, bce, abce. With idf = ln((1 + n) / (1 + df)) + 1 and n = 2,
    the shared one weighs 1 and the others ln(3/2) + 1 = 1.405465, so the cosine is 1 / (1 + 2 * 1.405465^2) = 0.201993.
    """
    [(i, j, cosine)] = near_duplicate_pairs(["abcd", "abce"], threshold=0.1)

    assert (i, j) == (0, 1)
    assert cosine == pytest.approx(0.201993, abs=1e-6)


@pytest.mark.parametrize(("one", "other"), [
    ("The invoice is wrong", "the INVOICE is wrong"),
    ("The invoice is wrong", " The\n invoice\u00a0is  wrong\t"),
    ("The invoice is wrong", "Ｔｈｅ ｉｎｖｏｉｃｅ ｉｓ ｗｒｏｎｇ"),
    ("Straße gesperrt", "STRASSE gesperrt"),
    ("ok", "OK"),
    ("?", "?"),
    ("请退款", "请退款"),
])
def test_same_text_to_a_reader_is_a_near_duplicate(one, other):
    """Case, spacing and character width make no other text, however short it is."""
    [(i, j, cosine)] = near_duplicate_pairs(["something else altogether", one, other])

    assert (i, j) == (1, 2)
    assert cosine == pytest.approx(1.0, abs=1e-6)


def test_text_with_one_word_changed_is_a_near_duplicate():
    """A long text in which a month differs is near, and an unrelated one is not."""
    texts = [FAMILY.format(month="march"), FAMILY.format(month="april"), *(c["input"] for c in made_cases(20))]

    assert [(i, j) for i, j, _ in near_duplicate_pairs(texts, threshold=0.8)] == [(0, 1)]


@pytest.mark.parametrize("texts", [[], ["alone"], ["", ""], ["", " ", "\n"], ["a", "b"]])
def test_too_few_texts_have_no_pairs(texts):
    """Empty texts are near nothing, not even each other."""
    assert near_duplicate_pairs(texts) == []


def test_many_equal_texts_are_not_paired_one_by_one(monkeypatch):
    """Of 2,000 equal texts the later 1,999 are named, and five pairs of two million are made for five examples."""
    found = module.near_duplicates(["n/a"] * 2000 + ["something else altogether"])
    made = []
    monkeypatch.setattr(module, "combinations", lambda group, k: (made.append(p) or p for p in combinations(group, k)))

    assert found.later.tolist() == list(range(1, 2000))
    assert found.nearest(5) == [(0, k, 1.0) for k in range(1, 6)]
    assert len(made) == 5


@settings(deadline=None, max_examples=100)
@given(words=st.lists(st.lists(st.sampled_from(["card", "pin", "lost", "A", "a", "?"]), max_size=4), max_size=9),
       data=st.data())
def test_later_twins_and_first_pairs_are_those_of_all_pairs(words, data):
    """What is told without making every pair is what every pair tells."""
    texts = [" ".join(own) for own in words]
    side = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), dtype=bool)
    pairs = near_duplicate_pairs(texts, threshold=0.6)
    found = module.near_duplicates(texts, threshold=0.6)
    twins = {}
    for i, j, _ in pairs:
        for a, b in ((i, j), (j, i)):
            if side[a] and not side[b]:
                twins.setdefault(b, a)

    assert found.later.tolist() == sorted({j for _, j, _ in pairs})
    assert list(found.twins(among=side, of=~side).items()) == list(twins.items())
    assert found.nearest(3) == pairs[:3]


def test_splitting_and_auditing_search_once(monkeypatch):
    """The pairs that a split needed are those that its audit reads."""
    searched = []
    monkeypatch.setattr(module, "near_pairs", lambda *args: searched.append(args) or near_pairs(*args))
    module._searched.cache_clear()
    audit(split_labeled_set(real_set("askubuntu_test")))

    assert len(searched) == 1


def test_pairs_come_by_descending_cosine():
    """The nearest pair is the first."""
    texts = [FAMILY.format(month=month) for month in (*MONTHS, "march")]
    pairs = near_duplicate_pairs(texts, threshold=0.5)

    assert [s for *_, s in pairs] == sorted((s for *_, s in pairs), reverse=True)
    assert pairs[0][:2] == (0, 4)
    assert all(i < j for i, j, _ in pairs)


def test_chain_of_near_duplicates_is_one_cluster():
    """A near B and B near C share a cluster, though A and C alone are not near.

    With the threshold between the cosine of neighbours (0.66 and more) and that of the ends (under 0.5), only the
    neighbours pair.
    """
    texts = ["one two three four five six", "one two three four nine ten", "six seven three four nine ten"]
    near = {(i, j): s for i, j, s in near_duplicate_pairs(texts, threshold=0.0)}
    threshold = (near.get((0, 2), 0.0) + min(near[0, 1], near[1, 2])) / 2

    assert near.get((0, 2), 0.0) < threshold < min(near[0, 1], near[1, 2])
    assert near_duplicate_clusters(texts, threshold).tolist() == [0, 0, 0]


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(st.text(max_size=12), max_size=12), seed=st.integers(0, 2**32 - 1))
def test_clusters_are_the_same_in_any_order(texts, seed):
    """Who is clustered with whom does not depend on where the texts stand."""
    order = np.random.default_rng(seed).permutation(len(texts))
    clusters = near_duplicate_clusters(texts)
    shuffled = near_duplicate_clusters([texts[k] for k in order])

    for a, b in combinations(range(len(texts)), 2):
        assert (shuffled[a] == shuffled[b]) == (clusters[order[a]] == clusters[order[b]])


def test_public_set_pairs_agree_with_brute_force():
    """On 109 real questions the pairs are those that a plain double loop over dense vectors finds."""
    texts = real_set("askubuntu_test").cases["input"].tolist()
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    dense = vectorizer.fit_transform([" ".join(t.lower().split()) for t in texts]).toarray()
    expected = {(i, j) for i, j in combinations(range(len(texts)), 2) if dense[i] @ dense[j] >= 0.3}

    assert {(i, j) for i, j, _ in near_duplicate_pairs(texts, threshold=0.3)} == expected
    assert expected
