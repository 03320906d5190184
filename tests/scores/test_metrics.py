"""Point metrics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_table

from promptceiling.errors import InputError
from promptceiling.scores import confusion_matrix, point_metrics
from promptceiling.scores.metrics import encode

WORDS = ["", " ", "a", "A", "nan", "None", "0", "é", "e\u0301", "\ud800", "🙂", "a\x00"]
ODD = st.one_of(st.sampled_from(WORDS), st.text(max_size=3))


@st.composite
def predictions(draw):
    labels = draw(st.lists(ODD, min_size=1, max_size=6, unique=True))
    n = draw(st.integers(1, 40))
    expected = draw(st.lists(st.sampled_from(labels), min_size=n, max_size=n))
    answers = st.one_of(st.sampled_from(labels), st.none(), ODD)
    return labels, expected, draw(st.lists(answers, min_size=n, max_size=n))


@settings(max_examples=1000, deadline=None)
@given(predictions())
def test_every_metric_equals_scikit_learns(case):
    """With labels= the set's and zero_division=0, to 1e-12, whatever labels, unparsed answers and foreign words."""
    labels, expected, predicted = case
    ours = point_metrics(expected, predicted, labels)
    code = {label: k for k, label in enumerate(labels)}
    y = [code[e] for e in expected]
    p = [code.get(a, len(labels)) for a in predicted]
    known = list(range(len(labels)))
    theirs = precision_recall_fscore_support(y, p, labels=known, zero_division=0)
    for mine, reference in zip((ours.precision, ours.recall, ours.f1, ours.support), theirs, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-12)
    for average, mine in (("weighted", ours.f1_weighted), ("macro", ours.f1_macro)):
        assert mine == pytest.approx(f1_score(y, p, labels=known, average=average, zero_division=0), abs=1e-12)
    assert ours.accuracy == pytest.approx(accuracy_score(y, p), abs=1e-12)
    reference = sklearn_table(y, p, labels=[*known, len(labels)])[:-1]
    assert confusion_matrix(expected, predicted, labels).tolist() == reference.tolist()


def test_no_case_has_no_metric():
    """Empty gives NaN, never 0."""
    none = point_metrics([], [], ["a"])
    assert all(math.isnan(v) for v in (none.f1_weighted, none.f1_macro, none.accuracy))


def test_labels_compare_exactly():
    """Case, composed letters and outer space make another word."""
    assert point_metrics(["é"] * 3, ["e\u0301", "É", "é "], ["é"]).accuracy == 0


def test_a_label_named_twice_is_refused():
    """The sentence names it."""
    with pytest.raises(InputError, match="'a' occurs twice"):
        encode(["a"], ["a", "b", "a"])


def test_the_matrix_has_expected_in_rows_and_no_label_last():
    """`matrix[expected, predicted]`; an unparsed answer and a foreign word share the last column."""
    assert confusion_matrix(["a", "a", "b", "b"], ["b", None, "b", "c"], ["a", "b"]).tolist() == [[0, 1, 1], [0, 1, 1]]
