"""From text to audio that leaves on time: passages, pieces, and the pace of the profile."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from voicekit.standin.catalog.profiles import Profile, wait_until
from voicekit.standin.engines import Speech
from voicekit.standin.speech.formats import Encoder

PIECE = 0.2
"""Seconds of audio that leave at a time. As PCM at 48 kHz in base64, 25.6 kB."""

SHORTEST, LONGEST = 120, 400
# Not after "Dr." or "e.g.": three small letters or digits before the mark make it a sentence's.
# The second half is the ideographic full stop and the full-width marks.
_SENTENCE_END = re.compile(r"(?<=[a-z0-9]{3}[.!?…])[\"')\]”\u2019]*\s+|(?<=[\u3002\uff01\uff1f])")

_TAG = re.compile(r"</?(?:break|phoneme)\b[^<>]*>")


def passages(text: str) -> Iterator[str]:
    """Cut `text` where it can be spoken in parts; joined, the parts are the text.

    A voice makes a few hundred characters in about 50 ms: inside the time that every profile
    but `instant` waits for the first audio anyway. Up to `LONGEST` characters stay in one part.
    """
    while len(text) > LONGEST:
        ends = (end.end() for end in _SENTENCE_END.finditer(text, 0, LONGEST))
        cut = next((end for end in ends if end >= SHORTEST), text.rfind(" ", 0, LONGEST) + 1)
        yield text[: cut or LONGEST]
        text = text[cut or LONGEST :]
    yield text


def without_tags(text: str) -> str:
    """Blank out SSML tags, each character by a space: they make no pause and no sound here."""
    return _TAG.sub(lambda tag: " " * len(tag[0]), text)


@dataclass(frozen=True)
class Piece:
    """Encoded audio that leaves at once, and what it holds of its speech."""

    audio: bytes
    start: float
    """Seconds of the speech before this piece."""
    first: int
    """Index of the first character that begins to sound in this piece…"""
    last: int
    """…and one past the last."""


def pieces(speech: Speech, encoder: Encoder, *, finish: bool = True) -> Iterator[Piece]:
    """Encode `speech` piece by piece; `finish` when nothing follows on the same encoder.

    An encoder may hold audio back: then a piece begins where the held-back audio does. Only the
    last piece may be without audio: nothing sounds, or the encoder holds it for what follows.
    """
    step = int(speech.rate * PIECE) * 2
    count = max(1, math.ceil(len(speech.pcm) / step))
    start, first = 0.0, 0
    for index in range(count):
        audio = encoder.feed(speech.pcm[index * step : (index + 1) * step])
        final = index == count - 1
        if final and finish:
            audio += encoder.finish()
        end = (index + 1) * step / 2 / speech.rate
        last = first
        while last < len(speech.text) and (final or speech.starts[last] < end):
            last += 1
        if audio or final:
            yield Piece(audio, start, first, last)
            start, first = end, last


class Pace:
    """When audio may leave: generations of one voice follow each other, each on the profile."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._profile: Profile
        self._begun = -math.inf
        self._free = -math.inf

    def begin(self, profile: Profile, at: float) -> None:
        """A generation was asked for at `at`; its first audio is due when its model's is.

        If the one before is still being made then, it follows on without a gap.
        """
        self._profile = profile
        self._begun = max(at, self._free - profile.tts_first_chunk(self._model_id))

    async def wait(self, sent: float) -> None:
        """Wait until audio that follows `sent` seconds of this generation is due."""
        await wait_until(self.due(sent))
        await asyncio.sleep(0)  # without a delay, other connections want a turn as well

    def end(self, sent: float) -> None:
        """The generation is over, and was `sent` seconds long."""
        self._free = self.due(sent)

    def due(self, sent: float) -> float:
        """When audio that follows `sent` seconds of this generation may leave."""
        return self._begun + self._profile.audio_due(self._model_id, sent)


def alignment_ms(speech: Speech, first: int, last: int, zero: float) -> dict[str, list[Any]]:
    """The sockets' alignment: whole milliseconds after `zero`, and durations."""
    starts = [_ms(start - zero) for start in speech.starts[first:last]]
    ends = [_ms(end - zero) for end in speech.ends[first:last]]
    return {
        "chars": list(speech.text[first:last]),
        "charStartTimesMs": starts,
        "charDurationsMs": [end - start for start, end in zip(starts, ends, strict=True)],
    }


def alignment_seconds(speech: Speech, first: int, last: int, offset: float) -> dict[str, list[Any]]:
    """REST's alignment: seconds from the beginning of the request's audio, and ends."""
    return {
        "characters": list(speech.text[first:last]),
        "character_start_times_seconds": [
            round(offset + start, 3) for start in speech.starts[first:last]
        ],
        "character_end_times_seconds": [round(offset + end, 3) for end in speech.ends[first:last]],
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
