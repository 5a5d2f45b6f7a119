"""When each side was heard, by what the page reports. No I/O.

A frame of the microphone and a report of what was played take the same way to the kernel, so the
time between the two is the one that a person in front of the page has waited.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable

from voicekit.audio import Clip
from voicekit.conversation.tape import Span, Tape


class Hearing:
    """Both sides of one conversation on one clock; any thread may write and ask.

    Args:
        rate: samples a second, of both sides.
        keep: seconds of each side to remember.
        played: how many samples the speaker had played, all in all, before it began.
    """

    def __init__(self, rate: int, keep: float, played: int = 0) -> None:
        self.rate = rate
        self._caller, self._agent = Tape(rate, keep), Tape(rate, keep)
        self._lock = threading.Lock()
        self._base = 0  # the sample at which the microphone's present run began
        self._next = 0  # the number of the next frame
        self._origin = math.inf  # when the caller's first sample was spoken
        self._begin: float | None = None  # when the agent's first sample was played
        self._played = played

    def frame(self, pcm: bytes, seq: int, at: float) -> float:
        """Take a frame that arrived `at` seconds; return where in the microphone's sound it begins.

        Args:
            pcm: its samples.
            seq: its number in the microphone's present run; a gap is a lost frame.
            at: seconds.
        """
        size = len(pcm) // 2
        with self._lock:
            if seq < self._next:  # stopped and started again
                begun = round((at - self._origin) * self.rate) - (seq + 1) * size
                self._base = max(self._caller.end - seq * size, begun)
            self._next = seq + 1
            begin = self._base + seq * size
            # Of all frames, the one that was the quickest on its way tells the time best.
            self._origin = min(self._origin, at - (begin + size) / self.rate)
            self._caller.write(begin, pcm)
        return begin / self.rate

    def played(self, samples: int, at: float, sound: Callable[[int, int], bytes]) -> None:
        """The speaker had played so many samples, all in all, at this time.

        Args:
            samples: as the speaker counts.
            at: seconds.
            sound: gives what was played from one count of samples to another.
        """
        with self._lock:
            before, self._played = self._played, samples
            if samples <= before:
                return
            if self._begin is None:
                self._begin = at - (samples - before) / self.rate
            pcm = sound(before, samples)
            self._agent.write(round((at - self._begin) * self.rate) - len(pcm) // 2, pcm)

    def sent(self, text: str = "") -> Clip:
        """Everything of the microphone, with its transcript."""
        with self._lock:
            return self._caller.clip(self._caller.end, text)

    def spans(self, latency: float = 0.0) -> tuple[list[Span], list[Span]]:
        """When the caller spoke and when the agent was heard, newest first.

        Args:
            latency: seconds from the page's audio engine to the loudspeaker.
        """
        with self._lock:
            begin = (self._begin or 0.0) + latency
            return (
                _later(self._caller.newest(self._caller.end, pause=0.5), self._origin),
                _later(self._agent.newest(self._agent.end, pause=0.3), begin),
            )


def _later(spans: Iterable[Span], seconds: float) -> list[Span]:
    return [Span(span.start + seconds, span.end + seconds) for span in spans]
