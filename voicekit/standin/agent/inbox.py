"""A client's sound on its way to the ears."""

from __future__ import annotations

import asyncio

WAITING = 10.0
"""Seconds of sound that may wait; a client that sends faster is read no further."""
TOGETHER = 0.1
"""Seconds of sound that are judged at once, when more than one piece waits."""


class Inbox:
    """Pieces in the order they came.

    Args:
        second: bytes of a second.
    """

    def __init__(self, second: int) -> None:
        self._second = second
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting = 0  # bytes
        self._room = asyncio.Event()

    def put(self, piece: bytes) -> None:
        """Take the next piece."""
        self._waiting += len(piece)
        self._pieces.put_nowait(piece)

    async def room(self) -> None:
        """Wait while more than `WAITING` seconds are there."""
        while self._waiting > WAITING * self._second:
            self._room.clear()
            await self._room.wait()

    async def get(self) -> bytes:
        """What came, once something has.

        What waits is taken together: judged at once, frames cost a third, so that ears which fell
        behind catch up. Not so much that a turn could begin and end in it.
        """
        found = await self._pieces.get()
        while not self._pieces.empty() and len(found) < TOGETHER * self._second:
            found += self._pieces.get_nowait()
        self._waiting -= len(found)
        self._room.set()
        return found
