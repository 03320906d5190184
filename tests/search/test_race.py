import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations.race import race

from promptceiling.search.race import ALPHA, beaten, followed, in_order

RIGHT = ["a", "b"] * 60


def wrong(share, seed=0):
    """Answers of which about so many are wrong, anywhere."""
    rng = np.random.default_rng(seed)
    return [("b" if y == "a" else "a") if rng.random() < share else y for y in RIGHT]


def test_variant_far_behind_is_beaten_by_the_one_that_is_clearest_ahead():
    """A variant that is wrong half of the time loses to the perfect one; one a point behind stays."""
    found = beaten(RIGHT, [wrong(0.5), wrong(0.02), RIGHT], ["a", "b"], level=0.001)

    assert found == {0: 2}


def test_best_so_far_is_never_beaten():
    """Whoever leads on these cases stays, and alone nobody is beaten."""
    assert 1 not in beaten(RIGHT, [wrong(0.4), RIGHT, wrong(0.5, 1)], ["a", "b"], level=0.3)
    assert beaten(RIGHT, [wrong(0.5)], ["a", "b"], level=0.3) == {}


def test_few_units_decide_less_than_as_many_cases():
    """The same answers in four units do not carry what they carry in 120 independent cases; in one unit, nothing."""
    answers = [wrong(0.12), RIGHT]

    assert beaten(RIGHT, answers, ["a", "b"], level=0.002) == {0: 1}
    assert beaten(RIGHT, answers, ["a", "b"], level=0.002, units=[k // 30 for k in range(120)]) == {}
    assert beaten(RIGHT, answers, ["a", "b"], level=0.002, units=[1] * 120) == {}


@settings(deadline=None, max_examples=60)
@given(units=st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=400), seed=st.integers(0, 9))
def test_every_case_is_asked_once_and_looks_grow(units, seed):
    """The order holds every case once, looks grow to all of them, and the first has 20 cases or is the only one."""
    order, sizes = in_order(units, seed)

    assert sorted(order.tolist()) == list(range(len(units)))
    assert list(sizes) == sorted(set(sizes))
    assert sizes[-1] == len(units)
    assert len(sizes) <= 4
    assert len(sizes) == 1 or sizes[0] >= 20
    again, _ = in_order(units, seed)
    assert order.tolist() == again.tolist()


def test_last_look_brings_units_that_no_earlier_look_saw():
    """What is told of the best at the end rests on customers that took no part in the choice."""
    units = [f"customer {k % 25}" for k in range(400)]
    order, sizes = in_order(units, 3)
    early, late = ({units[k] for k in part} for part in (order[: sizes[-2]], order[sizes[-2]:]))

    assert not early & late
    assert len({units[k] for k in order[: sizes[0]]}) > 8


@settings(deadline=None, max_examples=80)
@given(alive=st.integers(1, 60), sizes=st.lists(st.integers(1, 300), min_size=1, max_size=4),
       affordable=st.integers(0, 40_000))
def test_followed_variants_fit_the_budget(alive, sizes, affordable):
    """At least one is followed where one can be, never more than there are, and what they cost next is affordable."""
    many = followed(alive, sizes, affordable)

    assert (many == 0) == (sum(sizes) > affordable)
    assert many <= alive
    assert many * sizes[0] <= max(affordable, 0) or many == 0
    assert followed(alive, sizes, alive * sum(sizes)) == alive


@pytest.mark.parametrize(("accuracies", "units"), [(0.80, None), (0.79, None), (0.79, 20)])
def test_race_drops_the_best_in_no_more_races_than_stated(accuracies, units):
    """With rivals as good as the best, or nearly, it is dropped in at most 5% of races (60 here; 99.9% of a 5% chance
    stay at 9 or fewer)."""
    rng = np.random.default_rng(3)
    dropped = sum(race(rng, np.array([0.80] + [accuracies] * 5), 160, units)[0] for _ in range(60))

    assert ALPHA == 0.05
    assert dropped <= 9


def test_race_saves_calls_where_variants_differ():
    """A field that is far behind is left after the first looks."""
    rng = np.random.default_rng(4)
    told = [race(rng, np.array([0.85, *np.linspace(0.2, 0.5, 8)]), 400) for _ in range(5)]

    assert not any(dropped for dropped, _ in told)
    assert max(share for _, share in told) < 0.4
