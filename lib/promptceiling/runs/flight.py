"""The calls of a run: workers that share one list, each send by its turn, within the budget, until there is a stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from promptceiling.errors import EndpointError
from promptceiling.runs.answer import Answer
from promptceiling.runs.asking import ask
from promptceiling.runs.endpoint import Wire
from promptceiling.runs.handle import RunHandle, Stopped
from promptceiling.runs.money import Purse
from promptceiling.runs.pace import Pace
from promptceiling.runs.requests import Requests
from promptceiling.runs.sends import SendLog

DOWN = 20  # calls in a row that find no server: then it is down, and the rest would fail alike
_DOWN = ("unreachable", "connection", "server", "timeout")
GRACE_S = 10.0  # for calls that are out when a run ends early: they may be paid for
INTERRUPT_GRACE_S = 2.0  # the same where somebody waits at the keyboard; a second interrupt does not wait


class Flight:
    """Asks and keeps.

    Attributes
    ----------
    state: "done", or why it ended early: "stopped", "budget", "cancelled".
    problem: the sentence that goes with it.
    over: set once nothing more is to be sent.
    """

    def __init__(
        self, wire: Wire, requests: Requests, log: SendLog, purse: Purse, pace: Pace, handle: RunHandle,
        note: Callable[[str, Answer], None], *, deadline_s: float,
    ) -> None:
        self.state = "done"
        self.problem: str | None = None
        self.log, self.purse, self.pace = log, purse, pace
        self.over = asyncio.Event()
        self.out: set[asyncio.Task[None] | None] = set()  # workers whose send is out
        self._wire, self._requests, self._note = wire, requests, note
        self._handle, self._deadline_s = handle, deadline_s
        self._settled = asyncio.Event()
        self._unanswered = 0  # calls in a row

    async def ask_all(self, todo: Iterator[str]) -> None:
        """Ask for each key in turn, in as many workers as the pace may ever allow; returns when nothing is out."""
        self._handle.on_stop(asyncio.get_running_loop(), lambda: self.end("cancelled", None))
        workers = [asyncio.create_task(self._work(todo)) for _ in range(self.pace.bound)]
        over = asyncio.create_task(self.over.wait())
        pending: set[asyncio.Task[None]] = set(workers)
        try:
            while pending and not self.over.is_set():
                done, _ = await asyncio.wait({*pending, over}, return_when=asyncio.FIRST_COMPLETED)
                pending = {task for task in pending if task not in done}
                for worker in done & set(workers):
                    worker.result()
            for worker in pending - self.out:
                worker.cancel()  # it waits for its turn
            if pending:
                await asyncio.wait(pending, timeout=min(GRACE_S, self._deadline_s))
        except asyncio.CancelledError:
            self.end("cancelled", None)
            for worker in pending - self.out:
                worker.cancel()
            if pending & self.out:
                await asyncio.wait(pending & self.out, timeout=min(INTERRUPT_GRACE_S, self._deadline_s))
            raise
        finally:
            for task in (*workers, over):
                task.cancel()
            results = await asyncio.gather(*workers, return_exceptions=True)
        for found in results:
            if isinstance(found, Exception):
                raise found

    def end(self, state: str, problem: str | None) -> None:
        """Send nothing more; the first reason counts."""
        if not self.over.is_set():
            self.state, self.problem = state, problem
            self.over.set()

    async def settled(self) -> None:
        """Returns when money that was set aside is free again."""
        await self._settled.wait()

    def settle(self) -> None:
        """Wake those that wait for money."""
        self._settled.set()
        self._settled = asyncio.Event()

    async def _work(self, todo: Iterator[str]) -> None:
        for key in todo:
            if self.over.is_set():
                return
            call = _Call(self, key, self._requests.content(key))
            try:
                answer = await ask(self._wire, call.content, route=self._requests.route(key),
                                   deadline_s=self._deadline_s, turns=call)
            except Stopped:
                return
            except EndpointError as error:
                self.end("stopped", str(error))
                return
            call.keep(answer)
            self._note(key, answer)
            self._look(answer)
            await asyncio.sleep(0)  # an in-process endpoint never waits: let the other workers and the page have a turn


    def _look(self, answer: Answer) -> None:
        """End a run whose server is down: many calls in a row brought nothing, after all their sends."""
        self._unanswered = self._unanswered + 1 if answer.error_kind in _DOWN else 0
        if self._unanswered >= max(DOWN, 2 * self.pace.bound):
            self.end("stopped", f"The endpoint seems to be down: {self._unanswered} calls in a row failed after all "
                     f"their sends ({answer.error_kind}). What came is kept: run again to go on.")


class _Call:
    """One request's sends: each by its turn, set aside and written down before it goes out, settled after it."""

    def __init__(self, flight: Flight, key: str, content: bytes) -> None:
        self.content = content
        self._flight, self._key = flight, key
        self._entered = 0
        self._amount: float | None = None
        self._send_id = ""

    async def before(self) -> None:
        flight = self._flight
        while True:
            if flight.over.is_set():
                raise Stopped
            self._entered = await flight.pace.enter()
            self._amount = flight.purse.aside(self.content)
            if not flight.over.is_set() and flight.purse.take(self._amount):
                break
            flight.pace.leave(self._entered, "waiting")
            if not flight.over.is_set() and flight.purse.out == 0:
                flight.end("budget", f"The budget of ${flight.purse.budget_usd:,.4g} might be passed by the next call, "
                           f"for which up to ${self._amount or 0.0:,.2g} is set aside; ${flight.purse.spent_usd:,.4g} "
                           "is spent in this workspace. Raise it with --budget; what came is kept.")
            if not flight.over.is_set():
                await flight.settled()
        self._send_id = flight.log.sending(self._key, self._amount)
        flight.out.add(asyncio.current_task())

    def after(self, kind: str | None, wait_s: float | None) -> None:
        flight = self._flight
        flight.out.discard(asyncio.current_task())
        flight.pace.leave(self._entered, kind, wait_s)
        if kind is None or kind == "cancelled":
            return  # the answer is kept and paid for in one commit; of what was cancelled nobody knows
        cost = flight.purse.lost(kind, self._amount)
        flight.purse.settle(self._amount, cost)
        flight.log.settle(self._send_id, kind, cost)
        flight.settle()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def keep(self, answer: Answer) -> None:
        """Keep what the call ended with."""
        flight = self._flight
        if answer.error_kind is not None:  # its sends are settled
            flight.log.keep(self._key, answer)
            return
        answer, cost = flight.purse.cost(answer, self.content)
        flight.purse.settle(self._amount, cost)
        flight.log.keep(self._key, answer, self._send_id, cost)
        flight.settle()
