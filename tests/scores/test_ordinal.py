"""Fields whose values have an order."""

import math

import numpy as np
import pytest

from promptceiling.scores import order_of, ordinal_score

P = ["low", "medium", "high"]


def test_distance_counts_steps():
    """One step, two steps and none: mean 1; answers lean low by (1 - 2 + 0) / 3."""
    got = ordinal_score(["low", "high", "high"], ["medium", "low", "high"], P)
    assert got.distance.value == pytest.approx(1.0)
    assert got.lean.value == pytest.approx(-1 / 3)
    assert got.by_distance == (1, 1, 1, 0)


def test_no_answer_is_as_far_off_as_can_be():
    """From medium one step, from low two; never better than a wrong answer, and counted apart."""
    got = ordinal_score(["medium", "low"], [None, "urgent"], P)
    assert (got.distance.value, got.off_scale, got.by_distance) == (1.5, 2, (0, 0, 0, 2))
    assert math.isnan(got.lean.value)


def test_the_interval_is_the_bootstraps():
    """Within noise of a plain bootstrap of the mean."""
    rng = np.random.default_rng(0)
    y, p = rng.choice(P, 300), rng.choice(P, 300)
    got = ordinal_score(y.tolist(), p.tolist(), P)
    d = np.abs(np.array([P.index(v) for v in p]) - np.array([P.index(v) for v in y]))
    plain = np.percentile(d[rng.integers(0, 300, (4000, 300))].mean(axis=1), [2.5, 97.5])
    assert (got.distance.low, got.distance.high) == pytest.approx(tuple(plain), abs=0.02)


def test_cases_of_one_unit_do_not_count_as_independent():
    """Copies narrow nothing, and no difference at all still has a width."""
    rng = np.random.default_rng(0)
    y, p = rng.choice(P, 100).tolist(), rng.choice(P, 100).tolist()
    one, five = ordinal_score(y, p, P), ordinal_score(y * 5, p * 5, P, units=list(range(100)) * 5)
    assert five.distance.high - five.distance.low == pytest.approx(one.distance.high - one.distance.low, rel=0.02)
    assert ordinal_score(y, y, P).distance.high > 0


def test_known_orders_are_recognised_whatever_their_writing():
    """None where a value belongs to no order, or there is but one."""
    assert order_of(["HIGH", "Low", "medium", "critical"]) == ("Low", "medium", "HIGH", "critical")
    assert order_of(["low", "billing"]) is None
    assert order_of(["low"]) is None


def test_no_case_has_no_distance():
    """NaN."""
    assert math.isnan(ordinal_score([], [], P).distance.value)
