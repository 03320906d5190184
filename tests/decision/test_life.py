import pytest

from promptceiling.decision import model_ends
from promptceiling.errors import InputError

TODAY = "2026-11-27"


@pytest.mark.parametrize(("model", "days"), [
    ("gpt-4o-mini", 48), ("gpt-4o-mini-2024-07-18", 48), ("ft:gpt-4o-mini-2024-07-18:acme::x1", 48),
    ("ft:gpt-4.1-mini:acme::x1", 48), ("gpt-5-mini", 14), ("gpt-3.5-turbo", -35), ("gpt-6-luna", None),
    ("embedded-in-context", None), ("gpt-4o-mini-turbo", None), ("gpt-5-mini-2", None),
    ("gpt-3.5-turbo-0125", -35),
])
def test_days_left_of_a_model_its_snapshots_and_its_fine_tunes(model, days):
    """2027-01-14 is 48 days after 2026-11-27; a model that merely begins alike has its own life."""
    assert model_ends(TODAY).days_left(model) == days


def test_the_endpoints_word_wins_over_the_tables():
    """The endpoint that serves the model says when it ends, and that is said to be its word."""
    ends = model_ends(TODAY, {"gpt-4o": "2027-03-01", "mine": "2027-01-01"})

    assert ends.days_left("gpt-4o") == 94
    assert ends.of("mine").source == "the endpoint's list of models"
    assert ends.of("gpt-4o").replacement.startswith("gpt-6-luna")
    assert ends.months_left("gpt-3.5-turbo") == 0


def test_a_day_that_is_none_is_refused():
    """What an endpoint or a caller gives as a day is read as YYYY-MM-DD or refused in a sentence."""
    with pytest.raises(InputError, match=r"The shutdown date of m is 'soon'; expected a day as YYYY-MM-DD\."):
        model_ends(TODAY, {"m": "soon"})
    with pytest.raises(InputError, match="The day is 'now'"):
        model_ends("now")
