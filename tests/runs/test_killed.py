import asyncio

from tests.runs.killed import killed_run


def test_killed_run_loses_nothing_and_sends_nothing_again(tmp_path):
    """Killed at three requests of 60: what was stored stays, is not asked again, every send is known, scores agree."""
    told = asyncio.run(killed_run(str(tmp_path), n=60, kills=3, seed=1))

    assert (told.lost, told.again, told.unmarked) == (0, 0, 0)
    assert told.stored == sorted(told.stored)
    assert told.summary.state == "done"
    assert told.same
    assert (told.second.sent, told.second.from_store) == (0, 60)
