"""Three-valued conditions."""

import math

import numpy as np
import pytest

from promptceiling.scores import Interval, labels_to_decide, status_of, wilson


@pytest.mark.parametrize(("low", "high", "above", "below"), [
    (0.86, 0.9, "met", "not met"), (0.85, 0.9, "undecidable", "undecidable"), (0.8, 0.9, "undecidable", "undecidable"),
    (0.8, 0.85, "undecidable", "undecidable"), (0.8, 0.84, "not met", "met")])
def test_a_condition_is_decided_by_the_whole_interval(low, high, above, below):
    """An end on the threshold decides nothing; turning the condition around turns the answer around."""
    figure = Interval((low + high) / 2, low, high, 100)
    assert (status_of(figure, 0.85), status_of(figure, 0.85, above=False)) == (above, below)


def test_what_was_not_measured_is_neither():
    """None and NaN."""
    assert status_of(None, 0.85) == status_of(Interval(math.nan, math.nan, math.nan, 0), 0.85) == "not measured"


def test_an_endless_upper_end_can_still_miss_a_threshold():
    """Latency with too few calls for an upper end: above 0.3 s is decidable, below is not."""
    assert status_of(Interval(0.5, 0.4, math.inf, 40), 0.3, above=False) == "not met"
    assert status_of(Interval(0.2, 0.1, math.inf, 40), 0.3, above=False) == "undecidable"


@pytest.mark.parametrize("share", [0.88, 0.90, 0.80])
def test_with_so_many_more_labels_the_ends_meet_the_threshold(share):
    """A proportion at the same share with that many cases is decided at 1.1 times, and not at 0.8 times of them."""
    now = wilson(round(share * 100), 100)
    needed = 100 + labels_to_decide(now, 0.85)
    decided = [status_of(wilson(round(share * m), m), 0.85) for m in (round(0.7 * needed), round(1.25 * needed))]
    assert decided[0] == "undecidable"
    assert decided[1] != "undecidable"


def test_the_stated_chance_is_the_share_of_draws_that_decide():
    """True share 0.80 against 0.85: about half of all draws decide at `chance` 0.5 and about 80% at 0.8."""
    rng = np.random.default_rng(0)
    se = 1.96 * (0.8 * 0.2 / 100) ** 0.5
    figure = Interval(0.8, 0.8 - se, 0.8 + se, 100)
    for chance in (0.5, 0.8):
        n = 100 + labels_to_decide(figure, 0.85, chance=chance)
        decided = np.mean([status_of(wilson(int(k), n), 0.85) == "not met" for k in rng.binomial(n, 0.8, 3000)])
        assert decided == pytest.approx(chance, abs=0.08)


def test_no_realistic_number_is_none():
    """On the threshold, above 20,000 cases, and where the interval is the whole range."""
    assert labels_to_decide(Interval(0.7, 0.0, 1.0, 50), 0.85) is None
    assert labels_to_decide(Interval(0.85, 0.83, 0.87, 900), 0.85) is None
    assert labels_to_decide(Interval(0.851, 0.83, 0.87, 900), 0.85) is None
    assert labels_to_decide(Interval(math.nan, math.nan, math.nan, 0), 0.85) is None


def test_a_decided_figure_needs_none():
    """Zero more."""
    assert labels_to_decide(Interval(0.95, 0.93, 0.97, 500), 0.85) == 0
