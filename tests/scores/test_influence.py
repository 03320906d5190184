"""The delta-method interval."""

import numpy as np
import pytest

from promptceiling.scores import influence_interval, score_predictions
from promptceiling.scores.influence import influence_of
from promptceiling.scores.metrics import point_metrics_of


@pytest.mark.parametrize(("n", "labels"), [(1000, 5), (1000, 20), (3000, 77)])
def test_it_agrees_with_the_bootstrap(n, labels):
    """Ends within 0.005 from n = 1,000 on."""
    rng = np.random.default_rng(labels)
    names = [f"l{k}" for k in range(labels)]
    weight = 1 / np.arange(1, labels + 1)
    y = rng.choice(names, n, p=weight / weight.sum())
    p = np.where(rng.random(n) < 0.8, y, rng.choice(names, n))
    boot, delta = score_predictions(y, p, names).f1_weighted, influence_interval(y, p, names)
    assert delta.value == pytest.approx(boot.value, abs=1e-12)
    assert (delta.low, delta.high) == pytest.approx((boot.low, boot.high), abs=0.005)


def test_an_influence_is_what_one_more_case_changes():
    """n times the change of the F1 when a case is weighted up by a little, for every kind of case; they sum to 0."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 200)
    p = np.where(rng.random(200) < 0.7, y, rng.integers(0, 5, 200))
    value, influence = influence_of(y, p, 4)
    assert influence.sum() == pytest.approx(0, abs=1e-9)
    many = 400
    for case in range(25):
        yy, pp = np.append(np.tile(y, many), y[case]), np.append(np.tile(p, many), p[case])
        changed = (point_metrics_of(yy, pp, 4).f1_weighted - value) * len(yy)
        assert influence[case] == pytest.approx(changed, abs=0.002)


def test_units_add_their_influences():
    """Five copies of each case, named by case, keep the width."""
    rng = np.random.default_rng(1)
    y = rng.choice(["a", "b"], 300)
    p = np.where(rng.random(300) < 0.8, y, rng.choice(["a", "b"], 300))
    one = influence_interval(y, p, ["a", "b"])
    five = influence_interval(np.tile(y, 5), np.tile(p, 5), ["a", "b"], units=list(range(300)) * 5)
    assert five.low == pytest.approx(one.low, abs=1e-9)
