"""Track an utterance's audio: count it, mark the timeline, hand chunks to the listener."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicekit.audio import Clip
from voicekit.timeline.marks import Timeline

BACKLOG = 30.0
"""Seconds of unread audio above which no more is taken: a slow player slows the vendor."""


@dataclass(frozen=True)
class Chunk:
    """A piece of audio as it came: PCM16 mono at `rate` samples a second."""

    pcm: bytes
    rate: int

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.pcm) / 2 / self.rate


class Delivery:
    """The chunks between the vendor and who listens.

    Args:
        rate: samples a second.
        timeline: gets the marks "first_byte", "playing" and "audible", and each chunk's time.
        trim: leave out the silence before the first sound.

    Attributes:
        chunks: every chunk that was handed over.
        seconds: how long they play together.
        silence: seconds before the first sound; None before any sound.
    """

    def __init__(self, rate: int, timeline: Timeline, trim: bool) -> None:
        self.chunks: list[Chunk] = []
        self.seconds = 0.0
        self.silence: float | None = None
        self._rate = rate
        self._timeline = timeline
        self._trim = trim
        self._skipped = 0.0  # silence left out
        self._half = b""  # the first byte of a sample whose second one is in the next message
        self._unread = 0.0
        self._room = asyncio.Event()
        self._ready: asyncio.Queue[Chunk | BaseException | None] = asyncio.Queue()

    async def next(self) -> Chunk:
        """The next chunk, as soon as there is one.

        Raises:
            StopAsyncIteration: there will be none.
            Exception: what the delivery ended with, the first time.
        """
        item = await self._ready.get()
        if item is None or isinstance(item, BaseException):
            self._ready.put_nowait(None)  # asked again, it has still ended
            if item is None:
                raise StopAsyncIteration
            raise item
        self._unread -= item.seconds
        self._room.set()
        return item

    def take(self, pcm: bytes) -> float:
        """Hand over what came.

        Returns:
            When it would have begun without anything left out, in seconds of what was handed over.
        """
        pcm = self._half + pcm
        pcm, self._half = pcm[: len(pcm) // 2 * 2], pcm[len(pcm) // 2 * 2 :]
        kept = self._begin(pcm) if pcm and self.silence is None else pcm
        skipped = (len(pcm) - len(kept)) / 2 / self._rate
        self._skipped += skipped
        began = self.seconds - skipped
        if kept:
            self._timeline.mark("playing")  # supposing that it plays as it comes
            chunk = Chunk(kept, self._rate)
            self._timeline.audio.append((self._timeline.clock(), chunk.seconds))
            self.chunks.append(chunk)
            self.seconds += chunk.seconds
            self._unread += chunk.seconds
            self._ready.put_nowait(chunk)
        return began

    def cut(self) -> None:
        """What follows does not continue a sample that was begun: it is of another connection."""
        self._half = b""

    @property
    def full(self) -> bool:
        """Whether the listener is too far behind."""
        return self._unread > BACKLOG

    async def room(self) -> None:
        """Wait while the listener is too far behind."""
        while self.full:
            self._room.clear()
            await self._room.wait()

    def end(self, how: BaseException | None, discard: bool = False) -> None:
        """End the iteration with an error or without, and perhaps without what is unread."""
        while discard and not self._ready.empty():
            self._ready.get_nowait()
        self._ready.put_nowait(how)

    def _begin(self, pcm: bytes) -> bytes:
        """Note the silence before the first sound, and leave it out if that was asked for."""
        self._timeline.mark("first_byte")
        onset = Clip(pcm, self._rate).onset()
        if onset is None:
            return b"" if self._trim else pcm
        self.silence = self.seconds + self._skipped + onset
        now = self._timeline.clock()
        due = max(now, self._timeline.marks.get("playing", now) + self.seconds)
        self._timeline.mark("audible", now if self._trim else due + onset)
        return pcm[2 * round(onset * self._rate) :] if self._trim else pcm
