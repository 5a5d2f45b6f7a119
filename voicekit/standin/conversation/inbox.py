"""A client's sound on its way to the ears."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

WAITING = 10.0
"""Seconds of sound that may wait before a client that sends faster than it is heard is slowed."""
FASTEST = 30.0
"""Times as fast as it sounds that a client is read then: slow enough to be felt by a client that
sends a whole recording at once, and fast enough for pings behind it to be answered."""
LATE = 20.0
"""Seconds that a piece may wait. Ears that are further behind hear what is said now instead: an
answer to what was said that long ago comes too late."""
MOST = 600.0
"""Seconds of sound that may wait, however fast a client sends it."""
TOGETHER = 0.1
"""Seconds of sound that are judged at once, when more than one piece waits."""


class Inbox:
    """Pieces in the order they came, the oldest given up when the ears do not keep up.

    Reading never stops, since the same reader answers pings and hears a client leave.

    Args:
        second: bytes of a second.
        clock: seconds, by which the ears are late.
    """

    def __init__(self, second: int, clock: Callable[[], float]) -> None:
        self._second = second
        self._clock = clock
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._waiting = 0  # bytes
        self._filled = asyncio.Event()
        self._pause = 0.0  # seconds
        self.given_up = 0.0
        """Seconds of sound that nobody heard."""

    @property
    def seconds(self) -> float:
        """Seconds of sound that wait."""
        return self._waiting / self._second

    def put(self, piece: bytes) -> None:
        """Take the next piece."""
        now = self._clock()
        self._pieces.append((now, piece))
        self._waiting += len(piece)
        self._filled.set()
        self._pause += len(piece) / self._second / FASTEST
        while self._waiting > MOST * self._second or now - self._pieces[0][0] > LATE:
            _, oldest = self._pieces.popleft()
            self._waiting -= len(oldest)
            self.given_up += len(oldest) / self._second

    async def room(self) -> None:
        """Wait a little before the next piece is read, while more than `WAITING` seconds wait."""
        pause, self._pause = self._pause, 0.0
        if self._waiting > WAITING * self._second:
            await asyncio.sleep(pause)

    async def get(self) -> bytes:
        """What came, once something has.

        What waits is taken together: judged at once, frames cost a third, so that ears which fell
        behind catch up. Not so much that a turn could begin and end in it.
        """
        while not self._pieces:
            self._filled.clear()
            await self._filled.wait()
        found = b""
        while self._pieces and len(found) < TOGETHER * self._second:
            found += self._pieces.popleft()[1]
        self._waiting -= len(found)
        return found
