"""Ears that need no recogniser: loud samples are speech, and what was said comes from a list."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

import numpy as np

from voicekit.standin.engines import LISTENING_RATE, Heard
from voicekit.turns import (
    FRAME,
    Activity,
    BargeIn,
    Eagerness,
    Endpointer,
    Interruption,
    Thresholds,
)

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

    def silent(self, since: float | None) -> None:
        pass

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


def quick_endpointer(eagerness: str, spelling_patience: bool) -> Endpointer:  # noqa: ARG001
    """Speech counts after 0.1 s, pauses after 0.1 s of silence and ends after 0.3 s."""
    return Endpointer(
        Eagerness(finished=0.3, open=0.3, unfinished=0.3, pause=0.1),
        thresholds=Thresholds(first=0.1),
        barge_in=BargeIn(Interruption(after=0.1, by_words=False)),
    )
