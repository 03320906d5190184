"""A run's handle: watch it, stop it from another cell, a button or another thread, and wait for what it did."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from promptceiling.errors import EndpointError

if TYPE_CHECKING:
    from promptceiling.runs.progress import Progress, RunSummary

_RUNNING: dict[str, RunHandle] = {}  # of this process, by run id


class Stopped(Exception):
    """Nothing more is to be sent."""


class RunHandle:
    """Give it to `run_variants` as `handle`. One handle is for one run.

    After `stop()` nothing more is sent; calls that are out are given a few seconds, since they may be paid for, and
    every answer that came is kept. `await handle` gives the summary of a run that `begin_run` began.

    Attributes
    ----------
    run_id: the run's, once it has begun.
    progress: the latest report.
    summary: what it did, once it is over.
    """

    def __init__(self) -> None:
        self.run_id = ""
        self.progress: Progress | None = None
        self.summary: RunSummary | None = None
        self._watchers: list[Callable[[Progress | None, RunSummary | None], object]] = []
        self.task: asyncio.Task[RunSummary] | None = None
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._calls: list[Callable[[], object]] = []

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop."""
        return self._asked.is_set()

    def stop(self) -> None:
        """Send nothing more. May be called from any thread, and again."""
        with self._lock:
            self._asked.set()
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    @staticmethod
    def of(run_id: str) -> RunHandle | None:
        """The handle of a run that this process is asking for; None where it is over, or another process's."""
        return _RUNNING.get(run_id)

    def watch(self, watcher: Callable[[Progress | None, RunSummary | None], object]) -> None:
        """Have each report told, and the summary at the end."""
        self._watchers.append(watcher)

    def begins(self, run_id: str) -> None:
        self.run_id = run_id
        _RUNNING[run_id] = self

    def tell(self, progress: Progress) -> None:
        self.progress = progress
        for watcher in self._watchers:
            watcher(progress, None)

    def ends(self, summary: RunSummary) -> None:
        _RUNNING.pop(self.run_id, None)
        self.summary = summary
        for watcher in self._watchers:
            watcher(self.progress, summary)

    def on_stop(self, loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
        """Have a function called in a loop once the run is to stop, at once where it is already."""
        def later() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(call)

        with self._lock:
            if not self._asked.is_set():
                self._calls.append(later)
                return
        later()

    def __await__(self) -> Generator[object, None, RunSummary]:
        if self.task is None:
            raise EndpointError("This handle was given to a run; await the run itself.")
        return self.task.__await__()
