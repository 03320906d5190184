"""Learning curves that can refuse."""

import math

import numpy as np
import pytest

from promptceiling.errors import InputError
from promptceiling.scores import learning_curve


def curve(a, b, c, sizes, noise=0.0, draws=5, seed=0):
    rng = np.random.default_rng(seed)
    return {k: (a - b * k**-c + noise * rng.normal(size=draws)).tolist() for k in sizes}


@pytest.mark.parametrize(("a", "b", "c"), [(0.9, 1.0, 0.5), (0.8, 2.0, 0.9), (0.85, 0.6, 0.3)])
def test_a_power_law_is_recovered_and_continued(a, b, c):
    """Without noise the next doublings are met within 0.005."""
    got = learning_curve(curve(a, b, c, (25, 50, 100, 200, 400)))
    assert got.refused is None
    for forecast in got.forecasts[:2]:
        assert forecast.score.value == pytest.approx(a - b * forecast.labels**-c, abs=0.005)
        assert forecast.score.low <= forecast.score.value <= forecast.score.high


def test_no_forecast_beyond_four_times_the_labels():
    """Twice and four times are answered, eight times is refused."""
    got = learning_curve(curve(0.9, 1.0, 0.5, (25, 50, 100, 200)))
    assert [(f.labels, f.refused is None) for f in got.forecasts] == [(400, True), (800, True), (1600, False)]
    assert math.isnan(got.forecasts[2].score.value)
    assert "more than 4 times" in got.forecasts[2].refused


def test_a_curve_that_misses_its_last_point_is_not_continued():
    """Flat so far, then a jump of ten points: the fit without the jump misses it."""
    scores = curve(0.6, 0.0, 0.5, (25, 50, 100, 200)) | {400: [0.7] * 5}
    got = learning_curve(scores)
    assert got.missed_by == pytest.approx(0.1, abs=1e-6)
    assert "misses it by 10.0 points" in got.refused
    assert all(f.refused == got.refused for f in got.forecasts)


def test_noise_makes_it_refuse():
    """With a scatter of 10 points between draws either the last point is missed or the interval is too wide."""
    noisy = [learning_curve(curve(0.9, 1, 0.3, (20, 40, 80, 160), 0.1, seed=s)) for s in range(20)]
    assert sum(c.forecasts[1].refused is not None for c in noisy) >= 16


def test_forecasts_that_are_given_are_met():
    """Scatter of 1 point, 60 curves: at least 90% of the given intervals for twice the labels hold the true score."""
    held = []
    for seed in range(60):
        a, b, c = 0.85, 0.9, 0.45
        forecast = learning_curve(curve(a, b, c, (25, 50, 100, 200, 400), 0.01, seed=seed), draws=200).forecasts[0]
        if forecast.refused is None:
            held.append(forecast.score.low <= a - b * 800**-c <= forecast.score.high)
    assert len(held) > 40
    assert np.mean(held) >= 0.9


def test_too_few_sizes_or_draws_are_refused_in_words():
    """Three sizes; four draws of one size."""
    assert "3 sizes were tried" in learning_curve(curve(0.9, 1, 0.5, (25, 50, 100))).refused
    scores = curve(0.9, 1, 0.5, (25, 50, 100, 200))
    assert "4 draws" in learning_curve(scores | {50: scores[50][:4]}).refused
    assert learning_curve({}).points == ()


def test_a_point_has_students_interval():
    """Five draws of mean 0.5 and spread s: 2.776 s / sqrt(5) either side."""
    got = learning_curve({10: [0.4, 0.45, 0.5, 0.55, 0.6]}).points[0]
    assert got.score.high - 0.5 == pytest.approx(2.7764 * got.spread / 5**0.5, rel=1e-4)


def test_scores_that_are_none_are_refused():
    """NaN, nothing, and a size of 0."""
    for bad in ({10: [math.nan]}, {10: []}, {0: [0.5]}):
        with pytest.raises(InputError, match="expected numbers"):
            learning_curve(bad)
