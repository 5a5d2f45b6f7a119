"""What a speech engine offers the stand-in, whichever engine it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from voicekit.turns import Activity

LISTENING_RATE = 16000
"""Samples per second of everything that ears are fed."""


@dataclass(frozen=True)
class Speech:
    """One synthesised passage: what was said, how it sounds, and when each character sounds.

    Attributes:
        text: the passage, unchanged.
        pcm: signed 16-bit little-endian mono samples.
        rate: samples per second.
        starts: seconds at which each character of `text` begins; the first is 0.
        ends: seconds at which each character ends; the last is the duration.
    """

    text: str
    pcm: bytes
    rate: int
    starts: tuple[float, ...]
    ends: tuple[float, ...]


class Synthesiser(Protocol):
    """Turns text into speech."""

    async def say(self, text: str, voice: str, speed: float = 1.0) -> Speech:
        """Speak `text` with the offline voice `voice`, `speed` times as fast as usual.

        Raises:
            EngineError: the engine is missing, does not know the voice, or died.
        """
        ...

    def close(self) -> None:
        """Give back what the engine holds; a closed synthesiser says nothing more."""
        ...


@dataclass(frozen=True)
class Word:
    """One recognised word, and when it was said, in seconds of the session's audio."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Heard:
    """What an utterance said.

    Attributes:
        text: in written form ("where is order A-1042"); empty when nothing was understood.
        source: `grammar` when the sentence is of the kind that the support desk knows, `dictation`
            when it is ordinary English outside of that and less sure, `people` when the ears for
            people heard it, `none` when the sound was no speech that could be told.
        confidence: from 0 to 1.
        words: as they were spoken, before they were written out.
    """

    text: str
    source: Literal["grammar", "dictation", "people", "none"]
    confidence: float
    words: tuple[Word, ...] = ()


class Hearing(Protocol):
    """One session's ear. Feed it everything; begin and end utterances as the turn-taking says.

    All times are seconds of this session's audio, in other words samples fed / `LISTENING_RATE`.
    Every coroutine may raise EngineError.
    """

    async def feed(self, pcm: bytes) -> Sequence[Activity]:
        """Take PCM16 mono of `LISTENING_RATE`, any length; judge the frames that it completes."""
        ...

    async def begin(self, at: float) -> None:
        """Begin an utterance whose speech began at `at`; some audio before that is heard, too.

        With the beginning of one that ended a moment ago, that one goes on.
        """
        ...

    def silent(self, since: float | None) -> None:
        """Learn from the endpointer when the utterance's speech was last; None: it goes on.

        Before the next sound is fed, and again for each frame of a pause.
        """
        ...

    async def partial(self) -> str:
        """What the utterance says so far; empty outside an utterance."""
        ...

    async def end(self, at: float | None = None) -> Heard:
        """End the utterance, at `at` or with everything fed, and say what it said."""
        ...

    async def cancel(self) -> None:
        """Drop the utterance; without one, do nothing."""
        ...

    async def hear_a_person(self) -> None:
        """A person speaks here: from now on hear with the ears for people, where there are any."""
        ...

    def close(self) -> None:
        """Give the session's resources back. Twice is safe."""
        ...


class Recogniser(Protocol):
    """Ears for any number of sessions."""

    async def open(self, keywords: Sequence[str] = ()) -> Hearing:
        """Open a session's ear; `keywords` are words or phrases to expect beside the usual ones.

        Raises:
            EngineError: the recogniser is missing, or its process died.
        """
        ...

    async def transcribe(self, pcm: bytes, rate: int) -> Heard:
        """Say what a whole recording of PCM16 mono at `rate` samples a second says."""
        ...

    def close(self) -> None:
        """Give back what the ears hold; open sessions hear nothing more. Twice is safe."""
        ...
