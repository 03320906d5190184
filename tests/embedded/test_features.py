import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptceiling.embedded.features import count_ngrams, likeness_to_first

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("\ud83d\udfff")), max_size=30)


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_likeness_is_the_cosine_of_weighted_counts(texts):
    """For any texts, half characters and empty ones among them, the cosines are those of a plain dense computation."""
    sparse = count_ngrams(texts)
    counts = sparse[:, np.unique(sparse.indices)].toarray().astype(float)
    weighed = counts * np.log((1 + len(texts)) / np.maximum(1, (counts > 0).sum(axis=0)))
    lengths = np.linalg.norm(weighed, axis=1)
    expected = [float(row @ weighed[0] / (length * lengths[0])) if length * lengths[0] else 0.0
                for row, length in zip(weighed[1:], lengths[1:], strict=True)]

    np.testing.assert_allclose(likeness_to_first(texts), expected, atol=1e-6)


def test_same_text_has_likeness_one_and_another_script_none():
    """A repeat has cosine 1, a text that shares no n-gram has 0, and an empty text has 0."""
    assert likeness_to_first(["the invoice", "the invoice", "请退款", ""]) == pytest.approx([1.0, 0.0, 0.0])


def test_counts_are_damped():
    """A word that occurs three times weighs 1 + ln 3, one that occurs once weighs 1.

    A single letter has no word feature and one in-word n-gram, " z " with its borders.
    """
    once, thrice = count_ngrams(["z"]), count_ngrams(["z z z"])

    assert once.data.tolist() == [1.0]
    assert thrice.data.tolist() == pytest.approx([1 + np.log(3)])


def test_hyphens_and_underscores_part_words():
    """A label's name meets the same words in a text."""
    a, b, c = (count_ngrams([text]).toarray() for text in ("how_to", "how-to", "how to"))

    assert (a == b).all()
    assert (b == c).all()
