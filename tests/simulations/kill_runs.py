"""`kill -9` at 50 random points of a 2,000-case run with 8 in flight; two arguments choose other numbers."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time

from tests.runs.killed import killed_run


def main(kills: int = 50, cases: int = 2_000) -> None:
    """Print what was lost, sent again or not known to be sent, and how long a finished run takes to be run again."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        told = asyncio.run(killed_run(folder, cases, kills, seed=20261124))
    second = told.second
    print(f"{kills} kills over {cases:,} cases in {time.monotonic() - start:.0f} s: {told.lost} stored answers lost, "
          f"{told.again} stored answers asked again, {told.unmarked} sends not known; stored after the kills "
          f"{told.stored[0]} ... {told.stored[-1]}; scores as of an uninterrupted run: {told.same}")
    if second is not None:
        print(f"run again: {second.sent} sent, {second.elapsed_s:.2f} s")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
