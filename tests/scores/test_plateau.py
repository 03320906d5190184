"""The plateau certificate."""

import numpy as np
import pytest

from promptceiling.errors import InputError
from promptceiling.scores import plateau_of
from promptceiling.scores.plateau import gain_bound
from promptceiling.scores.units import Units

L = ["a", "b", "c", "d"]
KINDS = ("instructions", "shots", "selection", "order")


def history(n, shares, kinds=KINDS, seed=0, follow=0.9):
    rng = np.random.default_rng(seed)
    y, hard = rng.choice(L, n), rng.random(n)
    said = []
    for k, share in enumerate(shares):
        luck = np.where(rng.random(n) < follow, hard, rng.random(n))
        said.append((f"v{k}", kinds[k % len(kinds)], np.where(luck < share, y, rng.choice(L, n)).tolist()))
    return y.tolist(), said


def state(n, shares, **more):
    y, said = history(n, shares, **more)
    return plateau_of(y, said, L, draws=1000).state


def test_a_history_that_rose_and_stayed_is_confirmed():
    """Three flat iterations after the best on 4,000 cases."""
    assert state(4000, [0.4, 0.5, 0.6, 0.6, 0.6, 0.6]) == "confirmed"


def test_fewer_cases_cannot_confirm_it_and_say_how_many_would():
    """Nearly the same on 300 cases, with the number needed."""
    y, said = history(300, [0.3, 0.4, 0.6, 0.59, 0.58, 0.58], follow=0.98, seed=6)
    got = plateau_of(y, said, L, draws=1000)
    assert got.state == "too few cases"
    assert got.labels_needed is None or got.labels_needed % 10 == 0
    assert got.gain.high >= got.limit > got.gain.value


def test_every_missing_part_has_its_name():
    """In this order: good enough, too few iterations, still climbing, one kind only."""
    assert state(2000, [0.5, 0.6, 0.9]) == "good enough"
    assert state(2000, [0.5, 0.6, 0.6, 0.6]) == "too few iterations"
    assert state(2000, [0.4, 0.45, 0.5, 0.55, 0.6, 0.65]) == "still climbing"
    assert state(4000, [0.4, 0.5, 0.6, 0.6, 0.6, 0.6], kinds=("shots", "order")) == "one kind only"
    assert plateau_of([], [], L).state == "too few iterations"


def test_one_bad_run_is_no_plateau():
    """A single low run after a climb leaves the climb of the last three standing."""
    assert state(2000, [0.4, 0.45, 0.5, 0.6, 0.65, 0.3]) == "still climbing"


def test_a_climb_hidden_by_luck_is_seldom_certified():
    """Ten iterations at one score, then one truly 2 points better: certified in at most 5% of 120 histories.

    The percentile bound with the choice repeated inside each resample certifies over a third of these.
    """
    wrong = naive = 0
    for seed in range(120):
        y, said = history(1500, [0.6] * 10 + [0.6 + 0.02 / 0.75], seed=seed)
        got = plateau_of(y, said, L, draws=400)
        wrong += got.state == "confirmed"
        naive += got.gain.value < 0.02
    assert wrong / 120 <= 0.05
    assert naive > 30


def test_the_bound_of_a_clear_leader_is_the_one_sided_normal_bound():
    """One earlier rival and one last iteration that matters: difference + 1.812 standard errors (96.5%, see _LEVEL)."""
    rng = np.random.default_rng(0)
    points = np.array([0.5, 0.8, 0.8, 0.3, 0.3])
    drawn = points[:, None] + 0.01 * rng.normal(size=(5, 50_000))
    assert gain_bound(points, drawn, Units(10_000, 10_000.0)) == pytest.approx(1.812 * 0.01 * 2**0.5, rel=0.02)


def test_identical_iterations_have_no_gain():
    """The same answers over and over: bound 0, confirmed."""
    y, said = history(300, [0.6])
    again = [(f"v{k}", KINDS[k % 4], said[0][2]) for k in range(6)]
    got = plateau_of(y, again, L, draws=200)
    assert (got.state, got.gain.value, got.gain.high) == ("confirmed", 0.0, 0.0)


def test_best_so_far_never_falls():
    """And has one entry an iteration."""
    y, said = history(200, [0.5, 0.3, 0.6, 0.4])
    best = plateau_of(y, said, L, draws=100).best_so_far
    assert len(best) == 4
    assert best[0] == best[1] < best[2] == best[3]


def test_predictions_for_other_cases_are_refused():
    """The iteration is named."""
    with pytest.raises(InputError, match="'v1' has 1 predictions for 2 cases"):
        plateau_of(["a", "b"], [("v1", "shots", ["a"])], L)


def test_another_threshold_changes_the_state_and_not_the_history():
    """What `at` says equals a plateau computed with that threshold."""
    y, said = history(4000, [0.4, 0.5, 0.6, 0.6, 0.6, 0.6])
    first = plateau_of(y, said, L, draws=300)
    assert first.state == "confirmed"
    assert first.at(0.5) == plateau_of(y, said, L, draws=300, threshold=0.5)
    assert first.at(0.5).state == "good enough"
