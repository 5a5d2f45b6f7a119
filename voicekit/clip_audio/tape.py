"""Sound with its place in time, bounded: the last minutes of one side of a conversation."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voicekit.audio import Clip

AUDIBLE = -40.0
"""dB relative to full scale that a sample must reach to count as audible; see `Clip.onset`."""
_SAMPLE_BYTES = 2
_SHORTEST = 0.03  # seconds; a click is shorter, and no word is


class Span(NamedTuple):
    """Sound from its first to its last audible sample; both in seconds."""

    start: float
    end: float


class Tape:
    """PCM16 pieces that were heard one after the other, with gaps between them.

    Args:
        rate: samples a second.
        keep: seconds of sound to keep; older pieces are forgotten and counted in `forgotten`.
    """

    def __init__(self, rate: int, keep: float) -> None:
        self.rate = rate
        self.end = 0
        """The sample at which the last piece ends, counted from the tape's beginning."""
        self.forgotten = 0
        """Samples that were dropped to stay within `keep`."""
        self._limit = max(1, round(keep * rate))
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._kept = 0

    def write(self, start: int, pcm: bytes) -> None:
        """Put whole samples at `start`, or after the last piece if that ends later."""
        start = max(start, self.end)
        self._pieces.append((start, pcm))
        self.end = start + len(pcm) // _SAMPLE_BYTES
        self._kept += len(pcm) // _SAMPLE_BYTES
        while self._kept > self._limit and len(self._pieces) > 1:
            dropped = len(self._pieces.popleft()[1]) // _SAMPLE_BYTES
            self._kept -= dropped
            self.forgotten += dropped

    def cut(self, at: int) -> None:
        """Take off everything from the sample `at` on."""
        while self._pieces and self.end > at:
            start, pcm = self._pieces.pop()
            kept = pcm[: _SAMPLE_BYTES * max(0, at - start)]
            self._kept -= (len(pcm) - len(kept)) // _SAMPLE_BYTES
            if kept:
                self._pieces.append((start, kept))
                break
            self.end = start
        self.end = min(self.end, at)

    def samples(self, until: int) -> int:
        """How many samples lie before the sample `until`, the forgotten ones included."""
        after = 0
        for start, pcm in reversed(self._pieces):
            count = len(pcm) // _SAMPLE_BYTES
            if start + count <= until:
                break
            after += min(count, start + count - until)
        return self.forgotten + self._kept - after

    def read(self, start: int, count: int) -> npt.NDArray[np.int16]:
        """`count` samples from the sample `start` on, with silence in the gaps; shape (count,)."""
        found = np.zeros(count, np.int16)
        for begin, pcm in reversed(self._pieces):
            stop = begin + len(pcm) // _SAMPLE_BYTES
            if stop <= start:
                break
            first, last = max(start, begin), min(start + count, stop)
            if first < last:
                part = pcm[_SAMPLE_BYTES * (first - begin) : _SAMPLE_BYTES * (last - begin)]
                found[first - start : last - start] = np.frombuffer(part, "<i2")
        return found

    def clip(self, until: int, text: str = "") -> Clip:
        """What lies before the sample `until`, without the gaps."""
        pcm = b"".join(pcm[: _SAMPLE_BYTES * max(0, until - start)] for start, pcm in self._pieces)
        return Clip(pcm, self.rate, text)

    def spans(self, until: int, pause: float, threshold: float = AUDIBLE) -> list[Span]:
        """The stretches of audible sound before `until`; shorter silences than `pause` join.

        Args:
            until: the sample at which to stop looking.
            pause: seconds.
            threshold: dB relative to full scale.
        """
        loud = 32768 * 10 ** (threshold / 20)
        found = [
            start + np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) >= loud)
            for start, pcm in self._pieces
        ]
        at = np.concatenate(found) if found else np.empty(0, np.int64)
        at = at[at < until]
        if not at.size:
            return []
        breaks = np.flatnonzero(np.diff(at) > pause * self.rate)
        first, last = at[np.r_[0, breaks + 1]], at[np.r_[breaks, at.size - 1]]
        spans = (Span(a / self.rate, b / self.rate) for a, b in zip(first, last, strict=True))
        return [Span(*map(float, span)) for span in spans if span.end - span.start >= _SHORTEST]
