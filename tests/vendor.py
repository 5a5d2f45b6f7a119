"""A voice vendor in memory: each word is one value held for `WORD` samples, so audio can be read.

It fails as vendors do, at moments of the test's choice, and speaks the `Voicing` seam only: no
socket, no message, so a test of what is said takes milliseconds.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque

import numpy as np

from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Audio

RATE = 1000
WORD = 100  # samples, so 0.1 s
PIECE = 70  # samples a message: words and messages never end together


class Vendor:
    """Opens channels; `failures` says after how many messages each of them fails, and how."""

    def __init__(self, failures: list[tuple[int, str]] | None = None, aligned: bool = True) -> None:
        self.failures = deque(failures or [])
        self.aligned = aligned
        self.words: dict[int, str] = {}
        self.channels: list[FakeChannel] = []
        self.values = itertools.count(1000)

    async def open(self) -> FakeChannel:
        after, kind = self.failures.popleft() if self.failures else (10**9, "never")
        if kind == "refused":
            raise SpeechError.of("quota_exceeded", "No characters left.")
        if kind == "busy":
            raise SpeechError.of("system_busy", "Please try again later.")
        if kind == "unreachable":
            raise SpeechDroppedError("Nobody answered.")
        channel = FakeChannel(self, after, kind)
        self.channels.append(channel)
        return channel

    def said(self, pcm: bytes) -> list[tuple[str, int]]:
        """The words in some audio, each with how many of its samples came."""
        samples = np.frombuffer(pcm, "<i2")
        return [(self.words[value], len(list(run))) for value, run in itertools.groupby(samples)]


class FakeChannel:
    def __init__(self, vendor: Vendor, after: int, kind: str) -> None:
        self.vendor = vendor
        self.left = after
        self.kind = kind
        self.received: list[str] = []
        self.aborted = False
        self.kept_alive = 0
        self._pieces: asyncio.Queue[Audio | None] = asyncio.Queue()
        self._finished = False

    async def send(self, text: str) -> None:
        if self.aborted:
            raise SpeechDroppedError("closed")
        self.received.append(text)
        pcm, chars, ends = b"", "", []
        for word in text.split():
            value = next(self.vendor.values)
            self.vendor.words[value] = word
            start = len(pcm) / 2 / RATE
            pcm += np.full(WORD, value, "<i2").tobytes()
            for at, char in enumerate(word + " ", 1):
                chars += char
                ends.append(start + WORD / RATE * min(1.0, at / len(word)))
        for first in range(0, len(pcm), 2 * PIECE):
            alignment = (chars, tuple(ends)) if first == 0 and self.vendor.aligned else ("", ())
            self._pieces.put_nowait(Audio(pcm[first : first + 2 * PIECE], *alignment))

    async def keep_alive(self) -> None:
        self.kept_alive += 1

    async def finish(self) -> None:
        if not self._finished:
            self._finished = True
            self._pieces.put_nowait(None)

    async def audio(self):
        while True:
            if self.left == 0 and self.kind == "drop":
                raise SpeechDroppedError("The socket closed early.")
            if self.left == 0 and self.kind == "half_open":
                await asyncio.Event().wait()
            if self.left == 0 and self.kind == "ended_early" and not self._finished:
                return
            piece = await self._pieces.get()
            if piece is None:
                return
            self.left -= 1
            yield piece

    def abort(self) -> None:
        self.aborted = True
