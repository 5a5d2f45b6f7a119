"""Sound with its place in time, bounded: the last minutes of each side, and the turns in them.

No locks: who shares a tape among threads holds one of his own.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voicekit.audio import Clip
from voicekit.timeline import Timeline

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
        self._stretches: dict[tuple[int, float], Stretches] = {}

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
        for one in self._stretches.values():
            one.cut(at, functools.partial(self._last_audible, until=at, stretches=one))
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

    def newest(self, until: int, pause: float, threshold: float = AUDIBLE) -> Iterator[Span]:
        """The stretches of audible sound before `until`, the last one first.

        No sample is looked at twice, however often it is asked and however much there is.

        Args:
            until: the sample at which to stop looking.
            pause: shorter silences than this join what is around them; seconds.
            threshold: dB relative to full scale.
        """
        loud = 32768 * 10 ** (threshold / 20)
        gap = round(pause * self.rate)
        stretches = self._stretches.setdefault((gap, loud), Stretches(gap, loud))
        self._look_at_what_is_new(stretches)
        for first, last in reversed(stretches.found):
            if first >= until:
                continue
            if last >= until:
                last = self._last_audible(first, until, stretches)
            if last - first >= _SHORTEST * self.rate:
                yield Span(first / self.rate, last / self.rate)

    def spans(self, until: int, pause: float, threshold: float = AUDIBLE) -> list[Span]:
        """What `newest` tells, in the order of time."""
        return [*self.newest(until, pause, threshold)][::-1]

    def _last_audible(self, first: int, until: int, stretches: Stretches) -> int:
        """The last audible sample before `until` of a stretch that goes on after it."""
        begin = max(first, until - stretches.gap)  # no silence within it is longer
        found = _audible(self.read(begin, until - begin), stretches.loud)
        return begin + int(found[-1]) if found.size else first  # it may be forgotten

    def _look_at_what_is_new(self, stretches: Stretches) -> None:
        new = [*itertools.takewhile(lambda p: p[0] >= stretches.end, reversed(self._pieces))]
        for start, pcm in reversed(new):
            stretches.add(start, np.frombuffer(pcm, "<i2"))
        stretches.end = self.end
        if self._pieces:
            stretches.forget(self._pieces[0][0])


class Stretches:
    """Where a growing tape is audible. All numbers are samples, counted as the tape does.

    Args:
        gap: shorter silences than this join what is around them.
        loud: the amplitude that counts as audible.
    """

    def __init__(self, gap: int, loud: float) -> None:
        self.gap, self.loud = gap, loud
        self.end = 0
        """Everything before this sample has been looked at."""
        self.found: deque[tuple[int, int]] = deque()
        """The first and the last audible sample of each stretch."""

    def add(self, start: int, samples: npt.NDArray[np.int16]) -> None:
        """Look at the next piece, which begins at the sample `start`."""
        at = start + _audible(samples, self.loud)
        if not at.size:
            return
        breaks = np.flatnonzero(np.diff(at) > self.gap)
        firsts, lasts = at[np.r_[0, breaks + 1]], at[np.r_[breaks, at.size - 1]]
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            goes_on = self.found and first - self.found[-1][1] <= self.gap
            self.found.append((self.found.pop()[0] if goes_on else first, last))

    def cut(self, at: int, last_audible: Callable[[int], int]) -> None:
        """Take off what lies from the sample `at` on.

        Args:
            at: the first sample that goes.
            last_audible: tells the last one that stays of the stretch that begins at a sample.
        """
        while self.found and self.found[-1][0] >= at:
            self.found.pop()
        if self.found and self.found[-1][1] >= at:
            first, _ = self.found.pop()
            self.found.append((first, last_audible(first)))
        self.end = min(self.end, at)

    def forget(self, begin: int) -> None:
        """Nothing before the sample `begin` is kept any more."""
        while self.found and self.found[0][1] < begin:
            self.found.popleft()


def _audible(samples: npt.NDArray[np.int16], loud: float) -> npt.NDArray[np.intp]:
    """The places of the audible samples."""
    return np.flatnonzero(np.abs(samples.astype(np.int32)) >= loud)


def turns(
    caller: Iterable[Span],
    agent: Iterable[Span],
    timeline: Callable[[], Timeline],
    last: int | None = None,
) -> list[Timeline]:
    """One timeline for each of the caller's spans, with `speech_end` and, if any came, `audible`.

    The answer to a span begins after it and before the next one. What the agent was saying
    already, and goes on to say, is no answer. No more of the spans is asked for than needed.

    Args:
        caller: when the caller spoke, by the timelines' clock, newest first.
        agent: when the agent was heard, likewise.
        timeline: makes an empty one.
        last: how many turns, the newest; None is all.

    Returns:
        The turns in the order of time.
    """
    spoken = [*itertools.islice(caller, last)][::-1]
    if not spoken:
        return []
    heard = [*itertools.takewhile(lambda span: span.start > spoken[0].end, agent)][::-1]
    made = []
    for span, until in zip(spoken, [*(s.start for s in spoken[1:]), math.inf], strict=True):
        turn = timeline()
        turn.mark("speech_end", span.end)
        onset = next((other.start for other in heard if span.end < other.start < until), None)
        if onset is not None:
            turn.mark("audible", onset)
        made.append(turn)
    return made
