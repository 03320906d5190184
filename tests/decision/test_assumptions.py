import math
from dataclasses import fields

import pytest

from promptceiling.decision import Assumptions
from promptceiling.errors import InputError

NUMBERS = [field.name for field in fields(Assumptions) if field.name != "price_of"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(name, value):
    """Zero, negative, infinite and no number: the assumption and what was expected are named."""
    with pytest.raises(InputError, match=rf"^{name} is {value}; expected a number above 0\.$") as caught:
        Assumptions(**{name: value})
    assert caught.value.column == name


def test_margins_in_the_wrong_order_are_refused():
    """Too little must not be more than enough."""
    with pytest.raises(InputError, match=r"margin_low \(0\.09\) is above margin_high \(0\.08\)"):
        Assumptions(margin_low=0.09)
    assert Assumptions(margin_low=0.08).margin_high == 0.08


def test_the_defaults_are_the_frameworks():
    """500 labels, F1 of 0.85, 300 ms, 5 to 8 points."""
    stated = Assumptions()

    assert (stated.labels_enough, stated.f1_ship, stated.sla_ms) == (500, 0.85, 300.0)
    assert (stated.margin_low, stated.margin_high) == (0.05, 0.08)
