"""Resamples of cases and of units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from promptceiling.scores.metrics import point_metrics_of
from promptceiling.scores.resample import (
    Poisson,
    atoms_of,
    cells_of,
    draw_metrics,
    metrics_of_counts,
    resampled_counts,
)


def example(n, labels, variants=1, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, labels, n)
    return y, [np.where(rng.random(n) < 0.8, y, rng.integers(0, labels + 1, n)) for _ in range(variants)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 120), st.integers(1, 6), st.integers(1, 3), st.integers(0, 99), st.booleans())
def test_counts_give_the_metrics_of_the_rows_they_stand_for(n, labels, variants, seed, grouped):
    """Every atom drawn as often as it occurs is the sample itself, for every variant."""
    y, answers = example(n, labels, variants, seed)
    units = np.random.default_rng(seed).integers(0, max(1, n // 2), n) if grouped else None
    atoms = atoms_of(y, answers, labels, units)
    whole = metrics_of_counts(atoms.count[None].astype(np.float32) @ atoms.adds, labels)
    for k, p in enumerate(answers):
        point = point_metrics_of(y, p, labels)
        assert whole.weighted[k, 0] == pytest.approx(point.f1_weighted, abs=1e-12)
        assert whole.macro[k, 0] == pytest.approx(point.f1_macro, abs=1e-12)
        assert whole.accuracy[k, 0] == pytest.approx(point.accuracy, abs=1e-12)


@pytest.mark.parametrize(("n", "labels"), [(60, 8), (400, 2), (300, 4)])
def test_every_resample_has_as_many_cases_as_the_sample(n, labels):
    """And as many of each cell, with the variances and covariances, as a multinomial has."""
    y, answers = example(n, labels)
    atoms = atoms_of(y, answers, labels)
    drawn = np.concatenate([counts[used] for counts, used in resampled_counts(atoms, np.random.default_rng(0), 4000)])
    assert drawn.shape == (4000, len(atoms.count))
    assert (drawn.sum(axis=1) == n).all()
    expected = atoms.count
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=5 * np.sqrt(expected.max() / 4000))
    spread = np.diag(expected) - np.outer(expected, expected) / n
    np.testing.assert_allclose(np.cov(drawn.T), spread, atol=0.12 * expected.max())


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 11.5, 80.0, 6000.0])
def test_poisson_numbers_have_their_distribution(mean):
    """Steps are SciPy's probabilities, the table says what the steps say, and draws have the same frequencies."""
    poisson = Poisson.of(mean)
    numbers = poisson.least + np.arange(len(poisson.steps))
    size = len(poisson.table)
    np.testing.assert_allclose(np.diff(poisson.steps, prepend=0) / size, stats.poisson.pmf(numbers, mean), atol=1e-12)
    low = poisson.least + np.searchsorted(poisson.steps, np.arange(size), side="right")
    high = poisson.least + np.searchsorted(poisson.steps, np.arange(1, size + 1), side="left")
    assert (poisson.table == np.where(low == high, low, -1)).all()
    drawn = np.empty(200_000, dtype=np.float32)
    poisson.draw(np.random.default_rng(0), drawn)
    edges = np.unique(stats.poisson.ppf(np.linspace(0.02, 0.98, 25), mean))
    seen = np.bincount(np.searchsorted(edges, drawn), minlength=len(edges) + 1)
    asked = np.diff(stats.poisson.cdf(edges, mean), prepend=0, append=1) * len(drawn)
    assert seen[asked == 0].sum() == 0
    assert stats.chisquare(seen[asked > 0], asked[asked > 0]).pvalue > 0.001 or (asked > 0).sum() == 1


def test_drawing_cells_equals_resampling_rows():
    """Mean and spread of the weighted F1 agree with a plain loop over rows, within the loop's own error."""
    y, (p,) = example(150, 5)
    rng = np.random.default_rng(1)
    rows = [rng.integers(0, 150, 150) for _ in range(4000)]
    loop = np.array([point_metrics_of(y[r], p[r], 5).f1_weighted for r in rows])
    fast = draw_metrics(y, [p], 5, draws=4000).weighted[0]
    assert fast.mean() == pytest.approx(loop.mean(), abs=4 * loop.std() * (2 / 4000) ** 0.5)
    assert fast.std() == pytest.approx(loop.std(), rel=0.06)


def test_units_are_drawn_whole():
    """Five copies of each case, drawn by case, spread as much as the cases alone and not less."""
    y, (p,) = example(80, 4)
    alone = draw_metrics(y, [p], 4, draws=6000).weighted[0]
    units = np.repeat(np.arange(80), 5)
    copies = draw_metrics(np.repeat(y, 5), [np.repeat(p, 5)], 4, units=units, draws=6000).weighted[0]
    assert copies.std() == pytest.approx(alone.std(), rel=0.05)


def test_variants_share_their_resamples():
    """A variant and its copy never differ; one and a better one differ less than two independent ones would."""
    y, (p, q) = example(200, 4, 2)
    drawn = draw_metrics(y, [p, p, q], 4, draws=500).weighted
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_the_same_seed_gives_the_same_resamples_in_any_order_of_cases():
    """Draws depend on the cells and the seed alone."""
    y, (p,) = example(90, 4)
    turned = np.random.default_rng(3).permutation(90)
    first, again = draw_metrics(y, [p], 4, draws=200), draw_metrics(y[turned], [p[turned]], 4, draws=200)
    assert (first.weighted == again.weighted).all()
    assert (first.weighted != draw_metrics(y, [p], 4, draws=200, seed=1).weighted).any()


def test_cells_are_distinct_tuples_in_order():
    """Each case finds its tuple back."""
    y, (p,) = example(70, 3)
    codes, cell = cells_of(y, p)
    assert (codes[cell] == np.column_stack([y, p])).all()
    assert [tuple(c) for c in codes.tolist()] == sorted(set(zip(y.tolist(), p.tolist(), strict=True)))
