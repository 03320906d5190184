"""McNemar's test and Tango's interval."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptceiling.scores.paired import mcnemar_exact, share_difference, sign_flip_exact, tango


def test_no_discordance_leaves_wilsons_room():
    """Without discordant cases the score interval is +- z^2 / (n + z^2) (Tango 1998): 0.0713 for n = 50."""
    got = tango(0, 0, 50)
    assert (got.low, got.high) == pytest.approx((-0.07135, 0.07135), abs=1e-5)


def test_mcnemar_equals_statsmodels():
    """The exact two-sided p-value, for every small pair of counts."""
    tables = pytest.importorskip("statsmodels.stats.contingency_tables", reason="statsmodels is a test reference only")
    for b in range(12):
        for c in range(12):
            reference = tables.mcnemar([[5, b], [c, 5]], exact=True).pvalue if b + c else 1.0
            assert mcnemar_exact(b, c) == pytest.approx(reference, abs=1e-12)


def test_the_test_for_units_is_mcnemars_where_each_case_is_one():
    """For every small pair of counts; concordant cases change nothing."""
    for b in range(12):
        for c in range(12):
            sums = np.array([1] * b + [-1] * c + [0] * 3)
            assert sign_flip_exact(sums) == pytest.approx(mcnemar_exact(b, c), abs=1e-12)


@given(st.lists(st.integers(-6, 6), max_size=9))
def test_the_test_for_units_is_the_share_of_all_flips_as_far_off(sums):
    """Brute force over every combination of signs."""
    far = [abs(sum(s * d for s, d in zip(signs, sums, strict=True))) >= abs(sum(sums))
           for signs in product((-1, 1), repeat=len(sums))]
    assert sign_flip_exact(np.array(sums, dtype=int)) == pytest.approx(np.mean(far), abs=1e-12)


def test_answers_that_customers_have_in_common_seldom_look_like_a_difference():
    """15 customers of 30 cases, each better served by A or by B at random: p <= 0.05 in at most 5% of 400 draws.

    McNemar's test, which takes cases as independent, says so in a fifth.
    """
    rng = np.random.default_rng(0)
    exact = naive = 0
    for _ in range(400):
        share = rng.beta(2, 2, 15)  # of the discordant cases, those that B gets right
        discordant = rng.binomial(30, 0.3, 15)
        b = rng.binomial(discordant, share)
        exact += sign_flip_exact(2 * b - discordant) <= 0.05
        naive += mcnemar_exact(int(b.sum()), int((discordant - b).sum())) <= 0.05
    assert exact / 400 <= 0.065
    assert naive / 400 > 0.15


def test_tango_equals_the_published_interval():
    """Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009): cells 1, 1, 7, 12.

    Fagerland, Lydersen and Laake 2014 (Stat Med 33:2850), data in their table II, give Tango's interval for this
    difference in table V as (-0.517, -0.026).
    """
    got = tango(1, 7, 21)
    assert (round(got.low, 3), round(got.high, 3)) == (-0.517, -0.026)
    assert got.value == pytest.approx(-6 / 21)


def closed_form(n, b, c, z):
    """Ends of Tango's interval as roots of a quartic (Yang, Sun and Hardin 2013, Stat Med 32:1336)."""
    g, d = z * z, b - c
    coefficients = [
        n**2 * (n / g + 1) ** 2,
        -n * d * (n / g + 1) * (4 * n / g + 1),
        2 * n * d**2 * (3 * n / g + 2) / g - n**2 * ((b + c) / g + 1),
        n * d * (2 * (b + c) / g + 1) - d**3 * (4 * n / g + 1) / g,
        d**2 * (d**2 / g - (b + c)) / g]
    roots = np.roots(coefficients)
    real = np.sort(roots[np.abs(roots.imag) < 1e-7].real)
    return real[0], real[-1]


TABLES = [(1, 7, 21), (6, 16, 161), (40, 20, 160), (14, 5, 41), (9, 7, 61), (30, 2, 400)]


@pytest.mark.parametrize(("b", "c", "n"), TABLES)
def test_tango_equals_its_closed_form(b, c, n):
    """Found by root search here, by a quartic there; the first three tables are Fagerland's and PropCIs'."""
    got = tango(b, c, n)
    assert (got.low, got.high) == pytest.approx(closed_form(n, b, c, 1.959963984540054), abs=1e-6)


@given(st.integers(1, 300).flatmap(lambda n: st.integers(0, n).flatmap(
    lambda b: st.tuples(st.just(b), st.integers(0, n - b), st.just(n)))))
def test_tango_stays_in_range_and_turns_with_its_sides(case):
    """Ends within [-1, 1] around the difference; swapping the counts mirrors them."""
    b, c, n = case
    one, other = tango(b, c, n), tango(c, b, n)
    assert -1 <= one.low <= one.value <= one.high <= 1
    assert one.low < one.high
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-6)


def test_cases_that_share_a_unit_widen_the_interval():
    """Ten units of ten equal cases say less than a hundred cases; alone they give Tango's interval."""
    a, b = np.repeat([True, False] * 5, 10), np.repeat([True] * 7 + [False] * 3, 10)
    alone, together = share_difference(a, b, np.arange(100)), share_difference(a, b, np.repeat(np.arange(10), 10))

    assert alone == tango(int((b & ~a).sum()), int((a & ~b).sum()), 100)
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 2 * (alone.high - alone.low)
