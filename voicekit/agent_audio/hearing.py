"""When each side was heard, by what the page reports. No I/O.

A frame of the microphone and a report of what was played take the same way to the kernel, so the
time between the two is the one that a person in front of the page has waited.
"""

from __future__ import annotations

import math
from collections import deque

from voicekit.audio import Clip
from voicekit.clip_audio.tape import Span, Tape

_REPORTS = 10  # a second, while it plays


class Hearing:
    """Both sides of one conversation on one clock.

    Args:
        rate: samples a second, of both sides.
        keep: seconds of each side to remember.
    """

    def __init__(self, rate: int, keep: float) -> None:
        self.rate = rate
        self.caller = Tape(rate, keep)
        self._keep = keep
        self._base = 0  # the sample at which the microphone's present run began
        self._next = 0  # the number of the next frame
        self._origin = math.inf  # when the caller's first sample was spoken
        self._reports: deque[tuple[float, int, int]] = deque(maxlen=round(_REPORTS * keep) + 1)
        self._played: int | None = None

    def frame(self, pcm: bytes, seq: int, at: float) -> None:
        """A frame of the microphone arrived `at` seconds; `seq` counts from 0 in each run."""
        size = len(pcm) // 2
        if seq < self._next:  # stopped and started again
            begun = round((at - self._origin) * self.rate) - (seq + 1) * size
            self._base = max(self.caller.end - seq * size, begun)
        self._next = seq + 1
        begin = self._base + seq * size
        # Of all frames, the one that was the quickest on its way tells the time best.
        self._origin = min(self._origin, at - (begin + size) / self.rate)
        self.caller.write(begin, pcm)

    def played(self, samples: int, at: float) -> None:
        """The speaker had played so many samples, all in all, at this time."""
        if self._played is not None and samples > self._played:
            self._reports.append((at, self._played, samples))
        self._played = samples

    def caller_spans(self, pause: float) -> list[Span]:
        """When the caller was heard, in seconds of the clock of `at`."""
        spans = self.caller.spans(self.caller.end, pause)
        return [Span(self._origin + span.start, self._origin + span.end) for span in spans]

    def agent_spans(self, clip: Clip, end: int, latency: float, pause: float) -> list[Span]:
        """When the agent was heard, likewise.

        Args:
            clip: what was played up to the sample `end`.
            end: as counted in `played`.
            latency: seconds from the page's audio engine to the loudspeaker.
            pause: shorter silences than this belong to the sound around them; seconds.
        """
        if not self._reports:
            return []
        origin = self._reports[0][0] - (self._reports[0][2] - self._reports[0][1]) / self.rate
        tape = Tape(self.rate, self._keep)
        first = end - len(clip.samples)
        for at, begin, stop in self._reports:
            pcm = clip.pcm[2 * max(0, begin - first) : 2 * max(0, stop - first)]
            tape.write(round((at - origin) * self.rate) - len(pcm) // 2, pcm)
        shift = origin + latency
        spans = tape.spans(tape.end, pause)
        return [Span(shift + span.start, shift + span.end) for span in spans]
