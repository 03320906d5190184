"""Accuracy by slices."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from promptceiling.errors import InputError
from promptceiling.scores import bands_of, slices_of, wilson
from promptceiling.scores.slices import likeness_within


def test_a_slice_has_its_accuracy_and_that_of_the_rest():
    """Wilson's intervals, and Fisher's exact p of the two."""
    right = [True] * 30 + [False] * 10 + [True] * 50 + [False] * 10
    got = {s.value: s for s in slices_of(right, {"language": ["de"] * 40 + ["en"] * 60})}
    assert (got["de"].accuracy, got["de"].rest) == (wilson(30, 40), wilson(50, 60))
    assert got["de"].p == pytest.approx(fisher_exact([[30, 10], [50, 10]]).pvalue)
    assert not got["de"].flagged


def test_looking_at_many_slices_flags_few_by_chance():
    """200 looks of 40 harmless slices: at most 10% of looks flag one (the level is 5%; exact tests are below it)."""
    rng = np.random.default_rng(0)
    flagged = naive = 0
    for _ in range(200):
        columns = {f"c{k}": rng.integers(0, 4, 300).tolist() for k in range(10)}
        found = slices_of((rng.random(300) < 0.8).tolist(), columns)
        flagged += any(s.flagged for s in found)
        naive += any(s.p <= 0.05 for s in found)
    assert flagged / 200 <= 0.1
    assert naive / 200 > 0.5


def test_customers_that_differ_do_not_flag_what_they_have_in_common():
    """16 customers of 25 cases, each with its own accuracy and region: a region is flagged in few of 200 looks.

    With cases taken as independent it is flagged in over a quarter. A customer itself is judged by its own cases.
    """
    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(16), 25)
    flagged = naive = 0
    for _ in range(200):
        right = (rng.random(400) < rng.beta(0.8 * 4, 0.2 * 4, 16)[customer]).tolist()
        columns = {"region": (customer % 4).tolist()}
        flagged += any(s.flagged for s in slices_of(right, columns, units=customer.tolist()))
        naive += any(s.flagged for s in slices_of(right, columns))
    assert flagged / 200 <= 0.08
    assert naive / 200 > 0.25
    own = slices_of(right, {"customer": customer.tolist()}, units=customer.tolist())[0]
    assert own.accuracy == wilson(round(25 * own.accuracy.value), 25)


def test_likeness_within_units_is_the_intraclass_correlation():
    """1 where a unit's answers are all alike, about the share that was put in elsewhere, 0 for units of one case."""
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(400), 10)
    assert likeness_within(np.repeat(rng.random(400) < 0.7, 10), unit) == pytest.approx(1.0)
    own = rng.beta(0.7 * 4, 0.3 * 4, 400)  # 1 / (4 + 1): a correlation of 0.2
    assert likeness_within(rng.random(4000) < own[unit], unit) == pytest.approx(0.2, abs=0.03)
    assert likeness_within(rng.random(50) < 0.5, np.arange(50)) == 0
    assert likeness_within(np.ones(9, dtype=bool), np.zeros(9, dtype=int)) == 0


def test_a_bad_slice_is_found_and_comes_first():
    """A language with 40% right among 85%."""
    rng = np.random.default_rng(1)
    language = rng.choice(["de", "en", "fr"], 400, p=[0.15, 0.6, 0.25])
    right = rng.random(400) < np.where(language == "de", 0.4, 0.85)
    first = slices_of(right.tolist(), {"language": language.tolist(), "noise": rng.integers(0, 5, 400).tolist()})[0]
    assert (first.column, first.value, first.flagged) == ("language", "de", True)
    assert first.p <= first.p_screening <= first.p_holm


def test_small_slices_and_columns_with_one_value_are_not_looked_at():
    """Fewer than 5 cases inside or outside."""
    right = [True] * 20
    assert slices_of(right, {"x": ["a"] * 20, "y": ["a"] * 17 + ["b"] * 3}) == ()
    assert len(slices_of(right, {"y": ["a"] * 17 + ["b"] * 3}, fewest=3)) == 2
    with pytest.raises(InputError, match="'x' has 1 values for 20 cases"):
        slices_of(right, {"x": ["a"]})


def test_bands_have_about_equal_mass_and_share_equal_numbers():
    """100 lengths in four bands of 25; a constant is one band."""
    names = bands_of(list(range(1, 101)))
    assert [names.count(b) for b in dict.fromkeys(names)] == [25] * 4
    assert set(bands_of([7.0] * 9)) == {"7 to 7"}
    assert bands_of([]) == []
