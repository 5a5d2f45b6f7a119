"""Ears that need no recogniser: loud samples are speech, and what was said comes from a list."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from voicekit.standin.engines import FRAME, LISTENING_RATE, Activity, Heard, endpointing

QUIET = bytes(2 * LISTENING_RATE // 10)
LOUD = (np.full(LISTENING_RATE // 10, 8000, "<i2")).tobytes()
"""A tenth of a second of each."""


class FakeEars:
    """A recogniser; `says` are the utterances to come, None for one that is not understood."""

    def __init__(self, *says: str | None) -> None:
        self.says = deque(says)
        self.open_ears = 0
        self.source: Literal["grammar", "dictation"] = "grammar"

    async def open(self, keywords: Sequence[str] = ()) -> FakeHearing:
        self.keywords = tuple(keywords)
        self.open_ears += 1
        return FakeHearing(self)

    def close(self) -> None:
        pass


class FakeHearing:
    def __init__(self, ears: FakeEars) -> None:
        self.ears = ears
        self.pcm = b""
        self.fed = 0
        self.listening = False

    async def feed(self, pcm: bytes) -> Sequence[Activity]:
        self.pcm += pcm
        size = round(FRAME * LISTENING_RATE) * 2
        found = []
        while len(self.pcm) >= size:
            frame, self.pcm = self.pcm[:size], self.pcm[size:]
            loud = bool(np.abs(np.frombuffer(frame, "<i2")).mean() > 1000)
            found.append(Activity(self.fed * FRAME, float(loud), -12.0 if loud else -100.0))
            self.fed += 1
        return found

    async def begin(self, at: float) -> None:
        assert 0 <= at <= self.fed * FRAME
        self.listening = True

    async def partial(self) -> str:
        return (self.ears.says[0] or "") if self.listening and self.ears.says else ""

    async def end(self, at: float | None = None) -> Heard:  # noqa: ARG002
        assert self.listening
        self.listening = False
        text = self.ears.says.popleft() if self.ears.says else None
        return Heard(text or "", self.ears.source if text else "none", 1.0 if text else 0.0)

    async def cancel(self) -> None:
        self.listening = False

    def close(self) -> None:
        self.ears.open_ears -= 1


class FakeEndpointer:
    """Speech counts after 0.1 s, pauses after 0.1 s of silence and ends after 0.3 s."""

    def __init__(self, eagerness: str, spelling_patience: bool) -> None:
        self.eagerness, self.spelling_patience = eagerness, spelling_patience
        self.state = "silence"
        self.since = 0.0
        self.last = 0.0

    def hint(self, partial: str) -> None:
        pass

    def decided(self) -> Iterator[endpointing.Event]:
        return iter(())

    def push(
        self, activity: Activity, _agent_talks: bool, _undecided: bool
    ) -> Iterator[endpointing.Event]:
        at, loud = activity.at, activity.probability > 0.5
        if loud:
            self.last = at + FRAME
        if self.state == "silence" and loud:
            self.state, self.since = "suspected", at
            yield endpointing.SpeechSuspected(at)
        elif self.state == "suspected":
            if at - self.since >= 0.1:
                self.state = "speech"
                yield endpointing.SpeechStarted(self.since)
            elif not loud:
                self.state = "silence"
                yield endpointing.SpeechDismissed(at)
        elif self.state == "speech" and at - self.last >= 0.1:
            self.state = "paused"
            yield endpointing.SpeechPaused(self.last)
        elif self.state == "paused" and loud:
            self.state = "speech"
            yield endpointing.SpeechResumed(at)
        elif self.state == "paused" and at - self.last >= 0.3:
            self.state = "silence"
            yield endpointing.SpeechEnded(self.last)
