"""How many calls are in flight: few at first, more while the endpoint answers well, fewer when it asks for it."""

from __future__ import annotations

import asyncio
import time
from collections import deque

MODEST = 4
LONGEST_SPACING_S = 2.0
_SPACING_S = 0.02


class Pace:
    """Lets at most `limit` sends out at once, and none while everybody is to wait.

    The limit begins at 4 and grows by one with every answer, so it doubles with every round; a 429 halves it, once for
    all sends that were out when it came, and from then on it grows by one a round. It never exceeds `bound`. Sends
    are also held apart after a 429, by a fifth more than the time an answer took since the one before; with every
    answer by a hundredth less.

    Attributes
    ----------
    bound: the most that the user allows.
    limit: the most that is allowed now.
    in_flight: sends that are out.
    spacing_s: seconds between two sends, at least.
    """

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.limit: float = min(MODEST, bound)
        self.in_flight = 0
        self.spacing_s = 0.0
        self._until = 0.0
        self._next = 0.0
        self._since = time.monotonic()  # when the sends that are counted in `_answered` began
        self._answered = 0
        self._episode = 0
        self._cautious = False
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def wait_s(self) -> float:
        """Seconds for which nothing is sent."""
        return max(0.0, self._until - time.monotonic())

    async def enter(self) -> int:
        """Returns when a send may go out; what it returns is given back to `leave`."""
        while True:
            if (wait := self.wait_s) > 0:
                await asyncio.sleep(wait)
            elif self.in_flight < int(self.limit):
                self.in_flight += 1
                if self.spacing_s:
                    await self._apart()
                return self._episode
            else:
                place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._queue.append(place)
                await place

    async def _apart(self) -> None:
        """Returns when the send before is long enough ago, or gives the place up where the call is cancelled."""
        moment = time.monotonic()
        self._next = max(moment, self._next + self.spacing_s)
        try:
            await asyncio.sleep(self._next - moment)
        except asyncio.CancelledError:
            self.in_flight -= 1
            raise

    def leave(self, entered: int, kind: str | None, wait_s: float | None = None) -> None:
        """A send that entered is over: answered well (None), or with a kind of failure."""
        self.in_flight -= 1
        if wait_s is not None:
            self._until = max(self._until, time.monotonic() + wait_s)
        if kind == "rate_limit":
            if entered == self._episode:
                self._episode += 1
                self._cautious = True
                moment = time.monotonic()
                took = (moment - self._since) / self._answered if self._answered else max(_SPACING_S, self.spacing_s)
                self.spacing_s = min(LONGEST_SPACING_S, max(1.2 * took, self.spacing_s))
                self._since, self._answered = max(moment, self._until), 0
                self.limit = max(1.0, self.limit / 2)
        elif kind is None:
            self._answered += 1
            self.spacing_s = 0.99 * self.spacing_s if self.spacing_s > 0.001 else 0.0
            self.limit = min(self.bound, self.limit + (1 / self.limit if self._cautious else 1))
        self._wake()

    def _wake(self) -> None:
        free = int(self.limit) - self.in_flight
        while self._queue and free > 0:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1
