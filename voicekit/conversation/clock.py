"""Time, injected: the real one, or one that a test steps through in no time."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds from any origin, and two ways to let them pass."""

    def now(self) -> float:
        """The time in seconds."""

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Let time pass in a thread; return early once `stop` is set."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass in a task."""


class RealClock:
    """Time as it passes for everybody."""

    now = staticmethod(time.perf_counter)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Block the thread, or return early once `stop` is set."""
        stop.wait(max(seconds, 0.0))

    async def sleep(self, seconds: float) -> None:
        """Give other tasks the loop meanwhile."""
        await asyncio.sleep(max(seconds, 0.0))


class VirtualClock:
    """Time that passes because somebody waits for it, and takes none: figures become exact.

    For one waiter and for partners that answer at once. What travels over a socket takes real
    time, of which this clock knows nothing.
    """

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """The time in seconds."""
        return self.time

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Have waited, unless `stop` is set."""
        if not stop.is_set():
            self.time += max(seconds, 0.0)

    async def sleep(self, seconds: float) -> None:
        """Have slept; other tasks had their turn."""
        self.time += max(seconds, 0.0)
        await asyncio.sleep(0)
