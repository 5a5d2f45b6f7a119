"""Frames from the microphone to those who listen: bounded, the oldest given up first."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Frame(NamedTuple):
    """A piece of live sound, signed 16 bit, 16 kHz, mono.

    Args:
        pcm: the samples; 640 bytes for 20 ms.
        seq: counts up from 0 since the start; a gap is a lost frame.
        at: `time.monotonic()` when it reached Python.
        ended: seconds since 1970 by the *browser's* clock, when its last sample was cut off.
    """

    pcm: bytes
    seq: int
    at: float
    ended: float = 0.0


class FrameQueue(Generic[Item]):
    """From any thread to the event loop that reads it. `limit` wait; the oldest gives way."""

    def __init__(self, limit: int) -> None:
        self._frames: deque[Item] = deque(maxlen=limit)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._over = False
        self.dropped = 0

    def put(self, frame: Item) -> int:
        """Add one; return how many were given up for it."""
        full = len(self._frames) == self._frames.maxlen
        self.dropped += full
        self._frames.append(frame)
        self._notify()
        return int(full)

    def end(self) -> None:
        """No more will come."""
        self._over = True
        self._notify()

    def _notify(self) -> None:
        if self._loop is None:
            return  # nobody has waited yet
        with contextlib.suppress(RuntimeError):  # its loop has ended, so nobody waits
            self._loop.call_soon_threadsafe(self._wake.set)

    async def get(self) -> Item | None:
        """The next frame; None after the last."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if self._frames:
                return self._frames.popleft()
            if self._over:
                return None
            await self._wake.wait()
