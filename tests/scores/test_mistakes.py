"""Errors that a person can act on."""

import math

import pytest

from promptceiling.errors import InputError
from promptceiling.scores import confused_pairs, confusion_matrix, flips_between, missed_by_all

L = ["a", "b", "c"]


def test_pairs_are_the_cells_off_the_diagonal():
    """Commonest first; a foreign word and no answer are one column; shares are of the expected label's cases."""
    y, p = list("aaaaabbc"), ["a", "b", "b", "c", None, "x", "b", "a"]
    pairs = confused_pairs(y, p, L)
    assert [(q.expected, q.predicted, q.count) for q in pairs] == [
        ("a", "b", 2), ("a", "c", 1), ("a", None, 1), ("b", None, 1), ("c", "a", 1)]
    assert (pairs[0].share.value, pairs[0].positions) == (0.4, (1, 2))
    table = confusion_matrix(y, p, L)
    assert sum(q.count for q in pairs) == table.sum() - table.trace()
    assert len(confused_pairs(y, p, L, most=2)) == 2


def test_cases_that_all_variants_miss_come_with_their_common_answer():
    """Those on which the variants agree come first; a case that one variant gets right is none."""
    found = missed_by_all(["a", "a", "b"], {"x": ["c", "a", "c"], "y": ["b", "b", "c"], "z": [None, "b", "c"]})
    assert [(m.position, m.answer, m.agree, m.variants) for m in found] == [(2, "c", 3, 3), (0, "c", 1, 3)]
    assert missed_by_all(["a"], {}) == ()


def test_flips_are_cases_whose_answer_changes():
    """Case 1 flips from right to wrong, case 2 between two wrong answers, case 3 not; case 4 was asked once."""
    got = flips_between([1, 2, 3, 1, 2, 3, 4], list("aaaaaaa"), ["a", "b", "a", "b", None, "a", "c"])
    assert [f.case for f in got.flips] == [1, 2]
    assert dict(got.flips[1].answers) == {"b": 1, None: 1}
    assert (got.share.value, got.correctness.value, got.share.n) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 3)


def test_without_repeats_nothing_is_known_about_flips():
    """NaN, not 0."""
    assert math.isnan(flips_between([1, 2], ["a", "a"], ["a", "b"]).share.value)


def test_answers_that_do_not_fit_are_refused():
    """Lengths that differ."""
    with pytest.raises(InputError, match="2 and 1"):
        confused_pairs(["a", "a"], ["a"], L)
    with pytest.raises(InputError, match="1 and 2"):
        missed_by_all(["a"], {"x": ["a", "b"]})
