"""A loudspeaker that makes no sound, and the clock by which it plays."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_number, check_type
from voicekit.audio import Clip
from voicekit.conversation.tape import Span, Tape
from voicekit.errors import AudioError

_STEP = 0.1  # seconds after which an interruption ends the waiting


class Clock(Protocol):
    """Seconds from any origin, and a way to let them pass."""

    def now(self) -> float:
        """The time in seconds."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""


class RealClock:
    """Time as it passes for everybody."""

    now = staticmethod(time.perf_counter)

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

    async def sleep(self, seconds: float) -> None:
        """Have slept; other tasks had their turn."""
        self.time += max(seconds, 0.0)
        await asyncio.sleep(0)


class Playout:
    """Plays at the pace of real time whatever comes sooner, and from then on what comes later.

    Nothing runs here: where each sample lies in time follows from when it was written. All times
    are seconds from one origin, such as the start of the session.

    Args:
        rate: samples a second.
        keep: seconds of played sound to keep.
    """

    def __init__(self, rate: int, keep: float) -> None:
        self._tape = Tape(rate, keep)
        self._rest = b""

    @property
    def end(self) -> float:
        """When the last sample that was written has been heard, in seconds."""
        return self._tape.end / self._tape.rate

    def write(self, pcm: bytes, now: float) -> None:
        """Play after everything that was written before; a chunk may end within a sample."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % 2
        self._rest = pcm[whole:]
        if whole:
            self._tape.write(self._sample(now), pcm[:whole])

    def interrupt(self, now: float) -> float:
        """Fall silent at once. Returns the seconds of sound that will not be heard."""
        dropped = max(0.0, self.end - now)
        self._tape.cut(self._sample(now))
        self._rest = b""
        return dropped

    def played(self, now: float) -> int:
        """How many samples have been heard."""
        return self._tape.samples(self._sample(now))

    def sounding(self, start: float, count: int) -> npt.NDArray[np.int16]:
        """`count` samples from `start` seconds on as they were heard, silence where none were."""
        return self._tape.read(self._sample(start), count)

    def clip(self, now: float) -> Clip:
        """What has been heard, without the pauses between."""
        return self._tape.clip(self._sample(now))

    def newest(self, now: float, pause: float) -> Iterator[Span]:
        """When something audible was heard, the last first; see `Tape.newest`."""
        return self._tape.newest(self._sample(now), pause)

    def spans(self, now: float, pause: float) -> list[Span]:
        """When something audible was heard; see `Tape.spans`."""
        return self._tape.spans(self._sample(now), pause)

    def _sample(self, now: float) -> int:
        return round(now * self._tape.rate)


class ClipSpeaker:
    """Stands in for `voicekit.Speaker` where no page is: in CI, in a script, over SSH.

    What it is given counts as heard at the pace of real time.

    Args:
        rate: samples a second of everything that is played.
        clock: real time, unless a test brings its own.
        keep: seconds of sound that stay available in `clip`.
    """

    def __init__(self, rate: int = 16000, clock: Clock | None = None, keep: float = 600.0) -> None:
        check_number("rate", rate, 1, whole=True, remedy="Pass samples a second, such as 16000.")
        self.rate = rate
        self._clock: Clock = clock or RealClock()
        self._playout = Playout(rate, keep)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<ClipSpeaker {self.rate} Hz>"

    @property
    def played(self) -> float:
        """Seconds that a listener would have heard, of everything so far."""
        with self._lock:
            return self._playout.played(self._clock.now()) / self.rate

    @property
    def pending(self) -> float:
        """Seconds that were given and are not heard yet."""
        return max(0.0, self._playout.end - self._clock.now())

    def play(self, pcm: bytes | Clip) -> None:
        """Queue sound and return at once; chunks may split a sample.

        Raises:
            AudioError: the clip has another rate.
            TypeError: it is neither bytes nor a clip.
        """
        if isinstance(pcm, Clip):
            if pcm.rate != self.rate:
                raise AudioError(
                    f"A clip of {pcm.rate} Hz for a speaker of {self.rate} Hz. "
                    f"Make a ClipSpeaker(rate={pcm.rate})."
                )
            pcm = pcm.pcm
        check_type("pcm", pcm, bytes, "Pass PCM16, such as chunk.pcm, or a Clip.")
        with self._lock:
            self._playout.write(pcm, self._clock.now())

    def interrupt(self) -> None:
        """Silence now: throw away what is not heard yet."""
        with self._lock:
            self._playout.interrupt(self._clock.now())

    async def drain(self) -> None:
        """Wait until everything that was given has been heard."""
        while self.pending:
            await self._clock.sleep(min(self.pending, _STEP))

    def clip(self) -> Clip:
        """What has been heard; what was thrown away is not in it."""
        with self._lock:
            return self._playout.clip(self._clock.now())

    def close(self) -> None:
        """Be silent."""
        self.interrupt()
