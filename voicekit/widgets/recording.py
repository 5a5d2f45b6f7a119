"""Push-to-talk clips: ipywebrtc's recorder makes them, the browser decodes them, parts arrive."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from voicekit.audio import Clip
from voicekit.errors import AudioError
from voicekit.widgets.link import WORDS, Link

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


class PushToTalk(Link):
    """The part of a microphone that records clips. It holds `_takes`, and knows how to start."""

    _ON: ClassVar = {"starting", "asking", "listening"}  # the states with the device, or close to
    _takes: Takes

    def start(self) -> None:
        """Begin to capture."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop capturing."""
        raise NotImplementedError

    @property
    def clips(self) -> list[Clip]:
        """The last push-to-talk clips, the newest at the end."""
        with self._lock:
            return list(self._takes.clips)

    def record(self, seconds: float | None = None, timeout: float = 60.0) -> Clip:
        """Record one clip and wait for it; from async code use `asyncio.to_thread`.

        Args:
            seconds: how long; None until the button "Finish the clip" is pressed.
            timeout: seconds to wait for permission, and for the button.

        Raises:
            AudioError: no front end, no permission, or nothing came; says what to do.
        """
        if seconds is not None and not 0.2 <= seconds <= LONGEST:
            raise ValueError(f"A clip of {seconds} s; record 0.2 to {LONGEST:g} s.")
        was_on = self._state in self._ON
        if not was_on:
            self.start()
        try:
            with self._lock:
                self._lock.wait_for(lambda: self._state not in self._ON - {"listening"}, timeout)
                self._must(self._state == "listening")
                take = self._record()
                # It may have begun and failed before this thread woke.
                self._must(
                    self._lock.wait_for(lambda: self._takes.running or self._takes.done == take, 5)
                )
                over = self._lock.wait_for(lambda: self._takes.done == take, seconds or timeout)
                if not over:
                    self._tell("recorded")
                    self._must(self._lock.wait_for(lambda: self._takes.done == take, 10))
                self._must(not self._takes.failed)
                return self._takes.clips[-1]
        finally:
            if not was_on:
                self.stop()

    def _must(self, good: bool) -> None:
        if not good:
            raise AudioError(WORDS.get(self._takes.failed) or self.error or WORDS["undecodable"])

    def _record(self) -> int:
        take = self._takes.begin()
        self._tell("record", take=take)
        return take

    def _clip(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        with self._lock:
            if kind == "recording":
                self._takes.running = True
            elif "code" in content:
                self._takes.end(content["code"])
            else:
                last = content["part"] + 1 == content["parts"]
                self._takes.part(content["take"], bytes(buffers[0]), last)
            self._lock.notify_all()
