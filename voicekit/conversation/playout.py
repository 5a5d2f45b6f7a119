"""A loudspeaker that makes no sound, and knows which sample would be heard at any time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from voicekit.audio import Clip
from voicekit.conversation.tape import Span, Tape


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
