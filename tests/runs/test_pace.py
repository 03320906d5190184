import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptceiling.runs.pace import MODEST, Pace


def entered(pace, times):
    return [asyncio.run(pace.enter()) for _ in range(times)]


@pytest.mark.parametrize(("bound", "limit"), [(1, 1), (3, 3), (4, MODEST), (64, MODEST)])
def test_run_begins_modestly_and_within_its_bound(bound, limit):
    """Four calls at first, or as many as the user allows."""
    assert Pace(bound).limit == limit


def test_limit_doubles_with_every_round_of_answers():
    """Every answer allows one call more, so that each round allows twice as many, up to the bound."""
    pace, limits = Pace(20), []
    for _ in range(3):
        for turn in entered(pace, int(pace.limit)):
            pace.leave(turn, None)
        limits.append(pace.limit)

    assert limits == [8, 16, 20]


def test_limit_is_cut_once_for_all_calls_that_were_out():
    """Eight 429s at once are one episode and halve the limit; the next one, sent later, halves it again."""
    pace = Pace(8)
    pace.limit = 8
    for turn in entered(pace, 8):
        pace.leave(turn, "rate_limit")
    assert pace.limit == 4
    pace.leave(entered(pace, 1)[0], "rate_limit")

    assert pace.limit == 2


def test_limit_grows_by_one_a_round_after_a_429():
    """Once the endpoint has asked for less, a whole round of answers allows one call more."""
    pace = Pace(64)
    pace.limit = 8
    pace.leave(entered(pace, 1)[0], "rate_limit")
    for _ in range(4):
        pace.leave(entered(pace, 1)[0], None)

    assert 4.8 < pace.limit <= 5


@pytest.mark.parametrize("kind", ["server", "timeout", "connection", "cancelled"])
def test_failure_that_is_no_rate_limit_changes_no_limit(kind):
    """A server that fails is not asked more at once, and not less."""
    pace = Pace(8)
    pace.leave(entered(pace, 1)[0], kind)

    assert (pace.limit, pace.in_flight) == (MODEST, 0)


def test_wish_of_one_call_holds_every_call_back():
    """While one call was told to wait, no other is let through, and the longest wish counts."""
    async def whole():
        pace = Pace(8)
        loop = asyncio.get_running_loop()
        begun, through = loop.time(), []
        for wait_s in (0.2, 0.05):
            pace.leave(await pace.enter(), "rate_limit", wait_s) if not pace.wait_s else None
        pace.in_flight += 1
        pace.leave(1, "server", 0.05)

        async def call():
            await pace.enter()
            through.append(loop.time() - begun)

        await asyncio.gather(call(), call())
        return through

    assert min(asyncio.run(whole())) >= 0.19


@given(st.integers(1, 40), st.lists(st.sampled_from([None, "rate_limit", "server"]), max_size=200))
def test_no_more_than_the_bound_is_ever_out(bound, ends):
    """Whatever the answers are, calls in flight stay within the bound, and so does the limit."""
    async def whole():
        pace, out, most = Pace(bound), [], 0
        for end in ends:
            while pace.in_flight < int(pace.limit):
                out.append(await pace.enter())
            most = max(most, pace.in_flight)
            pace.leave(out.pop(0), end)
            assert 1 <= pace.limit <= bound
        return most

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("promptceiling.runs.pace.LONGEST_SPACING_S", 0.0)
        assert asyncio.run(whole()) <= bound


def test_sends_are_held_apart_after_a_429():
    """Rejections without an answer between them widen the space by a fifth; answers narrow it until there is none."""
    pace, spaces = Pace(1), []
    for _ in range(3):
        pace.leave(entered(pace, 1)[0], "rate_limit")
        spaces.append(pace.spacing_s)
    assert spaces == pytest.approx([0.024, 0.0288, 0.03456])
    for _ in range(400):
        pace.in_flight += 1
        pace.leave(0, None)

    assert pace.spacing_s == 0.0
