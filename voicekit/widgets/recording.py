"""Push-to-talk clips: ipywebrtc's recorder makes them, the browser decodes them, parts arrive."""

from __future__ import annotations

from collections import deque

from voicekit.audio import Clip

LONGEST = 300.0  # seconds; the recorder's own copy of more would break the connection
_KEPT = 8


class Takes:
    """Numbers the takes and joins the parts of each; the newest clips stay."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.take = 0
        self.running = False
        self.failed = ""
        self.clips: deque[Clip] = deque(maxlen=_KEPT)
        self.done = 0  # the number of the last take that ended, well or not
        self._parts: list[bytes] = []

    def begin(self) -> int:
        """The number of a new take."""
        self.take += 1
        self._parts, self.failed = [], ""
        return self.take

    def part(self, take: int, pcm: bytes, last: bool) -> None:
        """One part of a take, in order."""
        if take != self.take:
            return
        self._parts.append(pcm)
        if last:
            self.clips.append(Clip.from_chunks(self._parts, self._rate))
            self.end("")

    def end(self, code: str) -> None:
        """The take is over; `code` says what went wrong."""
        self.running, self.failed, self.done = False, code, self.take
