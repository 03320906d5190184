import numpy as np
import pytest
from tests.made_up import real_set

from promptceiling.labeled_set import near_search, ngrams
from promptceiling.labeled_set.near_search import near_pairs
from promptceiling.labeled_set.ngrams import Vectors


def random_texts(n, words=200, length=25, seed=0):
    """Texts of random words of one vocabulary, in which no n-gram is rare."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array(["".join(rng.choice(list("abcdefghijklmnop"), rng.integers(3, 9))) for _ in range(words)])
    return [" ".join(rng.choice(vocabulary, length)) for _ in range(n)]


def edited(text, rng):
    """The text with one word replaced, one left out, or one put in."""
    words, at, new = text.split(), int(rng.integers(len(text.split()))), f"new{rng.integers(1000)}"
    replaced, left_out, put_in = [*words[:at], new, *words[at + 1 :]], [*words[:at], *words[at + 1 :]], [*words, new]
    return " ".join((replaced, left_out, put_in)[rng.integers(3)])


def vectors_of(texts):
    distinct = sorted(set(texts))
    return Vectors.of(distinct, [1] * len(distinct))


def pairs_of(found):
    return set(zip(found.i.tolist(), found.j.tolist(), strict=True))


def test_vectors_are_those_of_scikit_learn():
    """Vectors put together from words equal TfidfVectorizer's, repeated words and all."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["a card a card lost", "ab", "请退款 x", *random_texts(20)]
    expected = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False).fit_transform(texts)
    found = Vectors.of(texts, [1] * len(texts)).rows(slice(None))

    assert (found @ found.T).toarray() == pytest.approx((expected @ expected.T).toarray(), abs=1e-5)


def test_blocks_do_not_matter(monkeypatch):
    """Pairs across the border of two blocks are found like those within one."""
    vectors = vectors_of(real_set("askubuntu_test").cases["input"])
    whole = near_pairs(vectors, 0.4)
    monkeypatch.setattr(near_search, "_BLOCK", 2)
    monkeypatch.setattr(ngrams, "_NUMBERS", 500)
    parts = near_pairs(vectors, 0.4)

    assert whole.exact
    assert parts.exact
    assert len(whole.i)
    assert pairs_of(parts) == pairs_of(whole)


def test_hashes_find_the_pairs_that_comparing_finds(monkeypatch):
    """Of 1,600 pairs with a cosine of 0.9 and more, one to three words apart, the hashes miss at most one."""
    rng, texts = np.random.default_rng(1), random_texts(1000)
    vectors = vectors_of([*texts, *(edited(t, rng) for t in texts), *(edited(edited(t, rng), rng) for t in texts)])
    dense = vectors.rows(slice(None)).toarray()
    every = set(zip(*np.nonzero(np.triu(dense @ dense.T, 1) >= 0.9), strict=True))
    monkeypatch.setattr(near_search, "MOST_NUMBERS", 0)
    found = near_pairs(vectors, 0.9)

    assert not found.exact
    assert len(every) > 1500
    assert len(every - pairs_of(found)) <= 1
    assert pairs_of(found) <= every


def test_large_group_is_joined_without_comparing_all(monkeypatch):
    """600 texts of one template, 179,700 near pairs of which 3,000 are looked at, are one connected group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    vectors = vectors_of([f"{text} {k}" for text in random_texts(1, length=150) for k in range(600)])
    monkeypatch.setattr(near_search, "MOST_NUMBERS", 0)
    monkeypatch.setattr(near_search, "_MOST_PAIRS", 3000)
    found = near_pairs(vectors, 0.9)

    assert len(found.i) <= 3000
    assert connected_components(coo_array((found.cosine, (found.i, found.j)), shape=(600, 600)))[0] == 1
