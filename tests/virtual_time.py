"""An event loop whose clock jumps to the next timer instead of waiting for it.

What a test says of seconds is then exact, whatever else the machine does, and costs none of them.
Only for code that talks to nobody: a socket or a process answers in real time. A thread of
`asyncio.to_thread` does so as well, hence the clock stands still while one runs.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

from voicekit.conversation.clip_speaker import Clock

T = TypeVar("T")


class Stuck(AssertionError):
    """Nothing is due, and nothing can come."""


class _Selector(selectors.DefaultSelector):
    """Waits for threads alone; `wait` is told how long the loop would have slept."""

    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.threads:
            return super().select(None)
        if timeout is None:
            raise Stuck("Every task waits for something that nothing will bring.")
        self.loop.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that begins at 0.0 and never sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.threads = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(self, *limit: Any) -> None:
        self.threads += 1  # a thread of asyncio's own waits for the others
        await super().shutdown_default_executor(*limit)

    def _back(self, _future: asyncio.Future[Any]) -> None:
        self.threads -= 1


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


class VirtualClock(Clock):
    """Time that passes because somebody waits for it, and takes none: figures become exact.

    For one waiter and for partners that answer at once. What travels over a socket takes real
    time, of which this clock knows nothing.
    """

    def __init__(self) -> None:
        self.time = 0.0
        super().__init__(lambda: self.time)

    async def sleep(self, seconds: float) -> None:
        """Have slept; other tasks had their turn."""
        self.time += max(seconds, 0.0)
        await asyncio.sleep(0)
