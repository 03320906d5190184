"""Cases that show a difference."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptceiling.errors import InputError
from promptceiling.scores.power import cases_to_show, minimum_detectable_delta


def test_the_known_answers():
    """With discordance 0.15: (1.96 sqrt(.15) + .84 sqrt(.15 - d^2))^2 / d^2 is 469 at d = .05 and 182 at .08."""
    assert (cases_to_show(0.05, 0.15), cases_to_show(0.08, 0.15)) == (469, 182)
    assert minimum_detectable_delta(100, 0.15) == pytest.approx(0.107, abs=0.0005)


@given(st.integers(20, 20_000), st.floats(0.02, 0.9))
def test_the_two_functions_undo_each_other(n, discordance):
    """The smallest detectable difference needs the cases one has."""
    delta = minimum_detectable_delta(n, discordance)
    if not math.isnan(delta):
        assert abs(cases_to_show(delta, discordance) - n) <= 1


def test_too_few_cases_show_nothing():
    """Three cases cannot show even a difference of all discordant ones."""
    assert math.isnan(minimum_detectable_delta(3, 0.15))


@pytest.mark.parametrize(("delta", "discordance"), [(0, 0.1), (0.2, 0.1), (0.1, 1.2)])
def test_impossible_questions_are_refused(delta, discordance):
    """No number of cases shows no difference, and none is larger than the discordance."""
    with pytest.raises(InputError, match="expected 0 <"):
        cases_to_show(delta, discordance)
