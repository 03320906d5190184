"""Corrections for looking at many."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptceiling.scores.several import benjamini_hochberg, holm

P = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(("ours", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@given(p=P)
def test_adjusted_p_values_equal_statsmodels(ours, method, p):
    """In the order given, ties included."""
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is a test reference only")
    with mock.patch("gc.collect"):  # theirs calls it for every list, in a process full of objects
        theirs = multitest.multipletests(p, method=method)[1]
    np.testing.assert_allclose(ours(p), theirs, atol=1e-12)


def test_no_test_needs_no_correction():
    """Empty in, empty out."""
    assert len(holm([])) == len(benjamini_hochberg([])) == 0
