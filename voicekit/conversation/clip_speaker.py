"""The browser's speaker without a browser: the same methods and the same timing, no sound."""

from __future__ import annotations

import threading

from voicekit.arguments import check_number, check_type
from voicekit.audio import Clip
from voicekit.conversation.clock import Clock, RealClock
from voicekit.conversation.playout import Playout
from voicekit.errors import AudioError

_STEP = 0.1  # an interruption ends the waiting this soon


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
