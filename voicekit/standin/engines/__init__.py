"""What a speech engine offers the stand-in, whichever engine it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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
