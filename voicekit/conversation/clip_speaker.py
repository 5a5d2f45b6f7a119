"""A loudspeaker that makes no sound, and the clock by which it plays."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_number, check_type
from voicekit.audio import Clip
from voicekit.conversation.tape import Span, Tape
from voicekit.errors import AudioError

_STEP = 0.1  # seconds after which an interruption ends the waiting


class Clock:
    """Time as it passes for everybody; a test brings one of its own.

    Args:
        now: seconds from any origin.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.now = now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(max(seconds, 0.0))


class ClipSpeaker:
    """Stands in for `voicekit.Speaker` where no page is: in CI, in a script, over SSH.

    What it is given counts as heard at the pace of real time: where each sample lies in time
    follows from when it came.

    Args:
        rate: samples a second of everything that is played.
        clock: real time, unless a test brings its own.
        keep: seconds of sound that stay available in `clip`.
    """

    dropped = 0.0
    """Seconds that could not be played; see `Speaker.dropped`."""

    def __init__(self, rate: int = 16000, clock: Clock | None = None, keep: float = 600.0) -> None:
        check_number("rate", rate, 1, whole=True, remedy="Pass samples a second, such as 16000.")
        self.rate = rate
        self._clock = clock or Clock()
        self._tape = Tape(rate, keep)
        self._odd = b""
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<ClipSpeaker {self.rate} Hz>"

    @property
    def played(self) -> float:
        """Seconds that a listener would have heard, of everything so far."""
        with self._lock:
            return self._tape.samples(self._sample()) / self.rate

    @property
    def pending(self) -> float:
        """Seconds that were given and are not heard yet."""
        return max(0, self._tape.end - self._sample()) / self.rate

    @property
    def end(self) -> float:
        """When the last sample has been heard, in seconds by the clock."""
        return self._tape.end / self.rate

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
            pcm = self._odd + pcm
            whole = len(pcm) - len(pcm) % 2
            self._odd = pcm[whole:]
            if whole:
                self._tape.write(self._sample(), pcm[:whole])

    def interrupt(self) -> None:
        """Silence now: throw away what is not heard yet."""
        with self._lock:
            self._tape.cut(self._sample())
            self._odd = b""

    async def drain(self) -> None:
        """Wait until everything that was given has been heard."""
        while self.pending:
            await self._clock.sleep(min(self.pending, _STEP))

    def clip(self, start: float = 0.0) -> Clip:
        """What has been heard, without pauses; what was thrown away is not in it.

        Args:
            start: only what was heard when `played` was above this.
        """
        with self._lock:
            clip = self._tape.clip(self._sample())
            skip = max(0, round(start * self.rate) - self._tape.forgotten)
        return Clip(clip.pcm[2 * skip :], self.rate)

    def sounding(self, start: float, count: int) -> npt.NDArray[np.int16]:
        """`count` samples from `start` seconds on as they were heard, silence where none were."""
        with self._lock:
            return self._tape.read(round(start * self.rate), count)

    def newest(self, pause: float) -> list[Span]:
        """When something audible was heard, by the clock, newest first; see `Tape.newest`."""
        with self._lock:
            return [*self._tape.newest(self._sample(), pause)]

    def close(self) -> None:
        """Be silent."""
        self.interrupt()

    def _sample(self) -> int:
        return round(self._clock.now() * self.rate)
