"""Confidence held against being right."""

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from promptceiling.errors import InputError
from promptceiling.scores import calibration_of
from promptceiling.scores.calibration import usable_confidence


def example(n=600, too_high=0.0, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.random(n) * 0.5 + 0.5
    return (rng.random(n) < c - too_high).tolist(), c.tolist()


def test_what_is_no_confidence_is_counted_and_left_out():
    """Absent, text, true, NaN and out of range."""
    got = calibration_of([True] * 7, [0.9, None, "0.9", True, math.nan, 1.01, -0.1])
    assert (got.n, got.without) == (1, 6)
    assert usable_confidence([0, 1, np.float32(0.5)]).tolist() == [0, 1, 0.5]


def test_brier_equals_scikit_learns():
    """To 1e-12."""
    right, c = example()
    assert calibration_of(right, c).brier.value == pytest.approx(brier_score_loss(right, c), abs=1e-12)


def test_a_perfect_confidence_has_the_error_that_chance_gives():
    """ECE is above 0 even then; it is about what `ece_by_chance` says, and overconfidence about 0."""
    right, c = example(3000)
    got = calibration_of(right, c)
    assert got.ece.value == pytest.approx(got.ece_by_chance, abs=0.012)
    assert got.overconfidence.low < 0 < got.overconfidence.high


def test_confidence_that_is_too_high_shows():
    """20 points too high: overconfidence and ECE of about 0.2, clear of chance."""
    right, c = example(2000, 0.2)
    got = calibration_of(right, c)
    assert got.overconfidence.value == pytest.approx(0.2, abs=0.03)
    assert got.ece.value == pytest.approx(0.2, abs=0.03)
    assert got.ece.low > got.ece_by_chance


def test_ece_by_hand():
    """Two bins of two: |0.25 - 0.5| and |0.85 - 1| weigh a half each: 0.2."""
    assert calibration_of([True, False, True, True], [0.2, 0.3, 0.8, 0.9], bins=2).ece.value == pytest.approx(0.2)


def test_fifteen_bins_of_equal_mass():
    """600 distinct confidences give 15 bins of 40, from least to most confident."""
    right, c = example()
    bins = calibration_of(right, c).bins
    assert [b.accuracy.n for b in bins] == [40] * 15
    assert [b.confidence for b in bins] == sorted(b.confidence for b in bins)


def test_equal_confidences_are_never_parted():
    """A model that only says 0.9 or 1 has two bins, and the order of cases changes nothing."""
    right, c = [True, False] * 30, [0.9] * 20 + [1.0] * 40
    got, turned = calibration_of(right, c), calibration_of(right[::-1], c[::-1])
    assert [(b.confidence, b.accuracy.n) for b in got.bins] == [(pytest.approx(0.9), 20), (1.0, 40)]
    assert got.ece.value == turned.ece.value
    assert (got.coverage, got.risk) == (turned.coverage, turned.risk)


def test_risk_falls_with_coverage_where_confidence_helps():
    """Answering all has the overall error; the most confident tenth has less."""
    right, c = example(2000)
    got = calibration_of(right, c)
    assert got.coverage[-1] == 1.0
    assert got.risk[-1] == pytest.approx(1 - np.mean(right))
    tenth = got.risk[np.searchsorted(got.coverage, 0.1)]
    assert tenth < got.risk[-1] - 0.1


def test_no_confidence_at_all_is_no_number():
    """NaN, no bins; lengths that differ are refused."""
    got = calibration_of([True], [None])
    assert (got.n, got.without, got.bins) == (0, 1, ())
    assert math.isnan(got.ece.value)
    with pytest.raises(InputError, match="2 answers but 1"):
        calibration_of([True, False], [0.5])


def test_cases_of_one_unit_do_not_count_as_independent():
    """Copies narrow neither the error's interval nor a bin's."""
    rng = np.random.default_rng(0)
    c = rng.random(120)
    right = (rng.random(120) < c**2).tolist()
    one = calibration_of(right, c.tolist(), bins=5)
    five = calibration_of(right * 5, c.tolist() * 5, units=list(range(120)) * 5, bins=5)
    for a, b in ((one.ece, five.ece), (one.brier, five.brier), (one.overconfidence, five.overconfidence),
                 (one.bins[2].accuracy, five.bins[2].accuracy)):
        assert b.value == pytest.approx(a.value)
        assert b.high - b.low == pytest.approx(a.high - a.low, rel=0.12)
