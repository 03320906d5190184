import math

import numpy as np
import pytest
from tests.decision.made_up_evidence import evidence

from promptceiling.decision import Assumptions, stated_inputs
from promptceiling.decision.assumptions import GROUPS
from promptceiling.decision.worlds import draw_worlds
from promptceiling.errors import InputError

NUMBERS = [i.name for i in stated_inputs() if not isinstance(i.default, str)]
MAY_BE_NONE = {i.name for i in stated_inputs() if i.zero}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(name, value):
    """Zero, negative, infinite and no number: the assumption and what was expected are named."""
    if value == 0 and name in MAY_BE_NONE:
        assert getattr(Assumptions(**{name: 0}), name) == 0
        return
    expected = "of 0 or more" if name in MAY_BE_NONE else "above 0"
    with pytest.raises(InputError, match=rf"^{name} is {value}; expected a number {expected}\.$") as caught:
        Assumptions(**{name: value})
    assert caught.value.column == name


def test_margins_in_the_wrong_order_are_refused():
    """Too little must not be more than enough."""
    with pytest.raises(InputError, match=r"margin_low \(0\.09\) is above margin_high \(0\.08\)"):
        Assumptions(margin_low=0.09)
    assert Assumptions(margin_low=0.08).margin_high == 0.08


@pytest.mark.parametrize("name", [i.name for i in stated_inputs() if i.high <= 1])
@pytest.mark.parametrize(("value", "said"), [(85, "is 85; expected a share, at most 1: 0.85, not 85."),
                                             (1.01, "is 1.01; expected a share, at most 1: 0.0101, not 1.01."),
                                             (850.0, "is 850; expected a share, at most 1.")])
def test_a_share_is_at_most_one(name, value, said):
    """More than all of it is no share, thresholds and margins included; what looks like a percentage is divided."""
    with pytest.raises(InputError) as caught:
        Assumptions(**{name: value})
    assert str(caught.value) == f"{name} {said}"


@pytest.mark.parametrize(("name", "value", "said"), [
    ("peak_to_mean", 0.5, "is 0.5; expected 1 to 100."), ("horizon_months", 100_000, "is 100000; expected 1 to 120."),
    ("label_noise", 1, "is 1; expected 0 to 0.5.")])
def test_what_cannot_be_is_refused(name, value, said):
    """A peak under the mean, a horizon of centuries, labels that are all wrong; the ends of each range may be stated,
    and its plausible worlds stay within it."""
    with pytest.raises(InputError) as caught:
        Assumptions(**{name: value})
    assert str(caught.value) == f"{name} {said}"
    low, high = next((0 if i.zero else i.low, i.high) for i in stated_inputs() if i.name == name)
    for end in (low, high):
        drawn = getattr(draw_worlds(evidence(), Assumptions(**{name: end})).stated, name)
        assert np.all((low <= np.asarray(drawn)) & (np.asarray(drawn) <= high))


def test_every_assumption_says_what_it_is_and_why_it_is_what_it_is():
    """Title, group and reason are there for each; estimates have a plausible range, thresholds are choices."""
    for stated in stated_inputs():
        assert stated.group in GROUPS
        assert stated.title[0].isupper()
        assert stated.why.endswith(".")
        if not isinstance(stated.default, str):
            assert stated.low <= stated.default <= stated.high or stated.zero
        if stated.group == "thresholds":
            assert stated.spread == 1
    assert [g for g in GROUPS if any(i.group == g for i in stated_inputs())] == list(GROUPS)


def test_the_defaults_are_the_frameworks():
    """500 labels, F1 of 0.85, 300 ms, 5 to 8 points."""
    stated = Assumptions()

    assert (stated.labels_enough, stated.f1_ship, stated.sla_ms) == (500, 0.85, 300.0)
    assert (stated.margin_low, stated.margin_high) == (0.05, 0.08)
