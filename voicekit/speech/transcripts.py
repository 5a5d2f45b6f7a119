"""What realtime transcription says, message by message, read. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from voicekit.errors import TranscriptionError


@dataclass(frozen=True)
class Word:
    """One word, and when it was spoken, in seconds of the sound."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Partial:
    """The whole text since the last commit, as it seems so far; the next one may be another."""

    text: str


@dataclass(frozen=True)
class Committed:
    """Text that will not change, with its words. It is empty when nothing was said."""

    text: str
    words: tuple[Word, ...] = ()
    language: str | None = None


@dataclass(frozen=True)
class Problem:
    """The vendor's word for what is wrong, and its sentence. If it hangs up, an error follows."""

    reason: str
    text: str


Event = Partial | Committed | Problem


def read(frame: str | bytes) -> Event | None:
    """Read one message of the vendor's; None for one that says nothing of interest.

    Raises:
        TranscriptionError: it is no message of this vendor's.
    """
    try:
        message = json.loads(frame)
        kind = message["message_type"]
        if isinstance(message.get("error"), str):
            return Problem(kind, message["error"])
        if kind == "warning":
            return Problem(kind, str(message["warning"]))
        if kind == "partial_transcript":
            return Partial(str(message["text"]))
        if kind != "committed_transcript_with_timestamps":  # the plain one has the same text
            return None
        words = tuple(
            Word(word["text"], float(word["start"]), float(word["end"]))
            for word in message.get("words") or ()
            if word.get("type") != "spacing"
        )
        return Committed(str(message["text"]), words, message.get("language_code"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TranscriptionError("The vendor sent a message that cannot be read.") from None
