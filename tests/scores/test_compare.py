"""Two variants on the same cases."""

import math

import numpy as np
import pytest

from promptceiling.errors import InputError
from promptceiling.scores import Interval, compare_paired
from promptceiling.scores.compare import failures_forbid, worth_of

L = ["a", "b", "c"]


def example(n=400, a=0.7, b=0.8, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(L, n)
    pa = np.where(rng.random(n) < a, y, rng.choice(L, n))
    return y.tolist(), pa.tolist(), np.where(rng.random(n) < (b - a) / (1 - a), y, pa).tolist()


@pytest.mark.parametrize(("low", "high", "verdict"), [
    (0.081, 0.2, "worth it"), (0.08, 0.2, "undecidable"), (0.07, 0.2, "undecidable"), (-0.2, 0.049, "not worth it"),
    (-0.2, 0.05, "undecidable"), (0.05, 0.08, "borderline"), (0.06, 0.07, "borderline"), (0.01, 0.1, "undecidable"),
    (-0.2, -0.1, "not worth it")])
def test_the_verdict_is_the_intervals_place_among_the_margins(low, high, verdict):
    """The whole interval decides, never the point in it."""
    assert worth_of(Interval((low + high) / 2, low, high, 100)) == verdict


def test_discordant_cases_are_counted_from_either_side():
    """A alone right on two, B alone on three; McNemar's p of 2 against 3 is 1."""
    y = ["a"] * 10
    got = compare_paired(y, list("aaaaabbbbb"), list("aaabbaaabb"), ["a", "b"], draws=100)
    assert (got.only_a, got.only_b, got.mcnemar_p) == (2, 3, 1.0)
    assert got.delta_accuracy.value == pytest.approx(0.1)


def test_a_variant_against_itself_shows_no_difference_and_is_not_certain():
    """Delta 0 with a width, p 1."""
    y, a, _ = example(100)
    got = compare_paired(y, a, a, L, draws=500)
    assert (got.delta_f1_weighted.value, got.mcnemar_p) == (0.0, 1.0)
    assert got.delta_f1_weighted.low < 0 < got.delta_f1_weighted.high
    assert math.isnan(got.detectable)


def test_swapping_sides_turns_the_difference_around():
    """Point, ends and counts."""
    y, a, b = example()
    one, other = compare_paired(y, a, b, L), compare_paired(y, b, a, L)
    assert one.delta_f1_weighted.low == pytest.approx(-other.delta_f1_weighted.high, abs=0.002)
    assert one.delta_accuracy.high == pytest.approx(-other.delta_accuracy.low, abs=1e-9)
    assert (one.only_a, one.mcnemar_p) == (other.only_b, pytest.approx(other.mcnemar_p))


def test_a_failure_on_either_side_leaves_the_case_out():
    """What is left equals the comparison without those cases."""
    y, a, b = example()
    failed_a, failed_b = [i in (3, 5) for i in range(400)], [i in (5, 9) for i in range(400)]
    got = compare_paired(y, a, b, L, failed_a=failed_a, failed_b=failed_b)
    kept = [i for i in range(400) if i not in (3, 5, 9)]
    rest = compare_paired(*[[v[i] for i in kept] for v in (y, a, b)], L)
    assert (got.n, got.left_out) == (397, 3)
    assert got.delta_f1_weighted == rest.delta_f1_weighted
    assert (got.failed_a, got.failed_b) == (0.005, 0.005)


def test_unequal_failures_withhold_the_verdict():
    """Rates 0 and 3% are more than 2 points apart; 0 and 2% are not."""
    y, a, b = example(1000, 0.5, 0.9)
    even = compare_paired(y, a, b, L, failed_b=[i < 20 for i in range(1000)], draws=500)
    assert (even.worth, even.withheld) == ("worth it", None)
    apart = compare_paired(y, a, b, L, failed_b=[i < 30 for i in range(1000)], draws=500)
    assert (apart.worth, apart.labels_needed) == ("undecidable", None)
    assert "0.0% and 3.0%" in apart.withheld
    wrong = compare_paired(y, a, [None if i < 30 else answer for i, answer in enumerate(b)], L, draws=500)
    assert apart.delta_failed_wrong == wrong.delta_f1_weighted
    assert even.delta_failed_wrong.n == 1000


def test_too_many_failures_withhold_the_verdict():
    """Above 5% of either side, or of cases where sides are unknown."""
    assert failures_forbid(0.0, [0.06, 0.055]) is not None
    assert failures_forbid(0.06, [math.nan, math.nan]) is not None
    assert failures_forbid(0.05, [0.05, 0.05]) is None
    assert failures_forbid(0.05, []) is None


def test_the_labels_needed_make_it_decidable():
    """With as many more cases of the same kind the interval about touches the margin; twice as many decide."""
    y, a, b = example(300, 0.6, 0.78, seed=1)
    got = compare_paired(y, a, b, L)
    assert got.worth == "undecidable"
    more = 2 * round((got.n + got.labels_needed) / got.n)
    assert compare_paired(y * more, a * more, b * more, L).worth != "undecidable"


def test_cases_of_one_unit_do_not_count_as_independent():
    """Copies narrow nothing, Tango's interval included."""
    y, a, b = example(100)
    one = compare_paired(y, a, b, L)
    five = compare_paired(y * 5, a * 5, b * 5, L, units=list(range(100)) * 5)
    assert five.mcnemar_p == pytest.approx(one.mcnemar_p)
    for x, z in ((one.delta_f1_weighted, five.delta_f1_weighted), (one.delta_accuracy, five.delta_accuracy)):
        assert z.high - z.low == pytest.approx(x.high - x.low, rel=0.08)


def test_one_unit_decides_nothing_and_names_no_number():
    """Every case from one customer: the whole range, undecidable, and more of the same would not help."""
    y, a, b = example(100, 0.3, 0.9)
    got = compare_paired(y, a, b, L, units=["one"] * 100)
    assert (got.delta_f1_weighted.low, got.delta_f1_weighted.high, got.mcnemar_p) == (-1.0, 1.0, 1.0)
    assert (got.worth, got.labels_needed) == ("undecidable", None)


def test_what_units_would_show_is_what_their_interval_is_worth():
    """Copies show no smaller difference than the cases that they are copies of."""
    y, a, b = example(200)
    b = b[::-1]
    one = compare_paired(y, a, b, L)
    five = compare_paired(y * 5, a * 5, b * 5, L, units=list(range(200)) * 5)
    assert five.detectable == pytest.approx(one.detectable, rel=0.05)


def test_what_cannot_be_compared_is_refused():
    """Lengths, margins and nothing left, each in a sentence."""
    with pytest.raises(InputError, match="2 expected, 1 and 2"):
        compare_paired(["a", "b"], ["a"], ["a", "b"], L)
    with pytest.raises(InputError, match="0 < low <= high"):
        compare_paired(["a"], ["a"], ["a"], L, margins=(0.08, 0.05))
    with pytest.raises(InputError, match="nothing to compare"):
        compare_paired(["a"], ["a"], ["a"], L, failed=[True])
